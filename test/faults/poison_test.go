package faults_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
	"diom.io/workflow/test/producttest"
)

const (
	// memoryBound is what the process may have had resident at any time, every function in it.
	memoryBound = 1 << 30
	// spareGoroutines is how many more there may be afterwards: connections that are kept.
	spareGoroutines = 60
	neighbours      = 3
	breath          = 20 * time.Millisecond // of a neighbour between two instances
)

// TestPoison deploys and starts models that would use the product up, while ordinary instances run: each
// hostile one is refused with its reason or becomes visible to the operators, and every ordinary one is
// started and completed.
func TestPoison(t *testing.T) {
	t.Parallel()
	p := newPoisoned(t, nil)
	p.patience = 2 * time.Minute // how long it took is told, not judged: the machine may be busy
	alone := p.neighbourhood(func() { time.Sleep(time.Duration(size(1, 10)) * time.Second) })
	before := p.goroutines()
	list := hostiles()
	beside := p.neighbourhood(func() {
		for range size(1, 10) {
			for _, h := range list {
				p.unleash(h)
			}
		}
	})
	p.after(before)
	found, _ := p.judge.Everything()
	p.found = append(p.found, found...)
	t.Logf("poison: P99 of neighbours alone %s, beside %s (%.1f times); slowest to be seen %s", alone, beside, float64(beside)/float64(alone), p.slowest)
	conclude(t, conclusion{command: "poison", runs: p.tried, found: p.found, seed: p.dice.seed, faults: []injected{
		{"refused", p.refused, 6}, {"visible", p.visible, 6}, {"neighbours", p.completed, 20},
	}})
}

// TestPoisonFindsPlantedBugs: an incident that nobody sees, and a refusal without its reason, are found.
func TestPoisonFindsPlantedBugs(t *testing.T) {
	t.Parallel()
	p := newPoisoned(t, planted(`FROM workflow_incident `, `FROM (SELECT * FROM workflow_incident WHERE 1 = 0) workflow_incident `))
	p.patience = time.Second
	list := hostiles()
	for _, h := range list {
		switch h.name {
		case "parallel_instances":
			p.unleash(h)
		case "timer_flood":
			h.codes = []string{"another_reason"}
			p.unleash(h)
		}
	}
	if f := (findings{found: p.found}); !f.finds("parallel_instances: started, and not visible") || !f.finds("timer_flood: deploy") {
		t.Errorf("hidden incidents and wrong reasons were not missed, but: %q", p.found)
	}
}

type poisoned struct {
	*fixture
	dice                               *dice
	patience                           time.Duration // until operators must see a hostile instance
	mutex                              sync.Mutex
	found                              []string
	tried, refused, visible, completed int
	slowest                            time.Duration
}

func newPoisoned(t *testing.T, rewrite func([]byte) []byte) *poisoned {
	t.Helper()
	p := &poisoned{fixture: prepare(t, databasetest.DSN(t), databasetest.Redis(t)), dice: roll(t)}
	p.options.Env = nil // events stay in the process
	p.mysql.Rewrite = rewrite
	p.mysql.Start(t)
	p.redis.Start(t)
	if rewrite == nil {
		p.serve(p.options)
		return p
	}
	p.serve(p.through())
	return p
}

// neighbourhood has ordinary instances started and completed while something is done, and returns the
// P99 of their calls.
func (p *poisoned) neighbourhood(do func()) time.Duration {
	stop := make(chan struct{})
	var group sync.WaitGroup
	var took []time.Duration
	for n := range neighbours {
		group.Go(func() {
			for i := 0; !closed(stop); i++ {
				list := p.ordinary(fmt.Sprintf("neighbour-%d-%d-%d", n, i, p.dice.below(1_000_000)))
				p.mutex.Lock()
				took = append(took, list...)
				p.mutex.Unlock()
				time.Sleep(breath)
			}
		})
	}
	do()
	close(stop)
	group.Wait()
	slices.Sort(took)
	if len(took) == 0 {
		return 0
	}
	return took[len(took)*99/100]
}

// ordinary starts an instance and completes its first task.
func (p *poisoned) ordinary(key string) []time.Duration {
	began := time.Now()
	r := startOf(key, "")
	answer, err := p.send(r)
	started := time.Now()
	var body workflow.Started
	if !r.acknowledged(answer, err) || json.Unmarshal(answer.Body, &body) != nil || len(body.Tasks) != 1 {
		p.fail("a neighbour is not started: %v %d %.300s", err, answer.Status, answer.Body)
		return nil
	}
	r = completionOf(body.Tasks[0].ID, "")
	if answer, err = p.send(r); !r.acknowledged(answer, err) {
		p.fail("a neighbour is not completed: %v %d %.300s", err, answer.Status, answer.Body)
	}
	p.mutex.Lock()
	p.completed++
	p.mutex.Unlock()
	return []time.Duration{started.Sub(began), time.Since(started)}
}

func (p *poisoned) fail(format string, arguments ...any) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.found = append(p.found, fmt.Sprintf(format, arguments...))
}

// unleash deploys and starts a hostile model and holds that it is stopped.
func (p *poisoned) unleash(h hostile) {
	p.tried++
	answer, err := p.as("zhouming").Deploy(h.name, h.files...)
	if p.refuses(h, "deploy", answer, err, http.StatusCreated) {
		return
	}
	began := time.Now()
	r := startOfProcess(h.name, h.name, "")
	r.body = map[string]any{"businessKey": h.name, "variables": h.variables}
	if answer, err = p.send(r); p.refuses(h, "start", answer, err, r.status) {
		return
	}
	for deadline := time.Now().Add(p.patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if code := p.seen(h); code != "" {
			p.visible++
			p.slowest = max(p.slowest, time.Since(began))
			p.t.Logf("%s: visible as %s after %s", h.name, code, time.Since(began).Round(time.Millisecond))
			p.remove(h)
			return
		}
	}
	p.fail("%s: started, and not visible to the operators after %s", h.name, p.patience)
	p.remove(h)
}

// refuses reports whether the hostile model goes no further: it was refused with its reason, or wrongly.
func (p *poisoned) refuses(h hostile, what string, answer producttest.Answer, err error, success int) bool {
	if err == nil && answer.Status == success {
		return false
	}
	problem, failure := answer.Problem()
	switch {
	case err != nil:
		p.fail("%s: %s: %v", h.name, what, err)
	case failure != nil:
		p.fail("%s: %s: %v", h.name, what, failure)
	case problem.Status >= 500 || !slices.Contains(h.codes, problem.Code):
		p.fail("%s: %s: %.600s", h.name, what, answer.Body)
	default:
		p.refused++
		p.t.Logf("%s: %s refused: %d %s %v", h.name, what, answer.Status, problem.Code, clipped(fmt.Sprint(problem.Errors)))
	}
	return true
}

func clipped(text string) string { return text[:min(len(text), 200)] }

// seen returns the code of what the operators see of a hostile model, "" for nothing.
func (p *poisoned) seen(h hostile) string {
	var incidents struct {
		Items []store.Incident `json:"items"`
	}
	p.look("wuqiang", "/api/v1/incidents?limit=100", &incidents)
	for _, i := range incidents.Items {
		if i.ProcessKey == h.name && slices.Contains(h.codes, i.Code) {
			return i.Code
		}
	}
	if !h.fires {
		return ""
	}
	var letters struct {
		Items []store.DeadLetter `json:"items"`
	}
	p.look("admin", "/api/v1/dead-letters?limit=100", &letters)
	for _, d := range letters.Items {
		if strings.Contains(d.Reason, "chain") && (strings.Contains(d.Source, "signal") == (h.name == "signal_storm")) {
			return "dead_letter"
		}
	}
	return ""
}

func (p *poisoned) look(user, path string, into any) {
	answer, err := p.as(user).Send(http.MethodGet, path, nil)
	if err != nil || answer.Status != http.StatusOK || json.Unmarshal(answer.Body, into) != nil {
		p.fail("%s: %v %d %.300s", path, err, answer.Status, answer.Body)
	}
}

// remove cancels what is left of a hostile model, as operators would.
func (p *poisoned) remove(h hostile) {
	for _, id := range p.judge.InstancesOf(h.name) {
		if p.judge.Count("SELECT COUNT(*) FROM workflow_instance WHERE id = ? AND ended_at IS NULL", id[:]) == 0 {
			continue
		}
		r := request{user: "wuqiang", path: "/api/v1/instances/" + id.String() + "/cancel", body: map[string]any{}, status: http.StatusOK}
		if answer, err := p.send(r); !r.acknowledged(answer, err) && answer.Status != http.StatusConflict {
			p.fail("%s: cancel: %v %d %.300s", h.name, err, answer.Status, answer.Body)
		}
	}
}

// after holds that the process lives, is well, and has let go of what it took.
func (p *poisoned) after(before int) {
	if !p.process.Running() {
		p.fail("the process has ended: %s", p.process.Log())
		return
	}
	if answer, err := p.client.Send(http.MethodGet, "/_/health", nil); err != nil || answer.Status != http.StatusOK {
		p.fail("health: %v %d", err, answer.Status)
	}
	for _, line := range p.process.Logged("panic") {
		p.fail("a panic: %.300s", line)
	}
	if peak, known := p.process.PeakMemory(); known {
		p.t.Logf("poison: most memory resident %d MiB", peak>>20)
		if peak > memoryBound {
			p.fail("%d MiB were resident, more than %d", peak>>20, memoryBound>>20)
		}
	}
	now := p.goroutines()
	for deadline := time.Now().Add(20 * time.Second); now > before+spareGoroutines && time.Now().Before(deadline); now = p.goroutines() {
		time.Sleep(200 * time.Millisecond)
	}
	if now > before+spareGoroutines {
		p.fail("%d goroutines, %d before", now, before)
	}
}

func (p *poisoned) goroutines() int {
	answer, err := p.client.Send(http.MethodGet, "/metrics", nil)
	if err != nil || answer.Status != http.StatusOK {
		p.fail("metrics: %v %d", err, answer.Status)
		return 0
	}
	for line := range strings.Lines(string(answer.Body)) {
		var n int
		if _, err := fmt.Sscanf(line, "go_goroutines %d", &n); err == nil {
			return n
		}
	}
	p.fail("no go_goroutines among the metrics")
	return 0
}
