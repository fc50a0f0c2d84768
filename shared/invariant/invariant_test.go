package invariant_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/invariant"
	"diom.io/workflow/shared/workflow"
)

// everything has a task with candidates, a job, a timer and a subscription at once; first is another one
// whose timer and message start it.
const everything = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="http://camunda.org/schema/1.0/bpmn" targetNamespace="t"><message id="m" name="paid"/><message id="s" name="begin"/>
<process id="all" isExecutable="true"><startEvent id="start"/><parallelGateway id="fork"/><userTask id="ask" name="问" c:candidateGroups="finance,managers" c:candidateUsers="lina" c:dueDate="PT7H" c:formKey="f" c:priority="7"/>
<serviceTask id="book" c:type="external" c:topic="book"/><intermediateCatchEvent id="wait"><messageEventDefinition messageRef="m"/></intermediateCatchEvent>
<intermediateCatchEvent id="later"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent><userTask id="bad" c:assignee="${nothing}"/>
<sequenceFlow id="f0" sourceRef="start" targetRef="fork"/><sequenceFlow id="f1" sourceRef="fork" targetRef="ask"/><sequenceFlow id="f2" sourceRef="fork" targetRef="book"/>
<sequenceFlow id="f3" sourceRef="fork" targetRef="wait"/><sequenceFlow id="f4" sourceRef="fork" targetRef="later"/><sequenceFlow id="f5" sourceRef="fork" targetRef="bad"/></process>
<process id="first" isExecutable="true"><startEvent id="m1"><messageEventDefinition messageRef="s"/></startEvent>
<startEvent id="t1"><timerEventDefinition><timeCycle>R/PT1H</timeCycle></timerEventDefinition></startEvent><endEvent id="e"/><sequenceFlow id="g1" sourceRef="m1" targetRef="e"/><sequenceFlow id="g2" sourceRef="t1" targetRef="e"/></process></definitions>`

// checked runs a check and returns the rules that were broken, a line each.
func checked(t *testing.T, d *faastest.Demo) (string, invariant.Counts) {
	t.Helper()
	var found strings.Builder
	c := invariant.Checker{Store: d.App.Store, Grace: 1, Progress: func(int, int) {}, Found: func(v invariant.Violation) {
		fmt.Fprintf(&found, "%s %s %s\n", v.Rule, v.InstanceID, v.Detail)
	}}
	counts, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return found.String(), counts
}

// live makes a database in which a little of everything is under way.
func live(t *testing.T) (*faastest.Demo, engine.ID) {
	t.Helper()
	d := faastest.OpenDemo(t, true)
	d.Deploy(faastest.Leave)
	d.Deploy(everything)
	d.Deploy(everything) // a second version
	_, task := d.Start(engine.Variables{"days": int64(5)})
	d.Complete("wangfang", task)
	instance, _ := d.Start(nil)
	if _, err := d.App.Workflow.SuspendInstance(t.Context(), d.Call("wuqiang"), instance, "audit"); err != nil {
		t.Fatal(err)
	}
	raw, err := d.App.Workflow.StartProcess(t.Context(), d.Call("zhangwei"), "all", workflow.StartRequest{BusinessKey: "B-1"})
	var started workflow.Started
	if err == nil {
		err = json.Unmarshal(raw, &started)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.App.Workflow.Correlate(t.Context(), d.Call("wuqiang"), workflow.Message{Name: "later", TTL: 3600e9}, nil); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) { // the relay would undo damage to the outbox
		_, counts := checked(t, d)
		if counts.Unsent == 0 {
			return d, started.Instance.ID
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d steps stay unsent", counts.Unsent)
		}
	}
}

// Nothing is wrong with what the product writes, and a check leaves everything as it was.
func TestNothingIsWrong(t *testing.T) {
	t.Parallel()
	d, instance := live(t)
	for range 250 { // more than two batches
		d.Start(nil)
	}
	found, counts := checked(t, d)
	if found != "" || counts.Instances != 253 || counts.Steps < 255 || counts.Rows < 258 || counts.Rules < 20 || counts.Parked != 1 {
		t.Errorf("%s%+v", found, counts)
	}
	one, err := invariant.Instance(t.Context(), d.App.Store, instance)
	if err != nil || one != nil {
		t.Errorf("%v %v", one, err)
	}
	if _, err := invariant.Instance(t.Context(), d.App.Store, engine.ID{1}); err == nil {
		t.Error("an unknown instance is checked")
	}
}

// Each damage is found by the rule for it, with the instance; what is left alone is not.
func TestPlantedDamage(t *testing.T) {
	t.Parallel()
	d, instance := live(t)
	const mine = " WHERE instance_id = ?"
	for rule, c := range map[string]damage{
		"history_gap":              {"UPDATE workflow_history SET seq = 7" + mine, "UPDATE workflow_history SET seq = 1" + mine},
		"step_unreadable":          {"UPDATE workflow_history SET changes = CONCAT('x', changes)" + mine, "UPDATE workflow_history SET changes = SUBSTR(changes, 2)" + mine},
		"state_unreadable":         {"UPDATE workflow_instance SET body = CONCAT('x', body) WHERE id = ?", "UPDATE workflow_instance SET body = SUBSTR(body, 2) WHERE id = ?"},
		"row_version":              {"UPDATE workflow_instance SET version = 2 WHERE id = ?", "UPDATE workflow_instance SET version = 1 WHERE id = ?"},
		"row_is_not_state":         {"UPDATE workflow_instance SET state = 3 WHERE id = ?", "UPDATE workflow_instance SET state = 1 WHERE id = ?"},
		"row_missing":              {"UPDATE workflow_task SET state = 2" + mine, "UPDATE workflow_task SET state = 1" + mine},
		"row_differs":              {"UPDATE workflow_task SET assignee = 'lina'" + mine, "UPDATE workflow_task SET assignee = NULL" + mine},
		"row_differs ":             {"UPDATE workflow_job SET retries = 9" + mine, "UPDATE workflow_job SET retries = 3" + mine},
		"row_differs  ":            {"UPDATE workflow_timer SET suspended = 1" + mine, "UPDATE workflow_timer SET suspended = 0" + mine},
		"row_differs   ":           {"UPDATE workflow_subscription SET message = 'x'" + mine, "UPDATE workflow_subscription SET message = 'paid'" + mine},
		"row_differs    ":          {"UPDATE workflow_incident SET code = CONCAT('x', code)" + mine, "UPDATE workflow_incident SET code = SUBSTR(code, 2)" + mine},
		"outbox_mark_unknown":      {"UPDATE workflow_history SET unsent = 5" + mine, "UPDATE workflow_history SET unsent = NULL" + mine},
		"dead_step_without_letter": {"UPDATE workflow_history SET unsent = 2" + mine, "UPDATE workflow_history SET unsent = NULL" + mine},
		"row_missing ":             {"UPDATE workflow_task_candidate SET identity = CONCAT('x', identity) WHERE task_id IN (SELECT id FROM workflow_task WHERE instance_id = ?)", "UPDATE workflow_task_candidate SET identity = SUBSTR(identity, 2) WHERE task_id IN (SELECT id FROM workflow_task WHERE instance_id = ?)"},
	} {
		c.isFound(t, d, strings.TrimSpace(rule)+" "+instance.String(), instance[:])
	}
}

// What was damaged beside a sound state is written anew from it; a state in doubt is left as it is.
func TestRebuild(t *testing.T) {
	t.Parallel()
	d, instance := live(t)
	const mine = " WHERE instance_id = ?"
	for _, text := range []string{
		"UPDATE workflow_instance SET state = 3, business_key = 'x' WHERE id = ?",
		"UPDATE workflow_task SET state = 2, assignee = 'lina'" + mine,
		"DELETE FROM workflow_task_candidate WHERE task_id IN (SELECT id FROM workflow_task WHERE instance_id = ?)",
		"UPDATE workflow_job SET id = UNHEX(MD5(id)), retries = 9" + mine,
		"DELETE FROM workflow_timer" + mine,
		"UPDATE workflow_subscription SET instance_id = UNHEX(MD5(id))" + mine,
		"UPDATE workflow_incident SET code = 'x'" + mine,
	} {
		damage{damage: text}.done(t, d, []any{instance[:]})
	}
	found, err := invariant.Instance(t.Context(), d.App.Store, instance)
	if err != nil || len(found) < 8 || slices.ContainsFunc(found, func(v invariant.Violation) bool { return !invariant.Rebuilds(v) }) {
		t.Fatalf("%v %v", err, found)
	}
	if left, err := invariant.Rebuild(t.Context(), d.App.Store, instance); err != nil || len(left) != 0 {
		t.Errorf("%v %v", err, left)
	}
	if found, _ := checked(t, d); found != "" {
		t.Error(found)
	}
	for _, text := range []string{"UPDATE workflow_history SET seq = 7" + mine, "DELETE FROM workflow_timer" + mine} {
		damage{damage: text}.done(t, d, []any{instance[:]})
	}
	if left, err := invariant.Rebuild(t.Context(), d.App.Store, instance); err != nil || len(left) != 2 {
		t.Errorf("a state in doubt: %v %v", err, left)
	}
}

// Rows that have lost what they belong to, and what is wrong with none of the instances.
func TestPlantedStrays(t *testing.T) {
	t.Parallel()
	d, _ := live(t)
	for rule, c := range map[string]damage{
		"task_without_instance":            {"INSERT INTO workflow_task (id, instance_id, process_key, node_id, name, state, priority, created_at, version) VALUES (?, ?, '', '', '', 1, 0, NOW(), 1)", "DELETE FROM workflow_task WHERE id = ? AND instance_id = ?"},
		"search_variable_without_instance": {"INSERT INTO workflow_search_variable (instance_id, name, value) VALUES (?, HEX(?), '')", "DELETE FROM workflow_search_variable WHERE instance_id = ? AND name = HEX(?)"},
		"comment_without_instance":         {"INSERT INTO workflow_comment (id, instance_id, kind, author, text, created_at) VALUES (?, ?, 'comment', '', '', NOW())", "DELETE FROM workflow_comment WHERE id = ? AND instance_id = ?"},
		"attachment_without_instance":      {"INSERT INTO workflow_attachment (id, instance_id, author, created_at) VALUES (?, ?, '', NOW())", "DELETE FROM workflow_attachment WHERE id = ? AND instance_id = ?"},
		"attachment_without_object":        {"INSERT INTO workflow_attachment (id, instance_id, author, place, created_at) VALUES (?, ?, '', 'x', NOW())", "DELETE FROM workflow_attachment WHERE id = ? AND instance_id = ?"},
		"file_without_object":              {"INSERT INTO workflow_file (id, owner, name, content_type, size, sha256, place, created_at) SELECT ?, '', '', '', 1, '', 'x', NOW() FROM DUAL WHERE ? <> ''", "DELETE FROM workflow_file WHERE id = ? AND id = ?"},
		"object_of_nobody":                 {"INSERT INTO workflow_object (name, state, created_at) SELECT HEX(?), 2, NOW() FROM DUAL WHERE ? <> ''", "DELETE FROM workflow_object WHERE name = HEX(?) AND name = HEX(?)"},
		"delivery_without_instance":        {"INSERT INTO workflow_inbox (source, event_id, state, instance_id, received_at) VALUES ('/x', HEX(?), 2, ?, NOW())", "DELETE FROM workflow_inbox WHERE event_id = HEX(?) AND instance_id = ?"},
		"candidate_without_open_task":      {"INSERT INTO workflow_task_candidate (identity, task_id) VALUES (HEX(?), ?)", "DELETE FROM workflow_task_candidate WHERE identity = HEX(?) AND task_id = ?"},
		"role_of_no_user":                  {"INSERT INTO sys_user_role (user_id, role_id) SELECT ?, id FROM sys_role WHERE code = 'EMPLOYEE' OR id = ?", "DELETE FROM sys_user_role WHERE user_id = ? OR user_id = ?"},
		"not_one_latest_version":           {"UPDATE workflow_definition SET latest = 1 - latest WHERE process_key = 'first' AND id <> ? AND id <> ?", "UPDATE workflow_definition SET latest = 1 - latest WHERE process_key = 'first' AND id <> ? AND id <> ?"},
		"item_of_no_batch":                 {"INSERT INTO workflow_batch_item (batch_id, instance_id, state, attempts) VALUES (?, ?, 1, 0)", "DELETE FROM workflow_batch_item WHERE batch_id = ? AND instance_id = ?"},
		"batch_miscounted":                 {"INSERT INTO workflow_batch (id, kind, state, request, total, done, failed, created_by, created_at, locked_until) SELECT ?, 'cancel', 4, '', 1, 0, 0, '', NOW(), NOW() FROM DUAL WHERE ? <> ''", "DELETE FROM workflow_batch WHERE id = ? AND id = ?"},
		"parked_without_content":           {"UPDATE workflow_inbox SET expires_at = NULL WHERE state = 1 AND event_id <> HEX(?) AND event_id <> HEX(?)", "UPDATE workflow_inbox SET expires_at = NOW() + INTERVAL 1 HOUR WHERE state = 1 AND event_id <> HEX(?) AND event_id <> HEX(?)"},
	} {
		nobody := engine.ID{9}
		c.isFound(t, d, rule, nobody[:], nobody[:])
	}
	if _, err := raw(t, d).ExecContext(t.Context(), "DELETE FROM workflow_definition WHERE process_key = 'leave'"); err != nil {
		t.Fatal(err)
	}
	if found, _ := checked(t, d); !strings.Contains(found, "instance_without_definition ") {
		t.Error(found)
	}
}

// damage is a statement that breaks a rule, and the one that undoes it.
type damage struct{ damage, repair string }

func (c damage) isFound(t *testing.T, d *faastest.Demo, want string, arguments ...any) {
	t.Helper()
	db := raw(t, d)
	change := func(text string) {
		t.Helper()
		result, err := db.ExecContext(t.Context(), text, arguments...)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			t.Fatalf("%s changes nothing (%v)", text, err)
		}
	}
	change(c.damage)
	found, counts := checked(t, d)
	if !strings.Contains(found, want) || counts.Violations == 0 {
		t.Errorf("%s: found %q", want, found)
	}
	change(c.repair)
	if found, _ := checked(t, d); found != "" {
		t.Errorf("%s: after the repair %q", want, found)
	}
}

// done runs the damage alone.
func (c damage) done(t *testing.T, d *faastest.Demo, arguments []any) {
	t.Helper()
	if _, err := raw(t, d).ExecContext(t.Context(), c.damage, arguments...); err != nil {
		t.Fatalf("%s: %v", c.damage, err)
	}
}

// raw is the database of a test, to be damaged.
func raw(t *testing.T, d *faastest.Demo) *sql.DB {
	t.Helper()
	db, err := sql.Open("mysql", d.App.Config.MySQLDSN)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// A step that is dead with its letter is in order.
func TestDeadStepWithItsLetter(t *testing.T) {
	t.Parallel()
	d, instance := live(t)
	db := raw(t, d)
	for _, text := range []string{
		"UPDATE workflow_history SET unsent = 2 WHERE instance_id = ?",
		"INSERT INTO workflow_dead_letter (id, direction, source, event_id, type, reason, attempts, content, created_at) VALUES (?, 'out', '/diom/test', '" + instance.String() + "/1/1', 'x', 'x', 1, '', NOW())",
	} {
		if _, err := db.ExecContext(t.Context(), text, instance[:]); err != nil {
			t.Fatal(err)
		}
	}
	if found, counts := checked(t, d); found != "" || counts.Dead != 1 {
		t.Errorf("%s%+v", found, counts)
	}
}
