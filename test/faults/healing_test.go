package faults_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/test/faults/proxytest"
	"diom.io/workflow/test/producttest"
)

const (
	// healed is for how long a process that does nothing but tick may take to end what a dead one has left.
	healed = 2 * time.Minute
	// many is how many instances a half-done batch or signal is about, halfway how many of them are done.
	many, halfway = 60, 20
	stepWritten   = "INSERT INTO workflow_history"
)

// wound is a state in which a process that is killed leaves something.
type wound struct {
	name string
	// inflict makes the state; the process is dead afterwards.
	inflict func(h *healing)
	// left is whether the state is there, as planted.
	left func(h *healing) bool
	// over is whether all is done. It may ask for work as a worker does, or repeat a request whose caller was not
	// answered, and nothing else.
	over func(h *healing) bool
}

type healing struct {
	*fixture
	dice *dice
	ids  []engine.ID
}

// die sends a request and kills the process at the n-th written step that it leads to. The step is done when
// its reply is lost, and not done when it is dropped; until a lost reply is whole other steps go on.
func (h *healing) die(r request, fate proxytest.Fate, n int) {
	h.t.Helper()
	h.dieAt(stepWritten, r, fate, n)
}

// dieAt is die at the n-th request that holds text.
func (h *healing) dieAt(text string, r request, fate proxytest.Fate, n int) {
	h.t.Helper()
	h.trap.ArmAtNth(text, n, fate, h.process.Kill)
	_, _ = h.send(r) // nobody answers
	for deadline := time.Now().Add(10 * time.Second); !h.trap.Sprung() && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
	}
	if h.trap.Disarm() == "" {
		h.t.Fatalf("the process was not killed\n%s", h.process.Log())
	}
	for h.process.Running() {
		time.Sleep(time.Millisecond)
	}
}

func (h *healing) any(query string, arguments ...any) bool {
	h.t.Helper()
	return h.judge.Count(query, arguments...) > 0
}

// arrived is whether the one instance of a point has reached the task behind its path, once.
func arrived(point string) func(*healing) bool {
	return func(h *healing) bool { return arrivals(h.fixture, point) == 1 }
}

var wounds = []wound{
	{
		name: "unsent events",
		inflict: func(h *healing) {
			h.die(startOf("wound", "k"), proxytest.Lose, 1)
			h.ring("UPDATE workflow_history SET locked_until = UTC_TIMESTAMP(3) + INTERVAL 10 SECOND WHERE unsent = 1")
		},
		left: func(h *healing) bool { return h.any("SELECT COUNT(*) FROM workflow_history WHERE unsent = 1") },
		over: func(h *healing) bool {
			return !h.any("SELECT COUNT(*) FROM workflow_history WHERE unsent IS NOT NULL") && len(h.problems(h.judge.InstancesOf("wound")[0])) == 0
		},
	},
	{
		name: "a continuation",
		inflict: func(h *healing) {
			h.die(startOfProcess("step", "wound", "k"), proxytest.Lose, 1)
			h.ring("UPDATE workflow_job SET locked_until = UTC_TIMESTAMP(3) + INTERVAL 15 SECOND")
		},
		left: func(h *healing) bool { return h.any("SELECT COUNT(*) FROM workflow_job WHERE kind <> 0") },
		over: arrived("wound"),
	},
	{
		name:    "a call",
		inflict: func(h *healing) { h.die(startOfProcess("calling", "wound", "k"), proxytest.Lose, 1) },
		left: func(h *healing) bool {
			return h.any("SELECT COUNT(*) FROM workflow_instance WHERE process_key = 'calling'")
		},
		over: arrived("wound"),
	},
	{
		name:    "the return of a call",
		inflict: func(h *healing) { h.die(startOfProcess("calling", "wound", "k"), proxytest.Lose, 2) },
		left: func(h *healing) bool {
			return h.any("SELECT COUNT(*) FROM workflow_instance WHERE process_key = 'called'")
		},
		over: arrived("wound"),
	},
	{
		name: "a parked event",
		inflict: func(h *healing) {
			h.must(request{
				user: "admin", path: "/api/v1/messages", status: http.StatusAccepted,
				body: map[string]any{"name": "paths-early", "businessKey": "wound", "ttlSeconds": 600},
			})
			h.die(startOfProcess("early", "wound", "k"), proxytest.Lose, 1)
		},
		left: func(h *healing) bool {
			return h.any("SELECT COUNT(*) FROM workflow_inbox WHERE state = 1") && h.any("SELECT COUNT(*) FROM workflow_subscription WHERE business_key = 'wound'")
		},
		over: arrived("wound"),
	},
	{
		name: "a message between instances",
		inflict: func(h *healing) {
			h.die(startOfProcess("tell", "wound", "k"), proxytest.Lose, 1)
		},
		left: func(h *healing) bool {
			return !h.any("SELECT COUNT(*) FROM workflow_instance WHERE process_key = 'hear'")
		},
		over: func(h *healing) bool {
			return h.judge.Count("SELECT COUNT(*) FROM workflow_instance WHERE process_key = 'hear'") == 1
		},
	},
	{
		name: "a job of a dead worker",
		inflict: func(h *healing) {
			h.workOf("pay", "wound", "", "complete", map[string]any{})
			h.process.Kill()
			h.ring("UPDATE workflow_job SET locked_until = UTC_TIMESTAMP(3) + INTERVAL 3 SECOND")
		},
		left: func(h *healing) bool { return h.any("SELECT COUNT(*) FROM workflow_job WHERE worker_id = 'w'") },
		over: func(h *healing) bool { h.nextWorker("wound"); return arrivals(h.fixture, "wound") == 1 },
	},
	{
		name: "a locked instance and a claimed timer",
		inflict: func(h *healing) {
			id := h.begin("later", "wound").Instance.ID
			h.process.Kill()
			h.ring("UPDATE workflow_timer SET due_at = UTC_TIMESTAMP(3), locked_until = UTC_TIMESTAMP(3) + INTERVAL 15 SECOND WHERE instance_id = ?", id[:])
			if err := h.cache.Set(h.t.Context(), "diom:lock:{"+id.String()+"}", "dead", 10*time.Second).Err(); err != nil {
				h.t.Fatal(err)
			}
		},
		left: func(h *healing) bool {
			return h.any("SELECT COUNT(*) FROM workflow_timer WHERE locked_until > UTC_TIMESTAMP(3)") && arrivals(h.fixture, "wound") == 0
		},
		over: arrived("wound"),
	},
	{
		name: "a half-done batch",
		inflict: func(h *healing) {
			for i := range many {
				h.ids = append(h.ids, h.start(fmt.Sprint("wound-", i)).InstanceID)
			}
			h.die(request{user: "wuqiang", path: "/api/v1/batches", body: map[string]any{"kind": "cancel", "reason": "wound", "instanceIds": h.ids}}, proxytest.Drop, halfway)
		},
		left: func(h *healing) bool {
			n := h.judge.Count("SELECT COUNT(*) FROM workflow_instance WHERE state = 4")
			return n > 0 && n < many
		},
		over: func(h *healing) bool {
			return h.judge.Count("SELECT COUNT(*) FROM workflow_instance WHERE state = 4") == many && h.any("SELECT COUNT(*) FROM workflow_batch WHERE state = 3 AND done = ? AND failed = 0", many)
		},
	},
	{
		// It is one transaction: nothing of it is there, and its caller repeats it.
		name: "a half-done deployment",
		inflict: func(h *healing) {
			h.dieAt("INSERT INTO workflow_definition", h.deploymentOf("wound", "k", "starts.bpmn"), proxytest.Lose, 1)
		},
		left: func(h *healing) bool {
			return !h.any("SELECT COUNT(*) FROM workflow_deployment WHERE name = 'wound'") && !h.any("SELECT COUNT(*) FROM workflow_definition WHERE process_key = 'starts'")
		},
		over: func(h *healing) bool { return h.deployed("wound") },
	},
	{
		// Whoever repeats it is told what was done; who listens for deployments is told by the tick.
		name: "a deployment of which nobody is told",
		inflict: func(h *healing) {
			h.dieAt("UPDATE workflow_definition SET unsent", h.deploymentOf("wound", "k", "starts.bpmn"), proxytest.Drop, 1)
		},
		left: func(h *healing) bool {
			return h.any("SELECT COUNT(*) FROM workflow_definition WHERE process_key = 'starts' AND unsent = 1")
		},
		over: func(h *healing) bool {
			return !h.any("SELECT COUNT(*) FROM workflow_definition WHERE unsent = 1") && h.deployed("wound")
		},
	},
	{
		name: "an interrupted signal",
		inflict: func(h *healing) {
			for i := range many {
				h.begin("signalled", fmt.Sprint("wound-", i))
			}
			h.die(request{user: "admin", path: "/api/v1/signals", body: map[string]any{"name": "heal-go"}}, proxytest.Drop, halfway)
		},
		left: func(h *healing) bool {
			n := h.judge.Count("SELECT COUNT(*) FROM workflow_task")
			return n > 0 && n < many && h.any("SELECT COUNT(*) FROM workflow_signal")
		},
		over: func(h *healing) bool {
			return h.judge.Count("SELECT COUNT(*) FROM workflow_task") == many && !h.any("SELECT COUNT(*) FROM workflow_signal")
		},
	},
}

// deployed repeats the deployment of starts.bpmn with its key, and reports whether it is there once, whole.
func (h *healing) deployed(name string) bool {
	h.t.Helper()
	r := h.deploymentOf(name, "k", "starts.bpmn")
	a, err := h.send(r)
	starts := h.judge.Count("SELECT (SELECT COUNT(*) FROM workflow_timer WHERE process_key = 'starts') + (SELECT COUNT(*) FROM workflow_subscription WHERE process_key = 'starts')")
	return r.acknowledged(a, err) && starts == 3 && h.judge.Count("SELECT COUNT(*) FROM workflow_deployment WHERE name = ?", name) == 1 &&
		h.judge.Count("SELECT COUNT(*) FROM workflow_definition WHERE process_key = 'starts'") == 1
}

// nextWorker is another worker, which asks for what there is.
func (h *healing) nextWorker(topic string) {
	h.t.Helper()
	a, err := h.as("wuqiang").Send(http.MethodPost, "/api/v1/jobs:fetch", map[string]any{"workerId": "next", "topics": []any{map[string]any{"name": topic, "lockSeconds": 30}}})
	var list struct {
		Items []struct {
			ID engine.ID `json:"id"`
		} `json:"items"`
	}
	if err != nil || json.Unmarshal(a.Body, &list) != nil {
		h.t.Fatalf("fetch: %v %d %s", err, a.Status, a.Body)
	}
	for _, job := range list.Items {
		h.must(request{user: "wuqiang", path: "/api/v1/jobs/" + job.ID.String() + "/complete", body: map[string]any{"workerId": "next"}, status: http.StatusOK})
	}
}

// wounded returns the product with its process dead and a wound. On a busy machine the process may have done all
// before it died; then another one is taken.
func wounded(t *testing.T, w wound) *healing {
	t.Helper()
	content, err := os.ReadFile("testdata/heal.bpmn")
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		h := &healing{fixture: setup(t, nil), dice: roll(t)}
		h.deployPaths()
		h.listen()
		if a, err := h.as("zhouming").Deploy("heal", producttest.File{Name: "heal.bpmn", Content: content}); err != nil || a.Status != http.StatusCreated {
			t.Fatalf("deploy: %v %d %s", err, a.Status, a.Body)
		}
		if w.inflict(h); w.left(h) {
			return h
		}
	}
	t.Fatal("nothing was left undone")
	return nil
}

// TestSelfHealing leaves work undone in every way that a dying process can, and starts one process that
// nobody asks for anything: within a minute all is done, once.
func TestSelfHealing(t *testing.T) {
	t.Parallel()
	for _, w := range wounds {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			h := wounded(t, w)
			h.process.Start()
			began := time.Now()
			for !w.over(h) {
				if time.Since(began) > healed {
					t.Fatalf("not done after %s\n%s", healed, h.process.Log())
				}
				time.Sleep(50 * time.Millisecond)
			}
			taken := time.Since(began)
			h.drain()
			h.verify()
			if !w.over(h) {
				t.Error("it was done more than once")
			}
			t.Logf("whole after %s", taken.Round(time.Millisecond))
			conclude(t, conclusion{command: "healing", runs: 1, seed: h.dice.seed, faults: []injected{{strings.ReplaceAll(w.name, " ", "-"), 1, 1}}})
		})
	}
}

// TestStuckIsVisible plants an instance that waits for nothing: the metric and the log of the process that
// ticks tell it, and so does the check.
func TestStuckIsVisible(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	id := f.start("stuck").InstanceID
	f.start("waiting")
	f.process.Kill()
	f.ring("UPDATE workflow_task SET state = 2 WHERE instance_id = ?", id[:])
	f.ring(`UPDATE workflow_instance SET body = REPLACE(body, '"tasks"', '"lost"') WHERE id = ?`, id[:])
	f.process.Start()
	visible := func() bool { return strings.Contains(f.metrics(), "\ndiom_stuck_instances 1\n") }
	for deadline := time.Now().Add(healed); !visible(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the metric does not tell\n%s", f.metrics())
		}
	}
	if lines := f.process.Logged(id.String()); len(lines) == 0 {
		t.Error("the log does not tell")
	}
	if found, _ := f.judge.Everything(); !strings.Contains(strings.Join(found, "\n"), "waits_for_nothing: instance "+id.String()) {
		t.Errorf("the check found %q", found)
	}
	conclude(t, conclusion{command: "healing", runs: 1, faults: []injected{{"stuck", 1, 1}}})
}

// metrics returns what the process tells of itself.
func (f *fixture) metrics() string {
	f.t.Helper()
	response, err := http.Get(f.process.URL + "/metrics")
	if err != nil {
		f.t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return string(raw)
}
