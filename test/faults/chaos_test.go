package faults_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/test/producttest"
)

const (
	chaosNotes = 2
	// settled is how long everything may take to end once nothing is broken any more: a lease of a dead
	// process has to run out first.
	settled = 90 * time.Second
)

// TestChaos runs two processes of the whole product while they are killed and paused: every event is
// sent three times in random order to either of them, workers die with jobs in their hands. In the end
// every instance has completed, and each event, timer and job has had its effect once.
func TestChaos(t *testing.T) {
	t.Parallel()
	c := newChaos(t)
	count := size(60, 2000)
	c.run(count)
	conclude(t, conclusion{command: "chaos", runs: count, seed: c.dice.seed, faults: []injected{{"kills", c.kills, c.least()}, {"pauses", c.pauses, c.least()}}})
}

// run breaks things while that many instances go from their beginning to their end, and judges them.
func (c *chaos) run(count int) {
	c.t.Helper()
	stop := make(chan struct{})
	var breaking, working sync.WaitGroup
	breaking.Go(c.breakThings)
	for n := range 4 {
		working.Go(func() { c.work(fmt.Sprint("worker-", n), stop) })
	}
	c.sendAll(count)
	c.until("every note has come", func() int { return c.missingNotes(count) })
	c.sendGo(count)
	time.Sleep(time.Duration(size(3, 60)) * time.Second)
	close(c.calm)
	breaking.Wait()
	c.until("every instance has ended", func() int {
		return count - c.judge.Count("SELECT COUNT(*) FROM workflow_instance WHERE state = 3")
	})
	close(stop)
	working.Wait()
	c.judgeAll(count)
}

type chaos struct {
	*fixture
	dice          *dice
	processes     []*producttest.Process
	calm          chan struct{}
	kills, pauses int
}

func newChaos(t *testing.T) *chaos {
	c := &chaos{fixture: prepare(t, databasetest.DSN(t), databasetest.Redis(t)), dice: roll(t), calm: make(chan struct{})}
	c.options.Env = nil // events stay in the process: advance-token is there
	for range 2 {
		c.processes = append(c.processes, producttest.Serve(t, c.options))
	}
	c.client = producttest.NewClient(c.processes[0].URL, 5*time.Second)
	c.listen()
	return c
}

// least is how many kills, and how many pauses, a run promises.
func (*chaos) least() int { return size(2, 40) }

// breakThings kills and pauses one process after the other until it is calm, and as often as is promised.
func (c *chaos) breakThings() {
	for turn := 0; ; turn++ {
		calm := c.calm
		if least := c.least(); c.kills < least || c.pauses < least {
			calm = nil
		}
		select {
		case <-calm:
			return
		case <-time.After(time.Duration(300+c.dice.below(700)) * time.Millisecond):
		}
		victim := c.processes[c.dice.below(len(c.processes))]
		if turn%2 == 0 {
			victim.Kill()
			for victim.Running() {
				time.Sleep(time.Millisecond)
			}
			victim.Start()
			c.kills++
			continue
		}
		victim.Signal(syscall.SIGSTOP)
		time.Sleep(time.Duration(200+c.dice.below(2500)) * time.Millisecond)
		victim.Signal(syscall.SIGCONT)
		c.pauses++
	}
}

// either is a client of one of the processes, by chance.
func (c *chaos) either(username string) *producttest.Client {
	client := c.as(username)
	client.URL = c.processes[c.dice.below(len(c.processes))].URL
	return client
}

// work fetches and completes jobs; now and then it forgets one, as a worker that dies does.
func (c *chaos) work(name string, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		answer, err := c.either("wuqiang").Send(http.MethodPost, "/api/v1/jobs:fetch", map[string]any{
			"workerId": name, "topics": []any{map[string]any{"name": "chaos", "lockSeconds": 2}}, "maxJobs": 5, "waitSeconds": 1,
		})
		var list struct {
			Items []struct {
				ID engine.ID `json:"id"`
			} `json:"items"`
		}
		if err != nil || answer.Status != http.StatusOK || json.Unmarshal(answer.Body, &list) != nil {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		for _, job := range list.Items {
			if c.dice.below(10) == 0 {
				continue
			}
			_, _ = c.either("wuqiang").Send(http.MethodPost, "/api/v1/jobs/"+job.ID.String()+"/complete", map[string]any{"workerId": name}) // else its lock runs out
		}
	}
}

func businessKey(n int) string { return fmt.Sprint("chaos-", n) }

func chaosEvent(verb, id string, n int) event.Event {
	return chaosEventOf(verb, businessKey(n)+"-"+id, businessKey(n))
}

// sendAll sends the begin and the notes of every instance.
func (c *chaos) sendAll(count int) {
	var all []event.Event
	for n := range count {
		all = append(all, chaosEvent("begin", "begin", n))
		for i := range chaosNotes {
			all = append(all, chaosEvent("note", fmt.Sprint("note-", i), n))
		}
	}
	c.send3(all)
}

func (c *chaos) sendGo(count int) {
	var all []event.Event
	for n := range count {
		all = append(all, chaosEvent("go", "go", n))
	}
	c.send3(all)
}

// send3 sends each event three times, all in random order, again and again until it is acknowledged.
func (c *chaos) send3(list []event.Event) {
	list = slices.Concat(list, list, list)
	for i := range list {
		j := c.dice.below(i + 1)
		list[i], list[j] = list[j], list[i]
	}
	queue := make(chan event.Event)
	var senders sync.WaitGroup
	for range 8 {
		senders.Go(func() {
			for e := range queue {
				c.sendOne(e)
			}
		})
	}
	for _, e := range list {
		queue <- e
	}
	close(queue)
	senders.Wait()
}

func (c *chaos) sendOne(e event.Event) {
	raw, err := json.Marshal(e)
	if err != nil {
		c.t.Error(err)
		return
	}
	for deadline := time.Now().Add(settled); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		answer, err := c.either("").Send(http.MethodPost, "/api/v1/events", raw, "Content-Type", event.ApplicationCloudEventsJSON)
		if err == nil && answer.Status/100 == 2 {
			return
		}
		if err == nil && answer.Status != http.StatusTooManyRequests && answer.Status < 500 {
			c.t.Errorf("event %s: %d %.300s", e.ID(), answer.Status, answer.Body)
			return
		}
	}
	c.t.Errorf("event %s was never acknowledged", e.ID())
}

// until waits until nothing is missing any more.
func (c *chaos) until(what string, missing func() int) {
	c.t.Helper()
	n := missing()
	for deadline := time.Now().Add(settled); n > 0 && time.Now().Before(deadline); n = missing() {
		time.Sleep(100 * time.Millisecond)
	}
	if n > 0 {
		for _, p := range c.processes {
			c.t.Log(p.Log())
		}
		c.t.Fatalf("%s: %d are missing", what, n)
	}
}

func (c *chaos) missingNotes(count int) int {
	done := c.judge.Count("SELECT COUNT(*) FROM workflow_inbox WHERE source = ? AND state = 2 AND event_id LIKE '%-note-%'", chaosSource)
	return count*chaosNotes - done
}

// judgeAll counts the effects of every instance.
func (c *chaos) judgeAll(count int) {
	c.t.Helper()
	for n := range count {
		ids := c.judge.InstancesOf(businessKey(n))
		if len(ids) != 1 {
			c.t.Errorf("%s: %d instances", businessKey(n), len(ids))
			continue
		}
		for _, want := range []struct {
			kind engine.Kind
			node string
			n    int
		}{
			{engine.MessageReceived, "begin", 1}, {engine.MessageReceived, "note", chaosNotes}, {engine.MessageReceived, "wait", 1},
			{engine.TimerFired, "later", 1}, {engine.JobCompleted, "work", 3}, {engine.InstanceCompleted, "", 1},
		} {
			if got := c.judge.Changes(ids[0], want.kind, want.node); got != want.n {
				c.t.Errorf("%s: %d times %s at %s, want %d", businessKey(n), got, want.kind, want.node, want.n)
			}
		}
	}
	found, _ := c.judge.Everything()
	for _, problem := range found {
		c.t.Error(problem)
	}
	for _, table := range []string{"workflow_job", "workflow_timer", "workflow_search_variable", "workflow_incident", "workflow_dead_letter", "workflow_inbox WHERE state = 1"} {
		if left := c.judge.Count("SELECT COUNT(*) FROM " + table); left != 0 {
			c.t.Errorf("%d rows are left in %s", left, table)
		}
	}
	c.until("the outbox is empty", func() int {
		return c.judge.Count("SELECT COUNT(*) FROM workflow_history WHERE unsent IS NOT NULL")
	})
}
