package faults_test

import (
	"net/http"
	"os"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/test/producttest"
)

// steps are the requests that each step of an instance makes, in this order.
func steps(first string) []string {
	return []string{first, "diom:lock:", "INSERT INTO workflow_history", ":wake"}
}

// onInstance is an operation on an instance that waits at its first task; its effect is one change of a
// kind. once is the code that a repetition is told, "" where it has its own effect.
func onInstance(verb, once string, kind engine.Kind, body func(f *fixture, point string) map[string]any) operation {
	return operation{
		name: verb, brief: true, once: once, shared: once == everybody, essential: steps("FROM workflow_instance"), cold: []string{"diom:standing:"},
		prepare: func(f *fixture, point, key string) request {
			path := "/api/v1/instances/" + f.start(point).InstanceID.String() + "/" + verb
			return request{user: "wuqiang", path: path, key: key, status: http.StatusOK, body: body(f, point)}
		},
		effects: changes(kind, ""),
	}
}

// everybody is the code of what every caller is told.
const everybody = "acknowledged"

func reason(_ *fixture, point string) map[string]any { return map[string]any{"reason": point} }

var instanceOperations = []operation{
	onInstance("suspend", "instance_suspended", engine.InstanceSuspended, reason),
	onInstance("cancel", "instance_ended", engine.InstanceCancelled, reason),
	onInstance("variables", everybody, engine.VariablesSet, func(*fixture, string) map[string]any {
		return map[string]any{"remove": []string{"days"}, "variables": map[string]any{"more": 1}}
	}).counting(changes(engine.VariablesRemoved, "")),
	onInstance("modify", "", engine.TaskCreated, func(*fixture, string) map[string]any {
		return map[string]any{"instructions": []map[string]any{{"type": "startBefore", "nodeId": "file"}}}
	}).counting(func(f *fixture, point string) (int, []string) {
		n, found := changes(engine.TaskCreated, "")(f, point)
		return n - 1, found // the first task came with the start
	}),
	onInstance("migrate", "bad_migration", engine.InstanceMigrated, func(f *fixture, point string) map[string]any {
		return f.plan(f.judge.InstancesOf(point)[0])
	}),
	{
		name: "resume", brief: true, once: "instance_not_suspended", essential: steps("FROM workflow_instance"), cold: []string{"diom:standing:"},
		prepare: func(f *fixture, point, key string) request {
			path := "/api/v1/instances/" + f.start(point).InstanceID.String()
			f.must(request{user: "wuqiang", path: path + "/suspend", body: map[string]any{}, status: http.StatusOK})
			return request{user: "wuqiang", path: path + "/resume", key: key, status: http.StatusOK, body: map[string]any{}}
		},
		effects: changes(engine.InstanceResumed, ""),
	},
	{
		name: "restart", brief: true, essential: steps("FROM workflow_instance")[:1], cold: []string{"diom:standing:"},
		prepare: func(f *fixture, point, key string) request {
			path := "/api/v1/instances/" + f.start(point).InstanceID.String()
			f.must(request{user: "wuqiang", path: path + "/cancel", body: map[string]any{}, status: http.StatusOK})
			return request{user: "wuqiang", path: path + "/restart", key: key, status: http.StatusCreated, body: map[string]any{"initialVariables": true}}
		},
		effects: func(f *fixture, point string) (int, []string) {
			n, found := instances(f, point)
			return n - 1, found
		},
	},
	{
		name: "delete", brief: true, unkeyed: true, once: "instance_not_found", late: "instance_not_found", essential: []string{"DELETE FROM workflow_instance WHERE", "DELETE FROM workflow_history", "UPDATE workflow_inbox SET instance_id"}, cold: []string{"diom:standing:"},
		prepare: func(f *fixture, point, _ string) request {
			path := "/api/v1/instances/" + f.start(point).InstanceID.String()
			f.must(request{user: "wuqiang", path: path + "/cancel", body: map[string]any{}, status: http.StatusOK})
			f.waitFor("the events of "+point+" are sent", func() bool {
				return f.judge.Count("SELECT COUNT(*) FROM workflow_history h JOIN workflow_instance i ON i.id = h.instance_id WHERE i.business_key = ? AND h.unsent = 1", point) == 0
			})
			return request{method: http.MethodDelete, user: "wuqiang", path: path, status: http.StatusOK}
		},
		effects: func(f *fixture, point string) (int, []string) { return 1 - len(f.judge.InstancesOf(point)), nil },
	},
	{
		name: "signal", brief: true, once: everybody, shared: true, essential: []string{"INSERT INTO workflow_signal", "SELECT id, instance_id", "diom:lock:", "INSERT INTO workflow_history"},
		cold: []string{"diom:standing:"},
		prepare: func(f *fixture, point, key string) request {
			f.deployPaths()
			f.begin("listening", point)
			return request{user: "admin", path: "/api/v1/signals", key: key, status: http.StatusAccepted, body: map[string]any{"name": "paths-all"}}
		},
		effects: func(f *fixture, point string) (int, []string) {
			f.waitFor("the signal has reached "+point, func() bool { f.release(); return arrivals(f, point) > 0 })
			return arrivals(f, point), nil
		},
	},
	{
		name: "suspend definition", brief: true, once: everybody, shared: true, essential: []string{"UPDATE workflow_definition SET suspended", "INSERT INTO workflow_idempotency"}, cold: []string{"diom:standing:"},
		prepare: func(f *fixture, _, key string) request {
			f.listen()
			id := f.definition("pay")
			f.must(request{user: "zhouming", path: "/api/v1/definitions/" + id + "/resume", body: map[string]any{"instances": false}, status: http.StatusOK})
			return request{user: "zhouming", path: "/api/v1/definitions/" + id + "/suspend", key: key, status: http.StatusOK, body: map[string]any{"instances": false}}
		},
		effects: func(f *fixture, _ string) (int, []string) {
			return f.judge.Count("SELECT suspended FROM workflow_definition WHERE process_key = 'pay'"), nil
		},
	},
	{
		name: "claim", brief: true, essential: steps("FROM workflow_task"), cold: []string{"diom:standing:"},
		prepare: func(f *fixture, point, key string) request {
			f.must(completionOf(f.start(point).ID, ""))
			return request{user: "lina", path: "/api/v1/tasks/" + f.taskOf(point).String() + "/claim", key: key, status: http.StatusOK, body: map[string]any{}}
		},
		effects: changes(engine.TaskAssigned, "file"),
	},
	{
		name: "transfer", brief: true, once: "not_your_task", essential: steps("FROM workflow_task"), cold: []string{"diom:standing:"},
		prepare: func(f *fixture, point, key string) request {
			return request{
				user: "wangfang", path: "/api/v1/tasks/" + f.start(point).ID.String() + "/transfer", key: key, status: http.StatusOK,
				body: map[string]any{"userId": "sunqi"},
			}
		},
		effects: changes(engine.TaskAssigned, "approve"),
	},
	{
		name: "batch", brief: true, patient: true, essential: []string{"INSERT IGNORE INTO workflow_batch_item", "INSERT INTO workflow_batch"}, cold: []string{"diom:standing:"},
		prepare: func(f *fixture, point, key string) request {
			return request{user: "wuqiang", path: "/api/v1/batches", key: key, status: http.StatusCreated, body: map[string]any{
				"kind": "suspend", "reason": point, "instanceIds": []string{f.start(point).InstanceID.String()},
			}}
		},
		effects: func(f *fixture, point string) (int, []string) {
			made := f.judge.Count("SELECT COUNT(*) FROM workflow_batch WHERE request LIKE ?", "%"+point+"%")
			if made != 1 {
				return made, nil
			}
			f.waitFor("the batch of "+point, func() bool {
				return f.judge.Count("SELECT COUNT(*) FROM workflow_batch WHERE request LIKE ? AND ended_at IS NOT NULL", "%"+point+"%") == 1
			})
			return changes(engine.InstanceSuspended, "")(f, point)
		},
	},
	{
		name: "deploy", brief: true, essential: []string{"INSERT INTO workflow_deployment", "INSERT INTO workflow_definition", "INSERT INTO workflow_decision", "UPDATE workflow_decision", "INSERT INTO workflow_idempotency", "COMMIT"},
		cold: []string{"diom:standing:"},
		prepare: func(f *fixture, point, key string) request {
			decision, err := os.ReadFile("testdata/limit.dmn")
			if err != nil {
				f.t.Fatal(err)
			}
			body, kind := f.deployment(point, producttest.File{Name: "limit.dmn", Content: decision})
			return request{user: "zhouming", path: "/api/v1/deployments", body: body, kind: kind, key: key, status: http.StatusCreated}
		},
		effects: func(f *fixture, point string) (int, []string) {
			return f.judge.Count("SELECT COUNT(*) FROM workflow_definition d JOIN workflow_deployment y ON y.id = d.deployment_id WHERE y.name = ?", point), nil
		},
	},
}

// counting is the operation with other effects.
func (o operation) counting(effects func(*fixture, string) (int, []string)) operation {
	o.effects = effects
	return o
}

// must makes a request that succeeds.
func (f *fixture) must(r request) producttest.Answer {
	f.t.Helper()
	a, err := f.send(r)
	if !r.acknowledged(a, err) {
		f.t.Fatalf("%s: %v %d %s", r.path, err, a.Status, a.Body)
	}
	return a
}

// taskOf returns the one open task of a point's instance.
func (f *fixture) taskOf(point string) engine.ID {
	f.t.Helper()
	in, err := f.judge.Store.LoadInstance(f.t.Context(), f.judge.InstancesOf(point)[0])
	if err != nil || len(in.Tasks) != 1 {
		f.t.Fatalf("the task of %s: %v %v", point, err, in)
	}
	return in.Tasks[0].ID
}

// plan returns a migration plan for an instance, to another version of its process.
func (f *fixture) plan(id engine.ID) map[string]any {
	f.t.Helper()
	in, err := f.judge.Store.LoadInstance(f.t.Context(), id)
	if err != nil {
		f.t.Fatal(err)
	}
	const others = " FROM workflow_definition WHERE process_key = 'leave' AND id <> ?"
	if f.judge.Count("SELECT COUNT(*)"+others, in.DefinitionID[:]) == 0 {
		body, kind := f.deployment("another version")
		f.must(request{user: "zhouming", path: "/api/v1/deployments", body: body, kind: kind, status: http.StatusCreated})
	}
	var target engine.ID
	if err := f.judge.SQL.QueryRowContext(f.t.Context(), "SELECT id"+others+" LIMIT 1", in.DefinitionID[:]).Scan(&target); err != nil {
		f.t.Fatal(err)
	}
	node := in.Tasks[0].Node
	return map[string]any{
		"sourceDefinitionId": in.DefinitionID, "targetDefinitionId": target,
		"instructions": []map[string]any{{"sourceNodeId": node, "targetNodeId": node}},
	}
}

// definition returns the id of the one definition of a process.
func (f *fixture) definition(process string) string {
	f.t.Helper()
	var id engine.ID
	if err := f.judge.SQL.QueryRowContext(f.t.Context(), "SELECT id FROM workflow_definition WHERE process_key = ?", process).Scan(&id); err != nil {
		f.t.Fatal(err)
	}
	return id.String()
}

// deployment is the body of a deployment with a name, of the model and more, and its content type. The
// boundary is part of the request's hash.
func (f *fixture) deployment(name string, more ...producttest.File) ([]byte, string) {
	f.t.Helper()
	content, err := os.ReadFile("testdata/leave.bpmn")
	if err != nil {
		f.t.Fatal(err)
	}
	body, kind, err := producttest.Multipart(name, append(more, producttest.File{Name: "leave.bpmn", Content: content})...)
	if err != nil {
		f.t.Fatal(err)
	}
	return body, kind
}

// waitFor waits until something is so.
func (f *fixture) waitFor(what string, so func() bool) {
	f.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			f.t.Fatalf("%s: it is not so", what)
		}
	}
}
