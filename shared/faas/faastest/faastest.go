// Package faastest runs one table of calls against a function in each way that it is served: through
// its OpenFaaS Handle, through an HTTP server, and, for calls that are CloudEvents, in binary and in
// structured mode through both.
package faastest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	handler "github.com/openfaas/templates-sdk/go-http"

	"diom.io/workflow/shared/faas"
)

// Suite is the function under test in an App of the test's own.
type Suite struct {
	App      *faas.App
	Function faas.Function
	Handle   func(handler.Request) (handler.Response, error)
	// Sign signs a request to an internal route or an event; nil leaves requests unsigned.
	Sign func(r *http.Request, body []byte) error
}

// Call is one request and what is expected of the answer.
type Call struct {
	Name   string
	Method string // POST where Event is set
	Path   string // with its query; /events where Event is set
	Header map[string]string
	Body   string
	// Event makes the call a CloudEvent of this type with Body as its data.
	Event  string
	Status int
	Code   string // code of the problem document; "" is not compared
	JSON   string // a subset of the answer: objects may have more fields, arrays must be as long
	// Prepare runs before each way, to make what the call uses up.
	Prepare func(t *testing.T, c *Call)
	// Check looks at the rest of the answer.
	Check func(t *testing.T, a Answer)
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// way sends a request in one of the ways a function is served.
type way struct {
	name string
	send func(*http.Request, []byte) (Answer, error)
}

// Run makes every call in every way.
func (s Suite) Run(t *testing.T, calls []Call) {
	t.Helper()
	server := httptest.NewServer(faas.Handler(s.App, s.Function))
	t.Cleanup(server.Close)
	ways := []way{{"handle", s.viaHandle}, {"server", viaServer(server)}}
	for _, c := range calls {
		modes := []string{""}
		if c.Event != "" {
			modes = []string{"binary", "structured"}
		}
		for _, w := range ways {
			for _, mode := range modes {
				t.Run(strings.Join([]string{c.Name, w.name, mode}, "/"), func(t *testing.T) { s.one(t, c, w, mode) })
			}
		}
	}
}

func (s Suite) one(t *testing.T, c Call, w way, mode string) {
	t.Helper()
	c.Header = maps.Clone(c.Header)
	if c.Prepare != nil {
		c.Prepare(t, &c)
	}
	request, body, err := c.request(t, mode)
	if err == nil && s.Sign != nil {
		err = s.Sign(request, body)
	}
	if err != nil {
		t.Fatal(err)
	}
	answer, err := w.send(request, body)
	if err != nil {
		t.Fatal(err)
	}
	c.compare(t, answer)
	if c.Check != nil {
		c.Check(t, answer)
	}
}

func (c Call) request(t *testing.T, mode string) (*http.Request, []byte, error) {
	method, path, body := c.Method, c.Path, []byte(c.Body)
	header := http.Header{}
	if len(body) > 0 {
		header.Set("Content-Type", "application/json")
	}
	if mode != "" {
		method, path = http.MethodPost, "/events"
		body = c.event(header, mode, t.Name())
	}
	for name, value := range c.Header {
		header.Set(name, value)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, "http://function.test"+path, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	request.Header = header
	return request, body, nil
}

// event puts the call into a CloudEvent and returns the body.
func (c Call) event(header http.Header, mode, id string) []byte {
	if mode == "binary" {
		for name, value := range map[string]string{"specversion": "1.0", "id": id, "source": "/diom/test", "type": c.Event} {
			header.Set("Ce-"+name, value)
		}
		return []byte(c.Body)
	}
	header.Set("Content-Type", "application/cloudevents+json")
	data := c.Body
	if data == "" {
		data = "null"
	}
	return fmt.Appendf(nil, `{"specversion":"1.0","id":%q,"source":"/diom/test","type":%q,"datacontenttype":"application/json","data":%s}`, id, c.Event, data)
}

func (s Suite) viaHandle(r *http.Request, body []byte) (Answer, error) {
	ctx := faas.WithApp(faas.WithPath(r.Context(), r.URL.EscapedPath(), r.Host, "127.0.0.1:1"), s.App)
	req := handler.Request{Body: body, Header: r.Header, QueryString: r.URL.RawQuery, Method: r.Method, Host: r.Host}
	req.WithContext(ctx)
	response, err := s.Handle(req)
	return Answer{response.StatusCode, response.Header, response.Body}, err
}

func viaServer(server *httptest.Server) func(*http.Request, []byte) (Answer, error) {
	return func(r *http.Request, body []byte) (Answer, error) {
		target, err := url.Parse(server.URL)
		if err != nil {
			return Answer{}, err
		}
		r = r.Clone(context.WithoutCancel(r.Context()))
		r.URL.Host, r.Body = target.Host, io.NopCloser(bytes.NewReader(body))
		response, err := server.Client().Do(r)
		if err != nil {
			return Answer{}, err
		}
		defer func() { _ = response.Body.Close() }()
		content, err := io.ReadAll(response.Body)
		return Answer{response.StatusCode, response.Header, content}, err
	}
}

func (c Call) compare(t *testing.T, a Answer) {
	t.Helper()
	if a.Status != c.Status {
		t.Fatalf("status %d, want %d: %s", a.Status, c.Status, a.Body)
	}
	if c.Code != "" {
		var p faas.Problem
		if err := json.Unmarshal(a.Body, &p); err != nil || p.Code != c.Code {
			t.Errorf("code %q (%v), want %q: %s", p.Code, err, c.Code, a.Body)
		}
		if got := a.Header.Get("Content-Type"); got != "application/problem+json" {
			t.Errorf("Content-Type %q", got)
		}
	}
	if c.JSON != "" {
		Subset(t, c.JSON, a.Body)
	}
}

// Subset fails the test unless got has at least what want has: objects may have more fields, arrays
// must be as long.
func Subset(t *testing.T, want string, got []byte) {
	t.Helper()
	var w, g any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatalf("the expected JSON: %v", err)
	}
	if err := json.Unmarshal(got, &g); err != nil {
		t.Fatalf("the answer is not JSON: %v: %s", err, got)
	}
	if at := differs("", w, g); at != "" {
		t.Errorf("%s in %s, want %s", at, got, want)
	}
}

// differs returns where got lacks something of want, or "".
func differs(at string, want, got any) string {
	switch w := want.(type) {
	case map[string]any:
		return objectDiffers(at, w, got)
	case []any:
		return arrayDiffers(at, w, got)
	}
	if want != got {
		return fmt.Sprintf("%s: %v instead of %v", at, got, want)
	}
	return ""
}

func objectDiffers(at string, want map[string]any, got any) string {
	g, ok := got.(map[string]any)
	if !ok {
		return at + ": no object"
	}
	for name, value := range want {
		inner, present := g[name]
		if !present {
			return at + "/" + name + ": missing"
		}
		if d := differs(at+"/"+name, value, inner); d != "" {
			return d
		}
	}
	return ""
}

func arrayDiffers(at string, want []any, got any) string {
	g, ok := got.([]any)
	if !ok || len(g) != len(want) {
		return at + ": no array of the same length"
	}
	for i := range want {
		if d := differs(fmt.Sprintf("%s/%d", at, i), want[i], g[i]); d != "" {
			return d
		}
	}
	return ""
}
