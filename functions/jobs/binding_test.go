package jobs

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/dispatch"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/faas/faastest"
)

func TestTopicBindings(t *testing.T) {
	t.Parallel()
	r := open(t)
	admin, n, id := r.As("admin"), 0, ""
	const path = "/api/v1/topic-bindings"
	keep := func(t *testing.T, a faastest.Answer) {
		t.Helper()
		var made struct{ ID string }
		if err := json.Unmarshal(a.Body, &made); err != nil || strings.Contains(string(a.Body), "a key of sixteen") || a.Header.Get("Etag") != `"1"` {
			t.Errorf("%v: %s %v", err, a.Body, a.Header)
		}
		id = made.ID
	}
	fresh := func(_ *testing.T, c *faastest.Call) {
		n++
		c.Body = strings.ReplaceAll(c.Body, "{n}", fmt.Sprint(n))
	}
	use := func(_ *testing.T, c *faastest.Call) { c.Path = strings.ReplaceAll(c.Path, "{made}", id) }
	bad := func(name, body, pointer, code string) faastest.Call {
		return faastest.Call{
			Name: name, Method: "POST", Path: path, Header: admin, Body: `{"topic": "t", "kind": "url", "target": "https://crm.example/jobs", ` + body + `}`,
			Status: 422, Code: "bad_topic_binding", JSON: fmt.Sprintf(`{"errors": [{"pointer": %q, "code": %q}]}`, pointer, code),
		}
	}
	stale := maps.Clone(admin)
	stale["If-Match"] = `"9"`
	const whole = `{"topic": "t{n}", "kind": "url", "target": "https://crm.example/jobs", "keyId": "k", "key": "a key of sixteen", "headers": [{"name": "X-Key", "secret": "crm"}]}`
	faastest.Suite{App: r.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "bind", Method: "POST", Path: path, Header: admin, Prepare: fresh, Body: whole, Status: 201, Check: keep,
			JSON: `{"kind": "url", "method": "POST", "timeoutSeconds": 10, "resultSeconds": 3600, "retries": 3, "keyId": "k", "enabled": true, "version": 1, "headers": [{"name": "X-Key", "secret": "crm"}]}`},
		{Name: "list", Method: "GET", Path: path + "?limit=1", Header: admin, Status: 200, JSON: `{"items": [{"topic": "t1"}]}`},
		{Name: "list of an operator", Method: "GET", Path: path, Header: r.As("wuqiang"), Status: 403, Code: "forbidden"},
		{Name: "read", Method: "GET", Path: path + "/{made}", Header: admin, Prepare: use, Status: 200, Check: keep},
		{Name: "read unknown", Method: "GET", Path: path + "/" + engine.ID{1}.String(), Header: admin, Status: 404, Code: "topic_binding_not_found"},
		{Name: "bind twice", Method: "POST", Path: path, Header: admin, Body: strings.ReplaceAll(whole, "{n}", "1"), Status: 409, Code: "topic_binding_taken"},
		{Name: "change stale", Method: "PUT", Path: path + "/{made}", Header: stale, Prepare: use, Body: `{}`, Status: 412, Code: "stale"},
		{Name: "change", Method: "PUT", Path: path + "/{made}", Header: admin, Prepare: use, Body: `{"enabled": false, "timeoutSeconds": 5}`, Status: 200, JSON: `{"enabled": false, "timeoutSeconds": 5, "keyId": "k"}`},
		{Name: "change to bad", Method: "PUT", Path: path + "/{made}", Header: admin, Prepare: use, Body: `{"target": "ftp://x"}`, Status: 422, Code: "bad_topic_binding"},
		{Name: "change unknown", Method: "PUT", Path: path + "/" + engine.ID{1}.String(), Header: admin, Body: `{}`, Status: 404},
		{Name: "delete unknown", Method: "DELETE", Path: path + "/" + engine.ID{1}.String(), Header: admin, Status: 404},
		bad("kind", `"kind": "magic"`, "/kind", "bad_kind"),
		bad("topic", `"topic": " t"`, "/topic", "bad_text"),
		bad("target", `"target": "javascript:alert(1)"`, "/target", "bad_url"),
		bad("no built-in", `"kind": "builtin"`, "/target", "unknown_builtin"),
		bad("sink", `"kind": "event", "target": "x"`, "/target", "bad_url"),
		bad("method", `"method": "GET"`, "/method", "bad_method"),
		bad("timeout", `"timeoutSeconds": 31`, "/timeoutSeconds", "out_of_range"),
		bad("result", `"resultSeconds": -1`, "/resultSeconds", "out_of_range"),
		bad("retries", `"retries": 101`, "/retries", "out_of_range"),
		bad("key without an id", `"key": "a key of sixteen"`, "/keyId", "key_and_id"),
		bad("id without a key", `"keyId": "k"`, "/keyId", "key_and_id"),
		bad("short key", `"keyId": "k", "key": "short"`, "/key", "bad_key"),
		bad("header of ours", `"headers": [{"name": "ce-id", "value": "x"}]`, "/headers/0/name", "bad_header"),
		bad("host", `"headers": [{"name": "host", "value": "x"}]`, "/headers/0/name", "bad_header"),
		bad("header of nothing", `"headers": [{"name": "x"}]`, "/headers/0", "value_or_secret"),
		bad("line feed", `"headers": [{"name": "x", "value": "a\nb: c"}]`, "/headers/0/value", "bad_text"),
		bad("secret of ours", `"headers": [{"name": "x", "secret": "diom-jwt-private"}]`, "/headers/0/secret", "bad_secret"),
		bad("secret elsewhere", `"headers": [{"name": "x", "secret": "../key"}]`, "/headers/0/secret", "bad_secret"),
	})
}

// The event of a new job is enough: it is done without waiting for the tick. This one has nobody to tell,
// so that an incident says that it was tried.
func TestCreatedJobsAreDone(t *testing.T) {
	t.Parallel()
	r := open(t)
	r.App.Consume([]faas.Function{Function})
	if _, err := r.App.Dispatch.CreateBinding(t.Context(), dispatch.NewBinding{Topic: "pay", Kind: dispatch.Builtin, Target: "notify"}, nil); err != nil {
		t.Fatal(err)
	}
	id := r.start()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		in, err := r.App.Store.LoadInstance(t.Context(), id)
		if err != nil || time.Now().After(end) {
			t.Fatalf("%+v %v", in, err)
		}
		if len(in.Incidents) == 1 {
			return
		}
	}
}
