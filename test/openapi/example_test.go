package openapi

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"sigs.k8s.io/yaml"
)

// rewriteExamples has what the product answers recorded for openapi.yaml; `make gen` puts it there.
var rewriteExamples = flag.Bool("rewrite-examples", false, "record the examples of openapi.yaml anew")

const examplesFile = "testdata/examples.json"

// example is one exchange of an operation, as JSON.
type example struct {
	Request json.RawMessage `json:"request,omitempty"`
	Answer  json.RawMessage `json:"answer,omitempty"`
}

// remember keeps the exchange that shows most, with its lists cut.
func (c *contract) remember(name string, r *http.Request, body []byte, response *http.Response, answer []byte) {
	var e example
	if r.Header.Get("Content-Type") == "application/json" {
		e.Request = body
	}
	if response.Header.Get("Content-Type") == "application/json" {
		e.Answer = answer
	}
	old := c.examples[name]
	e.Request, e.Answer = short(e.Request), short(e.Answer)
	if len(e.Request)+len(e.Answer) > len(old.Request)+len(old.Answer) {
		c.examples[name] = e
	}
}

// short is JSON whose lists have at most two items each.
func short(text json.RawMessage) json.RawMessage {
	var v any
	if len(text) == 0 || json.Unmarshal(text, &v) != nil {
		return nil
	}
	raw, err := json.Marshal(cut(v))
	if err != nil {
		return nil
	}
	return raw
}

func cut(v any) any {
	switch in := v.(type) {
	case map[string]any:
		for name := range in {
			in[name] = cut(in[name])
		}
	case []any:
		in = in[:min(len(in), 2)]
		for i := range in {
			in[i] = cut(in[i])
		}
		return in
	}
	return v
}

var (
	anID    = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	aBackup = regexp.MustCompile(`20\d{6}T\d{6}\.\d{3}Z-[0-9a-f]{8}`)
	aTime   = regexp.MustCompile(`"20\d\d-\d\d-\d\dT[0-9:.]+Z"`)
	aToken  = regexp.MustCompile(`"accessToken": ?"[^"]*"`)
	aCursor = regexp.MustCompile(`("(?:next|prev)Cursor"): ?"[^"]*"`)
)

// record writes the examples, with ids, times and tokens that look alike each time.
func (c *contract) record() error {
	text, err := json.MarshalIndent(c.examples, "", "  ")
	if err != nil {
		return err
	}
	ids := map[string]string{}
	text = anID.ReplaceAllFunc(text, func(id []byte) []byte {
		if ids[string(id)] == "" {
			ids[string(id)] = fmt.Sprintf("019a9cf3-5b5e-7000-8000-%012x", len(ids)+1)
		}
		return []byte(ids[string(id)])
	})
	text = aBackup.ReplaceAll(text, []byte("20260302T020000.000Z-1a2b3c4d"))
	text = aTime.ReplaceAll(text, []byte(`"2026-03-02T09:00:00Z"`))
	text = aToken.ReplaceAll(text, []byte(`"accessToken": "eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl"`))
	text = aCursor.ReplaceAll(text, []byte(`$1: "eyJzIjoiIiwiayI6WyIxIl19"`))
	return os.WriteFile(examplesFile, append(text, '\n'), 0o600)
}

// faults lists the operations of a document whose JSON has no example, and the examples that are not what
// their schemas say.
func faults(text []byte) ([]string, error) {
	raw, err := yaml.YAMLToJSON(text)
	if err != nil {
		return nil, err
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("urn:openapi", document); err != nil {
		return nil, err
	}
	var list []string
	err = walk(document, "urn:openapi#", func(at string, media map[string]any) error {
		shown, has := media["example"]
		if !has {
			list = append(list, at+": there is no example")
			return nil
		}
		schema, err := compiler.Compile(at + "/schema")
		if err != nil {
			return err
		}
		if err := schema.Validate(shown); err != nil {
			list = append(list, fmt.Sprintf("%s: %v", at, err))
		}
		return nil
	})
	return list, err
}

// walk visits the JSON bodies and answers of all operations with their places.
func walk(v any, at string, visit func(string, map[string]any) error) error {
	in, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	for name, value := range in {
		if name == "components" || name == "schema" || name == "example" {
			continue
		}
		here := at + "/" + strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(name)
		media, _ := value.(map[string]any)
		schema, _ := media["schema"].(map[string]any)
		if name == "application/json" && schema["$ref"] != nil { // a CloudEvent's data may be anything
			if err := visit(here, media); err != nil {
				return err
			}
		}
		if err := walk(value, here, visit); err != nil {
			return err
		}
	}
	return nil
}

// TestExamples: each JSON body and answer of openapi.yaml has an example, which is valid.
func TestExamples(t *testing.T) {
	t.Parallel()
	list, err := faults(document(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		t.Errorf("%s (go test -run TestProduct -rewrite-examples, then make gen)", f)
	}
	spoilt := regexp.MustCompile(`(example:\n +)count: `).ReplaceAll(document(t), []byte("${1}number: "))
	if list, err := faults(spoilt); err != nil || len(list) != 3 { // unread-count, read-all and replay
		t.Errorf("a planted example that is not valid: %q %v", list, err)
	}
}
