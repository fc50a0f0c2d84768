package manifest

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/faas"
)

// blocks returns the code blocks of a language that follow a heading of a document.
func blocks(document, heading, language string) []string {
	var list []string
	var block *strings.Builder
	under, kind := false, ""
	for line := range strings.Lines(document) {
		fence, opens := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case block == nil && strings.HasPrefix(line, "#"):
			under = strings.TrimSpace(line) == heading
		case opens && block == nil:
			block, kind = &strings.Builder{}, fence
		case opens && under && kind == language:
			list = append(list, block.String())
			block = nil
		case opens:
			block = nil
		case block != nil:
			block.WriteString(line)
		}
	}
	return list
}

func compile(t *testing.T, text string) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("urn:schema", document); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("urn:schema")
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return schema
}

// TestEventExamples: in docs/events.md each example is valid by the schemas beside it, and they are not
// so wide that a wrong one would be.
func TestEventExamples(t *testing.T) {
	t.Parallel()
	document := string(generate(t)["docs/events.md"])
	envelope := compile(t, blocks(document, "# Events", "json")[0])
	for _, d := range cloudevent.Catalogue() {
		found := blocks(document, "### "+d.Type, "json")
		if len(found) != 2 {
			t.Fatalf("%s has %d blocks", d.Type, len(found))
		}
		data := compile(t, found[0])
		var example map[string]any
		if err := json.Unmarshal([]byte(found[1]), &example); err != nil {
			t.Fatal(err)
		}
		if example["type"] != d.Type {
			t.Errorf("%s: the example is %v", d.Type, example["type"])
		}
		if err := envelope.Validate(example); err != nil {
			t.Errorf("%s: %v", d.Type, err)
		}
		payload := example["data"].(map[string]any)
		if err := data.Validate(payload); err != nil {
			t.Errorf("%s: %v", d.Type, err)
		}
		for name, value := range payload {
			payload[name] = map[string]any{}
			if _, object := value.(map[string]any); object {
				payload[name] = 1.0
			}
			if data.Validate(payload) == nil {
				t.Errorf("%s: %s may be anything", d.Type, name)
			}
			payload[name] = value
		}
		delete(example, "subject")
		if envelope.Validate(example) == nil {
			t.Errorf("%s: valid without a subject", d.Type)
		}
	}
}

// TestSignatureExample: the worked example of docs/events.md is good in both modes, and its registration
// is JSON.
func TestSignatureExample(t *testing.T) {
	t.Parallel()
	document := string(generate(t)["docs/events.md"])
	var registration struct{ KeyID, Key string }
	if err := json.Unmarshal([]byte(blocks(document, "## Sending events to the product", "json")[0]), &registration); err != nil {
		t.Fatal(err)
	}
	structured, plain := blocks(document, "### The signature", "json"), blocks(document, "### The signature", "")
	if len(structured) != 1 || len(plain) != 2 {
		t.Fatalf("%d and %d blocks", len(structured), len(plain))
	}
	head, body, _ := strings.Cut(plain[1], "\n\n")
	_, head, _ = strings.Cut(head, "\n") // the request line
	header, err := textproto.NewReader(bufio.NewReader(strings.NewReader(head + "\n\n"))).ReadMIMEHeader()
	if err != nil {
		t.Fatal(err)
	}
	for mode, request := range map[string]struct {
		header http.Header
		body   string
	}{
		"structured": {http.Header{"Content-Type": {"application/cloudevents+json"}}, structured[0]},
		"binary":     {http.Header(header), strings.TrimSuffix(body, "\n")},
	} {
		list, _, err := cloudevent.Read(request.header, []byte(request.body))
		if err != nil {
			t.Fatalf("%s: %v", mode, err)
		}
		key := func(id string) []byte {
			if id != registration.KeyID {
				return nil
			}
			return []byte(registration.Key)
		}
		if err := list[0].Verify(key, time.Date(2026, 3, 2, 9, 1, 0, 0, time.UTC)); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
		if d := cmp.Diff(cloudevent.SignedText(list[0].Event), strings.TrimSuffix(plain[0], "\n")); d != "" {
			t.Errorf("%s: %s", mode, d)
		}
	}
}

func TestConsumersFile(t *testing.T) {
	t.Parallel()
	functions := []faas.Function{
		{Name: "notify", Events: []faas.Event{{Type: "b"}, {Type: "a"}}},
		{Name: "advance-token", Events: []faas.Event{{Type: "b"}}},
		{Name: "tasks", Routes: []faas.Route{{Method: "GET", Pattern: "/tasks", Permission: access.Public, Serve: serve}}},
	}
	want := `// Code generated from functions/*/handler.go by ` + "`make gen`" + `; DO NOT EDIT.

package receiveevent

// consumers are the functions that take our own events, by the events' types.
var consumers = map[string][]string{
	"a": {"notify"},
	"b": {"advance-token", "notify"},
}
`
	if d := cmp.Diff(want, string(ConsumersFile(functions))); d != "" {
		t.Error(d)
	}
}
