package faults_test

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/test/producttest"
)

const (
	chaosSource = "/chaos"
	chaosKey    = "a key of the chaos test, 32 bytes"
)

// listen deploys the models with events and jobs and registers the event source, once.
func (f *fixture) listen() {
	f.t.Helper()
	if f.listens {
		return
	}
	f.listens = true
	for _, name := range []string{"chaos.bpmn", "pay.bpmn"} {
		content, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.t.Fatal(err)
		}
		if a, err := f.as("zhouming").Deploy("events", producttest.File{Name: name, Content: content}); err != nil || a.Status != http.StatusCreated {
			f.t.Fatalf("deploy: %v %d %s", err, a.Status, a.Body)
		}
	}
	var types []string
	var mappings []any
	for _, verb := range []string{"begin", "note", "go"} {
		types = append(types, "chaos."+verb)
		mappings = append(mappings, map[string]any{"type": "chaos." + verb, "message": "chaos-" + verb, "businessKey": "${event.businesskey}"})
	}
	source := map[string]any{"source": chaosSource, "types": types, "keyId": "k", "key": chaosKey, "mappings": mappings}
	if a, err := f.as("admin").Send(http.MethodPost, "/api/v1/event-sources", source); err != nil || a.Status != http.StatusCreated {
		f.t.Fatalf("event source: %v %d %s", err, a.Status, a.Body)
	}
}

func chaosEventOf(verb, id, businessKey string) event.Event {
	e := event.New()
	e.SetID(id)
	e.SetSource(chaosSource)
	e.SetType("chaos." + verb)
	e.SetExtension("businesskey", businessKey)
	cloudevent.Sign(&e, "k", []byte(chaosKey), time.Now())
	return e
}

// eventOf is the delivery of an event in structured mode.
func eventOf(t *testing.T, e event.Event) request {
	t.Helper()
	raw, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return request{path: "/api/v1/events", body: raw, kind: event.ApplicationCloudEventsJSON, status: http.StatusAccepted}
}

// jobOf is the completion of a job by the worker that has fetched it.
func (f *fixture) jobOf(businessKey, key string) request {
	f.t.Helper()
	return f.workOf("pay", businessKey, key, "complete", map[string]any{"variables": map[string]any{"paid": true}})
}

// workOf starts an instance of a process with a job and returns what the worker says who has fetched it.
func (f *fixture) workOf(process, businessKey, key, verb string, body map[string]any) request {
	f.t.Helper()
	f.begin(process, businessKey)
	fetched, err := f.as("wuqiang").Send(http.MethodPost, "/api/v1/jobs:fetch", map[string]any{
		"workerId": "w", "topics": []any{map[string]any{"name": businessKey, "lockSeconds": 60}},
	})
	var list struct {
		Items []struct {
			ID engine.ID `json:"id"`
		} `json:"items"`
	}
	if err != nil || json.Unmarshal(fetched.Body, &list) != nil || len(list.Items) != 1 {
		f.t.Fatalf("fetch: %v %d %s\n%s", err, fetched.Status, fetched.Body, strings.Join(f.process.Logged(`"level":"ERROR"`), "\n"))
	}
	body["workerId"] = "w"
	return request{user: "wuqiang", path: "/api/v1/jobs/" + list.Items[0].ID.String() + "/" + verb, key: key, status: http.StatusOK, body: body}
}
