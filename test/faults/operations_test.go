package faults_test

import (
	"encoding/json"
	"net/http"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
)

var operations = []operation{
	{
		name: "start", essential: []string{"INSERT INTO workflow_instance"},
		cold:    []string{"diom:standing:", "FROM workflow_definition d"},
		prepare: func(_ *fixture, point, key string) request { return startOf(point, key) },
		effects: instances,
	},
	{
		// The lock is taken with two keys and given up with three.
		name: "complete", once: "task_ended", essential: []string{"SELECT t.id", "diom:lock:", "INSERT INTO workflow_history", ":wake"},
		cold:    []string{"diom:standing:", "FROM workflow_definition d"},
		prepare: func(f *fixture, point, key string) request { return completionOf(f.start(point).ID, key) },
		effects: changes(engine.TaskCompleted, "approve"),
	},
	{
		// A repeated event has its effect once, with no key: the inbox knows it.
		name: "event", unkeyed: true, once: everybody, shared: true, essential: []string{"FROM workflow_event_source", "SELECT state FROM workflow_inbox", "INSERT INTO workflow_inbox"},
		prepare: func(f *fixture, point, _ string) request {
			f.listen()
			return eventOf(f.t, chaosEventOf("begin", point, point))
		},
		effects: instances,
	},
	{
		name: "job", once: "job_not_found", essential: []string{"FROM workflow_job", "diom:lock:", "INSERT INTO workflow_history", ":wake"},
		cold: []string{"diom:standing:"},
		prepare: func(f *fixture, point, key string) request {
			f.listen()
			return f.jobOf(point, key)
		},
		effects: changes(engine.JobCompleted, "pay_it"),
	},
	{
		// A failure without retries raises an incident, and ends the worker's hold.
		name: "failure", brief: true, once: "job_not_locked", essential: []string{"FROM workflow_job", "diom:lock:", "INSERT INTO workflow_incident", ":wake"},
		cold: []string{"diom:standing:"},
		prepare: func(f *fixture, point, key string) request {
			f.listen()
			return f.workOf("pay", point, key, "fail", map[string]any{"message": "no", "retries": 0})
		},
		effects: changes(engine.IncidentRaised, ""),
	},
	{
		name: "error", brief: true, once: "job_not_found", essential: []string{"FROM workflow_job", "diom:lock:", "INSERT INTO workflow_task", ":wake"},
		cold: []string{"diom:standing:"},
		prepare: func(f *fixture, point, key string) request {
			f.deployPaths()
			return f.workOf("refuse", point, key, "error", map[string]any{"code": "REFUSED"})
		},
		effects: changes(engine.TaskCreated, ""),
	},
	{
		name: "retry", brief: true, once: "incident_not_found", essential: []string{"FROM workflow_incident", "diom:lock:", "INSERT INTO workflow_history", ":wake"},
		cold: []string{"diom:standing:"},
		prepare: func(f *fixture, point, key string) request {
			f.listen()
			return request{user: "admin", path: "/api/v1/incidents/" + f.incident(point) + "/retry", body: map[string]any{}, key: key, status: http.StatusOK}
		},
		effects: changes(engine.IncidentResolved, "pay_it"),
	},
	{
		name: "message", brief: true, once: "no_subscription", essential: []string{"FROM workflow_subscription", "diom:lock:", "INSERT INTO workflow_task", ":wake"},
		cold: []string{"diom:standing:"},
		prepare: func(f *fixture, point, key string) request {
			f.deployPaths()
			f.begin("early", point)
			return request{
				user: "admin", path: "/api/v1/messages", key: key, status: http.StatusOK,
				body: map[string]any{"name": "paths-early", "businessKey": point},
			}
		},
		effects: changes(engine.TaskCreated, ""),
	},
}

// instances are the effects of what starts one.
func instances(f *fixture, point string) (n int, found []string) {
	ids := f.judge.InstancesOf(point)
	for _, id := range ids {
		found = append(found, f.problems(id)...)
	}
	return len(ids), found
}

// changes are the effects of what makes a change of a kind in the one instance of a point.
func changes(kind engine.Kind, node string) func(*fixture, string) (int, []string) {
	return func(f *fixture, point string) (int, []string) {
		id := f.judge.InstancesOf(point)[0]
		return f.judge.Changes(id, kind, node), f.problems(id)
	}
}

// incident makes an incident of a point and returns its id.
func (f *fixture) incident(point string) string {
	f.t.Helper()
	failure := f.workOf("pay", point, "", "fail", map[string]any{"message": "no", "retries": 0})
	if a, err := f.send(failure); !failure.acknowledged(a, err) {
		f.t.Fatalf("fail: %v %d %s", err, a.Status, a.Body)
	}
	a, err := f.as("admin").Send(http.MethodGet, "/api/v1/instances/"+f.judge.InstancesOf(point)[0].String(), nil)
	var detail struct {
		Incidents []store.Incident `json:"incidents"`
	}
	if err != nil || json.Unmarshal(a.Body, &detail) != nil || len(detail.Incidents) != 1 {
		f.t.Fatalf("incident: %v %d %s", err, a.Status, a.Body)
	}
	return detail.Incidents[0].ID.String()
}
