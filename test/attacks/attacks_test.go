package attacks

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/test/producttest"
)

// corpus is every class of attacks; the tables are in files by subject.
var corpus = []class{
	userEnumeration, // first: failures of others would bring on the limit for all
	sqlInjection, crossSite, headerInjection, pathTraversal, requestForgery, forgedTargets, xmlAttacks, bodyBombs, expressionEscapes, literalValues,
	forgedTokens, sessionAttacks, crossSiteRequests, massAssignment, objectAccess, privilegeEscalation, smuggling, methodOverride, hostPoisoning,
	idempotencyTheft, forgedEvents, wildcardBombs, pagingAbuse, confusableNames, logInjection, foreignOrigins, camundaQueries,
}

// The least that the corpus holds.
const (
	leastCases   = 500
	leastClasses = 15
)

// TestAttacks sends every attack to the product, which must hold, and to the twin of its class, where the same
// judge must find something.
func TestAttacks(t *testing.T) {
	t.Parallel()
	r := openRig(t)
	r.furnish()
	cases, failed := 0, 0
	for _, c := range corpus {
		t.Run(c.name, func(t *testing.T) {
			own := *r
			own.T = t
			all := c.attacks(&own)
			twin := &target{&own, c.twin(&own)}
			caught := 0
			for _, a := range all {
				if found := a.run(own.product()); found != "" {
					failed++
					t.Errorf("%s: %s", a.name, found)
				}
				if a.run(twin) != "" {
					caught++
				}
			}
			cases += len(all)
			if caught == 0 {
				t.Errorf("of %d attacks the judge sees none succeed against a twin with the hole", len(all))
			}
			t.Logf("%s: cases=%d caught=%d in the twin", c.name, len(all), caught)
		})
	}
	if cases < leastCases || len(corpus) < leastClasses {
		t.Errorf("%d cases in %d classes", cases, len(corpus))
	}
	r.logIsClean(t)
	t.Logf("attacks: cases=%d classes=%d failed=%d", cases, len(corpus), failed)
}

// logIsClean holds that whatever was sent the log has a JSON object a line, and no panic.
func (r *rig) logIsClean(t *testing.T) {
	t.Helper()
	for _, line := range r.process.Logged("") {
		var entry object
		if line != "" && json.Unmarshal([]byte(line), &entry) != nil {
			t.Errorf("the log has a line that is not JSON: %.300s", line)
		}
	}
	if lines := r.process.Logged("panic"); len(lines) > 0 {
		t.Errorf("panics: %.2000s", strings.Join(lines, "\n"))
	}
}

const model = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="attacks">
<process id="prey" name="prey" isExecutable="true"><startEvent id="s" camunda:initiator="starter"/><sequenceFlow id="a" sourceRef="s" targetRef="u"/>
<userTask id="u" name="approve" camunda:assignee="wangfang"/><sequenceFlow id="b" sourceRef="u" targetRef="e"/><endEvent id="e"/></process></definitions>`

// furnish makes things that belong to wangfang, zhangwei or admin; lina and sunqi have nothing to do with them.
func (r *rig) furnish() {
	t := r.product()
	client := producttest.NewClient(r.process.URL, callLimit).With(r.tokens["zhouming"])
	deployed, err := client.Deploy("attacks", producttest.File{Name: "prey.bpmn", Content: []byte(model)})
	if err != nil || deployed.Status >= 300 {
		r.Fatalf("%v: %s", err, deployed.Body)
	}
	started := t.must("zhangwei", "POST", "/api/v1/processes/prey/start", object{"businessKey": "prey", "variables": object{"salary": 4711}})
	r.ids["instances"], r.ids["tasks"] = at(started, "instance.id"), at(started, "tasks.0.id")
	from, to := time.Now().UTC().Format(time.RFC3339), time.Now().Add(48*time.Hour).UTC().Format(time.RFC3339)
	for path, body := range map[string]object{
		"drafts":        {"name": "d", "processKey": "prey", "values": object{"a": 1}},
		"templates":     {"name": "t", "processKey": "prey", "values": object{"a": 1}},
		"delegations":   {"substitute": "zhaolei", "from": from, "to": to},
		"api-tokens":    {"name": "n", "permissions": []string{"WORKFLOW_START"}, "expiresAt": nil},
		"filters":       {"list": "tasks", "name": "prey", "parameters": object{}},
		"groups":        {"key": "prey", "name": "prey"},
		"roles":         {"code": "PREY", "name": "prey", "permissions": []string{"WORKFLOW_START"}},
		"permissions":   {"code": "PREY_X", "name": "prey"},
		"departments":   {"code": "prey", "name": "prey"},
		"channels":      {"name": "prey", "kind": "webhook", "url": "https://prey.example/hooks", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "types": []string{"task.urged"}},
		"event-sources": {"source": eventSource, "types": []string{"com.example.prey.v1"}, "keyId": "k1", "key": eventKey, "mappings": []object{{"type": "com.example.prey.v1", "message": "prey"}}},
		"users":         {"username": "prey", "password": demoPassword, "displayName": "prey", "mustChangePassword": false, "roles": []string{"EMPLOYEE"}},
		"categories":    {"code": "prey", "name": "prey"},
	} {
		who := "admin"
		if personal[path] {
			who = "wangfang"
		}
		r.ids[path] = at(t.must(who, "POST", "/api/v1/"+path, body), "id")
	}
	r.ids["files"] = at(t.must("wangfang", "POST", "/api/v1/files", upload, "Content-Type", "multipart/form-data; boundary=b"), "id")
	r.ids["sessions"] = at(t.must("wangfang", "GET", "/api/v1/sessions", nil), "items.0.id")
}

// at follows a path of names and indexes, such as tasks.0.id, into an answer.
func at(a producttest.Answer, path string) string {
	var v any
	_ = json.Unmarshal(a.Body, &v) // what is not there is ""
	for step := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case object:
			v = in[step]
		case []any:
			var i int
			if _, err := fmt.Sscan(step, &i); err != nil || i >= len(in) {
				return ""
			}
			v = in[i]
		}
	}
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// items are the rows of a list.
func items(a producttest.Answer) []any {
	var page struct {
		Items []any `json:"items"`
	}
	_ = json.Unmarshal(a.Body, &page) // a refusal has none
	return page.Items
}
