package openapi

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// sink takes the events that the product sends, and validates each by the schema of its type.
type sink struct {
	*httptest.Server
	mutex    sync.Mutex
	schemas  map[string]*jsonschema.Schema
	seen     map[string]int
	breaches []string
}

func newSink(t *testing.T) *sink {
	t.Helper()
	k := &sink{schemas: map[string]*jsonschema.Schema{}, seen: map[string]int{}}
	k.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err == nil {
			k.take(raw)
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(k.Close)
	return k
}

func (k *sink) take(raw []byte) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	e, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	fields, is := e.(map[string]any)
	if err != nil || !is {
		k.breaches = append(k.breaches, "no event: "+string(raw))
		return
	}
	kind, _ := fields["type"].(string)
	schema, err := k.schema(kind)
	if err == nil {
		err = schema.Validate(e)
	}
	if err != nil {
		k.breaches = append(k.breaches, kind+": "+err.Error()+": "+string(raw))
	}
	k.seen[kind]++
}

// schema is the one that is committed for a type.
func (k *sink) schema(kind string) (*jsonschema.Schema, error) {
	if s := k.schemas[kind]; s != nil {
		return s, nil
	}
	raw, err := os.ReadFile("../../docs/schemas/events/" + kind + ".json")
	if err != nil {
		return nil, err
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("urn:event", document); err != nil {
		return nil, err
	}
	s, err := c.Compile("urn:event")
	k.schemas[kind] = s
	return s, err
}

// judge fails the test with every breach, and where hardly anything came.
func (k *sink) judge(t *testing.T) {
	t.Helper()
	k.mutex.Lock()
	defer k.mutex.Unlock()
	for _, b := range k.breaches {
		t.Error(b)
	}
	if len(k.seen) < 15 {
		t.Errorf("only these types came: %v", k.seen)
	}
}

// An event that is not as its schema says is found.
func TestSinkFinds(t *testing.T) {
	t.Parallel()
	k := newSink(t)
	const head = `{"specversion": "1.0", "id": "i", "source": "/diom/x", "subject": "tasks/1", "time": "2026-03-02T09:00:00Z", "datacontenttype": "application/json", "partitionkey": "019cadc6-9a80-7000-8000-000000000001", `
	k.take([]byte(head + `"type": "io.diom.workflow.task.cancelled.v1", "data": {"instanceId": "x"}}`))
	k.take([]byte(head + `"type": "io.diom.workflow.lunch.v1", "data": {}}`))
	k.take([]byte(`[]`))
	if len(k.breaches) != 3 {
		t.Errorf("%q", k.breaches)
	}
}
