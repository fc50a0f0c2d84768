package openapi

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	"github.com/pb33f/libopenapi-validator/errors"
	"github.com/pb33f/libopenapi/datamodel"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"sigs.k8s.io/yaml"
)

// contract validates what goes over the wire by a document, and counts what was sent. As an
// http.RoundTripper it stands between a client and the product.
type contract struct {
	model     *v3.Document
	validator validator.Validator
	routes    *http.ServeMux // one pattern for each operation

	mutex    sync.Mutex
	sent     map[string][]int // operation → the statuses that it answered with
	taken    map[string]exchange
	examples map[string]example
	breaches []string
}

// exchange is a request that the product took.
type exchange struct {
	request *http.Request
	body    []byte
}

// newContract reads a document; one that is no OpenAPI 3.1 is an error.
func newContract(text []byte) (*contract, error) {
	// A list that may be empty ends the circle of a tree.
	document, err := libopenapi.NewDocumentWithConfiguration(text, &datamodel.DocumentConfiguration{IgnoreArrayCircularReferences: true})
	if err != nil {
		return nil, err
	}
	model, err := document.BuildV3Model()
	if err != nil {
		return nil, err
	}
	v, failures := validator.NewValidator(document, config.WithFormatAssertions(), config.WithRejectUndeclaredRequestBody())
	if len(failures) > 0 {
		return nil, failures[0]
	}
	if valid, found := v.ValidateDocument(); !valid {
		return nil, fmt.Errorf("the document is not valid: %s", explain(found))
	}
	if document.GetVersion() != "3.1.0" || model.Model.Paths == nil {
		return nil, fmt.Errorf("OpenAPI %s without paths or of another version", document.GetVersion())
	}
	if err := compile(text); err != nil {
		return nil, err
	}
	c := &contract{model: &model.Model, validator: v, routes: http.NewServeMux(), sent: map[string][]int{}, taken: map[string]exchange{}, examples: map[string]example{}}
	for _, name := range c.operations() {
		c.routes.Handle(name, http.NotFoundHandler())
	}
	return c, nil
}

// compile holds that every component is a JSON Schema (2020-12), which the validation of the document leaves
// open.
func compile(text []byte) error {
	raw, err := yaml.YAMLToJSON(text)
	if err != nil {
		return err
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("urn:openapi", document); err != nil {
		return err
	}
	components, _ := document.(map[string]any)["components"].(map[string]any)
	schemas, _ := components["schemas"].(map[string]any)
	for name := range schemas {
		if _, err := compiler.Compile("urn:openapi#/components/schemas/" + name); err != nil {
			return err
		}
	}
	return nil
}

// operations are the methods and paths of the document, as net/http's ServeMux writes them.
func (c *contract) operations() []string {
	var list []string
	for path, item := range c.model.Paths.PathItems.FromOldest() {
		if path == "/" {
			path = "/{$}"
		}
		for method := range item.GetOperations().FromOldest() {
			list = append(list, strings.ToUpper(method)+" "+path)
		}
	}
	return list
}

// operation is the operation that a request is for, or nil.
func (c *contract) operation(name string) *v3.Operation {
	method, path, _ := strings.Cut(name, " ")
	item := c.model.Paths.PathItems.GetOrZero(strings.TrimSuffix(path, "{$}"))
	if item == nil {
		return nil
	}
	return item.GetOperations().GetOrZero(strings.ToLower(method))
}

// RoundTrip sends a request and validates the exchange.
func (c *contract) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(answer))
	c.check(r, body, response, answer)
	return response, nil
}

// check validates an exchange. A request that the product refuses may be as wrong as it likes; what it takes
// must be what the document allows.
func (c *contract) check(r *http.Request, body []byte, response *http.Response, answer []byte) {
	_, name := c.routes.Handler(r)
	if name == "" {
		c.breach("%s %s is no operation of the document", r.Method, r.URL.Path)
		return
	}
	c.mutex.Lock()
	c.sent[name] = append(c.sent[name], response.StatusCode)
	if response.StatusCode < http.StatusBadRequest {
		c.taken[name] = exchange{r, body}
		c.remember(name, r, body, response, answer)
	}
	c.mutex.Unlock()
	at := fmt.Sprintf("%s: %s %s: %d", name, r.Method, r.URL, response.StatusCode)
	if response.StatusCode < http.StatusBadRequest {
		request := r.Clone(r.Context())
		request.Body = io.NopCloser(bytes.NewReader(body))
		if valid, found := c.validator.ValidateHttpRequestSync(request); !valid {
			c.breach("%s: the request: %s: %.500s", at, explain(found), body)
		}
	}
	shown := *response
	shown.Body = io.NopCloser(bytes.NewReader(answer))
	if valid, found := c.validator.ValidateHttpResponse(r, &shown); !valid {
		c.breach("%s: the answer: %s: %.1000s", at, explain(found), answer)
	}
	c.headers(at, c.operation(name), response)
}

// announced are the headers that an answer has only where the document says so.
var announced = []string{"ETag", "Idempotency-Replayed", "Retry-After", "WWW-Authenticate"}

// headers holds that an answer has no announced header that its operation does not announce, and a version
// wherever one is. A repeated answer is the body of the first one, without its headers.
func (c *contract) headers(at string, o *v3.Operation, response *http.Response) {
	declared := o.Responses.Codes.GetOrZero(fmt.Sprint(response.StatusCode))
	if declared == nil {
		return // a breach already
	}
	for _, name := range announced {
		known := declared.Headers != nil && declared.Headers.GetOrZero(name) != nil
		switch has := response.Header.Get(name) != ""; {
		case has && !known:
			c.breach("%s: the header %s is not in the document", at, name)
		case !has && known && name == "ETag" && response.Header.Get("Idempotency-Replayed") == "":
			c.breach("%s: there is no header %s", at, name)
		}
	}
}

func (c *contract) breach(format string, arguments ...any) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.breaches = append(c.breaches, fmt.Sprintf(format, arguments...))
}

// judge fails the test with every breach.
func (c *contract) judge(t *testing.T) {
	t.Helper()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, b := range c.breaches {
		t.Error(b)
	}
}

// unsent lists the operations that were never sent, never taken, or never refused. What takes nothing cannot
// be refused.
func (c *contract) unsent() []string {
	var list []string
	for _, name := range c.operations() {
		statuses := c.sent[name]
		o := c.operation(name)
		refusable := len(o.Security) > 0 || len(o.Parameters) > 0 || o.RequestBody != nil
		switch {
		case len(statuses) == 0:
			list = append(list, name+" was never sent")
		case !slices.ContainsFunc(statuses, func(s int) bool { return s < http.StatusBadRequest }):
			list = append(list, fmt.Sprintf("%s never succeeded: %v", name, statuses))
		case refusable && name != "GET /{$}" && name != "GET /openapi.yaml" && name != "GET /asyncapi.yaml" && !slices.ContainsFunc(statuses, func(s int) bool { return s >= http.StatusBadRequest }):
			list = append(list, name+" was never refused")
		}
	}
	return list
}

// explain puts what the validator found on one line.
func explain(found []*errors.ValidationError) string {
	var list []string
	for _, e := range found {
		text := e.Message + ": " + e.Reason
		for _, s := range e.SchemaValidationErrors {
			text += fmt.Sprintf(" [%s: %s]", s.FieldPath, s.Reason)
		}
		list = append(list, text)
	}
	return strings.Join(list, "; ")
}
