package faults_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/test/producttest"
)

// upkeep is what operators do beside running instances, and with what lies around them.
var upkeep = []operation{
	{
		name: "cancel a batch", essential: []string{"UPDATE workflow_batch SET state"},
		prepare: func(f *fixture, point, key string) request {
			id := f.batchOf(point)
			f.ring("UPDATE workflow_batch SET state = 1, ended_at = NULL, locked_until = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR WHERE id = ?", id[:])
			return request{user: "wuqiang", path: "/api/v1/batches/" + id.String() + "/cancel", key: key, body: map[string]any{}, status: http.StatusOK}
		},
		effects: func(f *fixture, point string) (int, []string) {
			return f.judge.Count("SELECT COUNT(*) FROM workflow_batch WHERE request LIKE ? AND state = 4 AND ended_at IS NOT NULL", "%"+point+"%"), nil
		},
	},
	{
		name: "batch of a query", essential: []string{"INSERT INTO workflow_batch_item"},
		prepare: func(f *fixture, point, key string) request {
			f.start(point)
			return request{user: "wuqiang", path: "/api/v1/batches", key: key, status: http.StatusCreated, body: map[string]any{
				"kind": "suspend", "reason": point, "filter": map[string]any{"businessKey": point},
			}}
		},
		effects: operationOf("batch").effects,
	},
	{
		name: "resubmit", essential: []string{"UPDATE workflow_dead_letter SET resubmitted_at", "UPDATE workflow_history SET unsent"},
		prepare: func(f *fixture, point, key string) request {
			in := f.start(point).InstanceID
			f.waitFor("the events of "+point+" are sent", func() bool {
				return f.judge.Count("SELECT COUNT(*) FROM workflow_history WHERE instance_id = ? AND unsent = 1", in[:]) == 0
			})
			letter := in.Derive(1)
			f.ring("INSERT INTO workflow_dead_letter (id, direction, source, event_id, type, reason, attempts, content, created_at) "+
				"VALUES (?, 'out', '/diom/local', ?, 'io.diom.workflow.instance.started.v1', ?, 3, '{}', UTC_TIMESTAMP(3))", letter[:], in.String()+"/1/1", point)
			return request{user: "admin", path: "/api/v1/dead-letters/" + letter.String() + "/resubmit", key: key, body: map[string]any{}, status: http.StatusOK}
		},
		effects: func(f *fixture, point string) (int, []string) {
			return f.judge.Count("SELECT COUNT(*) FROM workflow_dead_letter WHERE reason = ? AND resubmitted_at IS NOT NULL", point), nil
		},
	},
	{
		name: "delete all of an instance", unkeyed: true, once: "instance_not_found", late: "instance_not_found",
		essential: []string{
			"DELETE c FROM workflow_task t", "DELETE FROM workflow_task WHERE", "DELETE FROM workflow_job WHERE", "DELETE FROM workflow_timer WHERE", "DELETE FROM workflow_subscription WHERE",
			"DELETE FROM workflow_incident WHERE", "DELETE FROM workflow_search_variable WHERE", "DELETE FROM workflow_copy WHERE", "DELETE FROM workflow_comment WHERE", "DELETE FROM workflow_attachment WHERE",
		},
		prepare: operationOf("delete").prepare, effects: operationOf("delete").effects,
	},
	{
		name: "extend a job", unkeyed: true, shared: true, once: "acknowledged", essential: []string{"UPDATE workflow_job SET worker_id"},
		prepare: func(f *fixture, point, _ string) request {
			f.listen()
			return f.workOf("pay", point, "", "extend", map[string]any{"lockSeconds": 3000})
		},
		effects: func(f *fixture, point string) (int, []string) {
			return f.judge.Count("SELECT COUNT(*) FROM workflow_job WHERE business_key = ? AND locked_until > UTC_TIMESTAMP(3) + INTERVAL 30 MINUTE", point), nil
		},
	},
	{
		name: "unlock a job", unkeyed: true, shared: true, once: "acknowledged", essential: []string{"UPDATE workflow_job SET worker_id"},
		prepare: func(f *fixture, point, _ string) request {
			f.listen()
			job := f.workOf("pay", point, "", "complete", map[string]any{}).path
			var id engine.ID
			if err := f.judge.SQL.QueryRowContext(f.t.Context(), "SELECT id FROM workflow_job WHERE business_key = ?", point).Scan(&id); err != nil {
				f.t.Fatal(job, err)
			}
			return request{user: "wuqiang", path: "/engine-rest/external-task/" + id.String() + "/unlock", body: map[string]any{}, status: http.StatusNoContent}
		},
		effects: func(f *fixture, point string) (int, []string) {
			return f.judge.Count("SELECT COUNT(*) FROM workflow_job WHERE business_key = ? AND worker_id IS NULL", point), nil
		},
	},
	{
		name: "change a task", unkeyed: true, shared: true, once: "acknowledged", essential: []string{"DELETE FROM workflow_task_candidate"},
		prepare: func(f *fixture, point, _ string) request {
			return request{
				method: http.MethodPut, user: "wangfang", path: "/engine-rest/task/" + f.start(point).ID.String(), status: http.StatusNoContent,
				body: map[string]any{"name": "another", "priority": 7, "assignee": "wangfang"},
			}
		},
		effects: func(f *fixture, point string) (int, []string) {
			return f.judge.Count("SELECT COUNT(*) FROM workflow_task t JOIN workflow_instance i ON i.id = t.instance_id WHERE i.business_key = ? AND t.priority = 7", point), nil
		},
	},
	{
		name: "deploy start events", essential: []string{"INSERT INTO workflow_resource", "DELETE t FROM workflow_timer", "DELETE s FROM workflow_subscription", "UPDATE workflow_subscription FORCE INDEX"},
		prepare: func(f *fixture, point, key string) request {
			f.must(f.deploymentOf(point+" before", "", "starts.bpmn"))
			return f.deploymentOf(point, key, "starts.bpmn")
		},
		effects: func(f *fixture, point string) (int, []string) {
			n := f.judge.Count("SELECT COUNT(*) FROM workflow_deployment WHERE name = ?", point)
			starts := f.judge.Count("SELECT (SELECT COUNT(*) FROM workflow_timer WHERE instance_id IS NULL AND process_key LIKE 'starts%') + " +
				"(SELECT COUNT(*) FROM workflow_subscription WHERE instance_id IS NULL AND process_key LIKE 'starts%')")
			if starts != 3 {
				return n, []string{fmt.Sprintf("%d start events, want 3", starts)}
			}
			return n, nil
		},
	},
	{
		name: "delete a deployment", unkeyed: true, shared: true, once: "404", late: "404",
		essential: []string{
			"DELETE FROM workflow_definition WHERE", "UPDATE workflow_definition SET latest", "DELETE FROM workflow_decision WHERE", "UPDATE workflow_decision SET latest",
			"DELETE FROM workflow_resource WHERE", "DELETE FROM workflow_deployment WHERE",
		},
		prepare: func(f *fixture, point, _ string) request {
			f.must(f.deploymentOf(point+" before", "", "leave.bpmn", "limit.dmn"))
			a := f.must(f.deploymentOf(point, "", "leave.bpmn", "limit.dmn"))
			var made struct {
				ID string `json:"id"`
			}
			if err := json.Unmarshal(a.Body, &made); err != nil || made.ID == "" {
				f.t.Fatalf("deployment: %v %s", err, a.Body)
			}
			return request{method: http.MethodDelete, user: "zhouming", path: "/engine-rest/deployment/" + made.ID + "?cascade=true", status: http.StatusNoContent}
		},
		effects: func(f *fixture, point string) (int, []string) {
			of := " d LEFT JOIN workflow_deployment y ON y.id = d.deployment_id WHERE y.id IS NULL"
			if n := f.judge.Count("SELECT (SELECT COUNT(*) FROM workflow_definition" + of + ") + (SELECT COUNT(*) FROM workflow_decision" + of + ")"); n != 0 {
				return 0, []string{fmt.Sprintf("%d definitions and decisions of no deployment", n)}
			}
			return 1 - f.judge.Count("SELECT COUNT(*) FROM workflow_deployment WHERE name = ?", point), nil
		},
	},
}

// operationOf returns the operation on instances of a name.
func operationOf(name string) operation {
	for _, o := range instanceOperations {
		if o.name == name {
			return o
		}
	}
	return operation{}
}

// batchOf makes a batch about one instance, waits for its end and returns its id.
func (f *fixture) batchOf(point string) engine.ID {
	f.t.Helper()
	a := f.must(request{user: "wuqiang", path: "/api/v1/batches", status: http.StatusCreated, body: map[string]any{
		"kind": "suspend", "reason": point, "instanceIds": []string{f.start(point).InstanceID.String()},
	}})
	var b store.Batch
	if err := json.Unmarshal(a.Body, &b); err != nil {
		f.t.Fatalf("batch: %v %s", err, a.Body)
	}
	f.waitFor("the batch of "+point, func() bool {
		return f.judge.Count("SELECT COUNT(*) FROM workflow_batch WHERE id = ? AND ended_at IS NOT NULL", b.ID[:]) == 1
	})
	return b.ID
}

// deploymentOf is the deployment of files of testdata.
func (f *fixture) deploymentOf(name, key string, files ...string) request {
	f.t.Helper()
	var list []producttest.File
	for _, file := range files {
		content, err := os.ReadFile("testdata/" + file)
		if err != nil {
			f.t.Fatal(err)
		}
		list = append(list, producttest.File{Name: file, Content: content})
	}
	body, _, err := producttest.Multipart(name, list...)
	if err != nil {
		f.t.Fatal(err)
	}
	// The boundary is chance, and part of the request's hash.
	const boundary = "boundary-of-the-test"
	body = bytes.ReplaceAll(body, body[2:bytes.IndexByte(body, '\r')], []byte(boundary))
	return request{user: "zhouming", path: "/api/v1/deployments", body: body, kind: "multipart/form-data; boundary=" + boundary, key: key, status: http.StatusCreated}
}
