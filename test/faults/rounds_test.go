package faults_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/test/faults/proxytest"
)

const (
	ago   = "UTC_TIMESTAMP(3) - INTERVAL 400 DAY"
	empty = "CONCAT(CHAR(1), '{}')" // a stored document
)

// old is a path whose work is there when a process begins: rows that were left long ago. plant makes them,
// left counts them.
func old(name, plant, left string) path {
	return path{
		name: name, trigger: func(*fixture, string) bool { return true },
		prepare: func(f *fixture, point string) { f.ring(plant, point) },
		effects: func(f *fixture, point string) int { return once(f.judge.Count(left, point) == 0) },
	}
}

// rounds are what a process that ticks does again and again, at the statements by which it takes work and says
// what it has done.
func rounds() []errand {
	return []errand{
		{
			path: batchPath,
			at:   []string{"UPDATE workflow_batch FORCE INDEX", "UPDATE workflow_batch_item SET state", "UPDATE workflow_batch SET done", "UPDATE workflow_batch SET state"},
		},
		{path: signalPath, at: []string{"UPDATE workflow_signal FORCE INDEX", "DELETE FROM workflow_signal WHERE"}},
		{path: path{
			name: "timer-of-an-instance", effects: arrivals,
			prepare: func(f *fixture, point string) {
				f.begin("later", point)
				f.ring(timerOf+"SET t.locked_until = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR WHERE i.business_key = ?", point)
			},
			trigger: func(f *fixture, point string) bool {
				return f.ring(timerOf+"SET t.locked_until = t.due_at WHERE i.business_key = ?", point)
			},
		}, at: []string{"UPDATE workflow_timer FORCE INDEX", "INSERT INTO workflow_history"}},
		{
			path: requestOf("outbox", func(point string) request { return startOf(point, "") }, sent),
			at:   []string{"UPDATE workflow_history SET locked_until", "UPDATE workflow_history SET unsent"},
		},
		{path: requestOf(unready+"outbox", func(point string) request { return startOf(point, "") }, sent), at: []string{"UPDATE workflow_history SET attempts"}},
		{path: requestOf(unwelcome+"outbox", func(point string) request { return startOf(point, "") }, buried), at: []string{"INSERT INTO workflow_dead_letter"}},
		{path: deploymentPath, at: []string{"UPDATE workflow_definition SET locked_until", "UPDATE workflow_definition SET unsent"}},
		{path: jobPath, at: []string{"UPDATE workflow_job FORCE INDEX"}},
		{
			path: path{
				name:    "parked-message",
				prepare: func(f *fixture, point string) { f.begin("early", point) },
				trigger: func(f *fixture, point string) bool { // it came before somebody waited for it, and nobody has looked since
					return f.ring("INSERT IGNORE INTO workflow_inbox (source, event_id, state, message, business_key, correlation_keys, variables, received_at, expires_at) "+
						"VALUES ('/faults', ?, 1, 'paths-early', ?, "+empty+", "+empty+", UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) + INTERVAL 1 DAY)", point, point)
				},
				effects: arrivals,
			},
			at: []string{"UPDATE workflow_inbox SET state"},
		},
		{path: expiredPath, at: []string{"UPDATE workflow_inbox FORCE INDEX", "INSERT INTO workflow_dead_letter"}, fresh: true},
		{
			path: old("purge-inbox", "INSERT INTO workflow_inbox (source, event_id, state, received_at) VALUES ('/faults', ?, 2, "+ago+")",
				"SELECT COUNT(*) FROM workflow_inbox WHERE source = '/faults' AND event_id = ?"),
			at: []string{"DELETE FROM workflow_inbox WHERE"}, fresh: true,
		},
		{
			path: old("purge-keys", "INSERT INTO workflow_idempotency (principal, idempotency_key, route, hash, status, body, created_at) VALUES ('lina', ?, '/', UNHEX(REPEAT('00', 32)), 200, '{}', "+ago+")",
				"SELECT COUNT(*) FROM workflow_idempotency WHERE idempotency_key = ?"),
			at: []string{"DELETE FROM workflow_idempotency WHERE"}, fresh: true,
		},
		{
			path: old("purge-sessions", "INSERT INTO sys_session (id, family_id, user_id, token_hash, started_at, created_at, expires_at) "+
				"SELECT UNHEX(MD5(?)), id, id, UNHEX(SHA2(id, 256)), "+ago+", "+ago+", "+ago+" FROM sys_user WHERE username = 'lina'",
				"SELECT COUNT(*) FROM sys_session WHERE id = UNHEX(MD5(?))"),
			at: []string{"DELETE FROM sys_session WHERE"}, fresh: true,
		},
	}
}

var batchPath = path{
	name:    "batch",
	prepare: func(f *fixture, point string) { f.start(point) },
	trigger: func(f *fixture, point string) bool {
		r := request{user: "wuqiang", path: "/api/v1/batches", key: "key-" + point, status: http.StatusCreated, body: map[string]any{
			"kind": "suspend", "reason": point, "instanceIds": []string{f.judge.InstancesOf(point)[0].String()},
		}}
		a, err := f.send(r)
		return r.acknowledged(a, err)
	},
	effects: func(f *fixture, point string) int {
		ended := f.judge.Count("SELECT COUNT(*) FROM workflow_batch WHERE request LIKE ? AND state = 3 AND done = 1 AND failed = 0", "%"+point+"%")
		return ended * f.judge.Changes(f.judge.InstancesOf(point)[0], engine.InstanceSuspended, "")
	},
}

// signalPath: whoever threw the signal has died before anybody had it.
var signalPath = path{
	name: "signal",
	prepare: func(f *fixture, point string) {
		f.begin("listening", point)
		f.trap.ArmAt(stepWritten, proxytest.Drop, f.process.Kill)
		_, _ = f.send(request{user: "admin", path: "/api/v1/signals", body: map[string]any{"name": "paths-all"}}) // nobody answers
		f.waitFor("the death of the thrower", f.trap.Sprung)
		f.trap.Disarm()
		f.revive()
	},
	trigger: func(f *fixture, _ string) bool {
		return f.ring("UPDATE workflow_signal SET locked_until = UTC_TIMESTAMP(3)")
	},
	effects: func(f *fixture, point string) int {
		return once(f.judge.Count("SELECT COUNT(*) FROM workflow_signal") == 0) * arrivals(f, point)
	},
}

// sent is how often a point's instance was started whose events are all sent.
func sent(f *fixture, point string) int {
	waiting := f.judge.Count("SELECT COUNT(*) FROM workflow_history h JOIN workflow_instance i ON i.id = h.instance_id WHERE i.business_key = ? AND h.unsent = 1", point)
	return once(waiting == 0) * len(f.judge.InstancesOf(point))
}

// buried is how many dead letters there are of a point's instance, whose one step nobody takes.
func buried(f *fixture, point string) (n int) {
	for _, id := range f.judge.InstancesOf(point) {
		n += f.judge.Count("SELECT COUNT(*) FROM workflow_dead_letter WHERE event_id LIKE ?", id.String()+"/%")
	}
	return n
}

// deploymentPath: a deployment is told once it is made.
var deploymentPath = path{
	name: "deployment", prepare: func(*fixture, string) {},
	trigger: func(f *fixture, point string) bool {
		r := f.deploymentOf(point, "", "starts.bpmn")
		if f.judge.Count("SELECT COUNT(*) FROM workflow_deployment WHERE name = ?", point) > 0 {
			return true
		}
		a, err := f.send(r)
		return r.acknowledged(a, err)
	},
	effects: func(f *fixture, point string) int {
		return f.judge.Count("SELECT COUNT(*) FROM workflow_definition d JOIN workflow_deployment y ON y.id = d.deployment_id WHERE y.name = ? AND d.unsent IS NULL", point)
	},
}

// jobPath: a worker that dies with the answer to its fetch is followed by another.
var jobPath = path{
	name:    "job",
	prepare: func(f *fixture, point string) { f.begin("pay", point) },
	trigger: func(f *fixture, point string) bool {
		a, err := f.as("wuqiang").Send(http.MethodPost, "/api/v1/jobs:fetch", map[string]any{"workerId": "w", "topics": []any{map[string]any{"name": point, "lockSeconds": 1}}})
		var list struct {
			Items []struct {
				ID engine.ID `json:"id"`
			} `json:"items"`
		}
		if err != nil || a.Status != http.StatusOK || json.Unmarshal(a.Body, &list) != nil {
			return false
		}
		for _, job := range list.Items {
			_, _ = f.as("wuqiang").Send(http.MethodPost, "/api/v1/jobs/"+job.ID.String()+"/complete", map[string]any{"workerId": "w"}) // or another fetch
		}
		return arrivals(f, point) > 0
	},
	effects: arrivals,
}

// expiredPath: a message that nobody has waited for in time is a dead letter.
var expiredPath = path{
	name: "expired", trigger: func(*fixture, string) bool { return true },
	prepare: func(f *fixture, point string) {
		f.ring("INSERT INTO workflow_inbox (source, event_id, state, message, business_key, correlation_keys, variables, received_at, expires_at) VALUES ('/faults', ?, 1, 'nobody', ?, "+empty+", "+empty+", "+ago+", UTC_TIMESTAMP(3) - INTERVAL 1 DAY)", point, point)
	},
	effects: func(f *fixture, point string) int {
		return f.judge.Count("SELECT COUNT(*) FROM workflow_inbox x JOIN workflow_dead_letter d ON d.source = x.source AND d.event_id = x.event_id WHERE x.source = '/faults' AND x.event_id = ? AND x.state = 3", point)
	},
}

// TestCrashOfRounds interrupts the rounds of a process that ticks. Whatever breaks, the work of a round is
// done by it or by the next one, once.
func TestCrashOfRounds(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.deployPaths()
	f.listen()
	w := wired(f, f.trap)
	list := rounds()
	for range size(1, 5) {
		w.all(list, one)
	}
	f.release()
	time.Sleep(linger)
	f.drain()
	f.verify()
	w.conclude(t, size(2, 5*len(list)))
}
