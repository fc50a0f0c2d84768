package faults_test

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/test/producttest"
)

const (
	eventSenders = 8
	eventsBlock  = 1000 // instances whose events are shuffled together
	lossPercent  = 5
	hurried      = 5 // instances whose events come by every sender at the same time
)

// TestEvents sends the CloudEvents of another system to two processes, as brokers do: each event three
// times in random order, by any mode, again where the acknowledgement was lost, with poison among them.
// Each good event has its effect once, whether somebody waited for it or not; poison is refused or kept
// as a dead letter, and hurts nobody.
func TestEvents(t *testing.T) {
	t.Parallel()
	v := newEvents(t, nil)
	instances := size(700, 83_334)
	for first := 0; first < instances && len(v.found) == 0; first += eventsBlock {
		last := min(first+eventsBlock, instances)
		v.deliver(v.block(first, last))
		v.until("every event of the block has its effect", func() int {
			return last - v.judge.Count("SELECT COUNT(*) FROM workflow_instance WHERE process_key = 'events' AND state = 3")
		})
		v.judgeBlock(first, last)
	}
	v.atOnce(instances, instances+hurried)
	v.rest(instances + hurried)
	found, _ := v.judge.Everything()
	v.found = append(v.found, found...)
	deliveries := instances * len(verbs) * copies
	conclude(t, conclusion{command: "events", runs: v.sent, found: v.found, seed: v.dice.seed, faults: []injected{
		{"repeated", v.repeated, instances * len(verbs) * (copies - 1)}, {"lost", v.lost(), deliveries / 100},
		{"poison", v.poisoned, deliveries / 100}, {"parked", v.waited, min(instances, eventsBlock) / 10},
		{"binary", v.by[inHeaders], deliveries / 10}, {"structured", v.by[inBody], deliveries / 10}, {"batched", v.by[inBatch], deliveries / 10},
	}})
}

// TestEventsFindsPlantedBugs: when the product forgets which events have come, the same run finds it.
func TestEventsFindsPlantedBugs(t *testing.T) {
	t.Parallel()
	v := newEvents(t, withoutInbox)
	const instances = 20
	v.planted = true
	v.deliver(v.block(0, instances))
	v.judgeBlock(0, instances)
	if f := (findings{found: v.found}); !f.finds("instances, want 1") {
		t.Errorf("the inbox is off and was not missed, but: %q", v.found)
	}
}

// events are the deliveries of a run, and what was seen of them.
type events struct {
	*chaos
	losing  []*losing
	planted bool // a guard is off: answers are not judged

	mutex    sync.Mutex
	found    []string
	sent     int // deliveries that were answered
	repeated int
	poisoned int
	waited   int // messages that were parked at one time
	by       [modes]int
	letters  map[string]bool // ids of the poison events that are kept
	poisons  int             // poison events so far
}

// newEvents starts two processes, each behind a proxy that loses acknowledgements, and registers the
// source.
func newEvents(t *testing.T, rewrite func([]byte) []byte) *events {
	t.Helper()
	c := &chaos{fixture: prepare(t, databasetest.DSN(t), databasetest.Redis(t)), dice: roll(t)}
	c.options.Env = nil // events stay in the process
	c.mysql.Rewrite = rewrite
	c.mysql.Start(t)
	c.redis.Start(t)
	v := &events{chaos: c, letters: map[string]bool{}}
	for range 2 {
		p := producttest.Serve(t, c.through())
		c.processes = append(c.processes, p)
		v.losing = append(v.losing, lose(t, p.URL, c.dice, lossPercent))
	}
	c.client = producttest.NewClient(c.processes[0].URL, callLimit)
	v.register()
	return v
}

func (v *events) register() {
	v.t.Helper()
	content, err := os.ReadFile("testdata/events.bpmn")
	if err != nil {
		v.t.Fatal(err)
	}
	if a, err := v.as("zhouming").Deploy("events", producttest.File{Name: "events.bpmn", Content: content}); err != nil || a.Status != http.StatusCreated {
		v.t.Fatalf("deploy: %v %d %s", err, a.Status, a.Body)
	}
	types, mappings := []string{"events.unmapped"}, []any{}
	for _, verb := range verbs {
		types = append(types, "events."+verb)
		mappings = append(mappings, map[string]any{
			"type": "events." + verb, "message": "events-" + verb, "businessKey": "${event.businesskey}", "variables": map[string]any{verb: "${data.amount}"},
		})
	}
	source := map[string]any{"source": eventsSource, "types": types, "keyId": "k", "key": eventsKey, "mappings": mappings}
	if a, err := v.as("admin").Send(http.MethodPost, "/api/v1/event-sources", source); err != nil || a.Status != http.StatusCreated {
		v.t.Fatalf("event source: %v %d %s", err, a.Status, a.Body)
	}
}

// block makes the deliveries of some instances in random order, with one poison event to a hundred.
func (v *events) block(first, last int) []delivery {
	var list []delivery
	for n := first; n < last; n++ {
		for _, verb := range verbs {
			list = append(list, delivery{event: goodEvent(verb, n)})
		}
	}
	for range (len(list) + 99) / 100 {
		p := &poisons[v.poisons%len(poisons)]
		e := badEvent(p, v.poisons, first+v.poisons%(last-first))
		v.poisons++
		list = append(list, delivery{event: e, poison: p})
		if p.kept {
			v.letters[e.ID()] = true
		}
	}
	v.repeated += len(list) * (copies - 1)
	list = slices.Concat(list, list, list)
	for i := range list {
		j := v.dice.below(i + 1)
		list[i], list[j] = list[j], list[i]
	}
	return list
}

// parcel is what one request carries.
type parcel struct {
	how  mode
	list []delivery
}

// deliver sends a block by several senders at once, each delivery by a mode of chance.
func (v *events) deliver(list []delivery) {
	queue, done := make(chan parcel), make(chan struct{})
	var senders, watching sync.WaitGroup
	watching.Go(func() { v.watch(done) })
	for range eventSenders {
		senders.Go(func() {
			for p := range queue {
				v.insist(p.how, p.list)
			}
		})
	}
	for len(list) > 0 {
		how, n := []mode{inHeaders, inHeaders, inBody, inBody, inBatch}[v.dice.below(5)], 1
		if only := list[0].poison; only != nil && only.mode != inAny {
			how = only.mode
		}
		for how == inBatch && n < min(len(list), 2+v.dice.below(9)) && (list[n].poison == nil || list[n].poison.mode == inAny) {
			n++
		}
		queue <- parcel{how, list[:n:n]}
		list = list[n:]
	}
	close(queue)
	senders.Wait()
	close(done)
	watching.Wait()
}

// watch notes how many messages wait at one time.
func (v *events) watch(done <-chan struct{}) {
	for !closed(done) {
		v.waited = max(v.waited, v.judge.Count("SELECT COUNT(*) FROM workflow_inbox WHERE state = 1"))
		time.Sleep(50 * time.Millisecond)
	}
}

// atOnce has every sender deliver the events of an instance, and a poison one, at the same time.
func (v *events) atOnce(first, last int) {
	p := &poisons[slices.IndexFunc(poisons, func(p poison) bool { return p.name == "wrong-data" })]
	for n := first; n < last; n++ {
		list := []delivery{{event: badEvent(p, v.poisons, n), poison: p}}
		v.letters[list[0].event.ID()] = true
		v.poisons++
		for _, verb := range verbs {
			list = append(list, delivery{event: goodEvent(verb, n)})
		}
		for i := range list {
			var senders sync.WaitGroup
			for range eventSenders {
				senders.Go(func() { v.insist(inBody, list[i:i+1]) })
			}
			senders.Wait()
		}
		v.repeated += len(list) * (eventSenders - 1)
	}
	v.until("the hurried events have their effect", func() int {
		return last - v.judge.Count("SELECT COUNT(*) FROM workflow_instance WHERE process_key = 'events' AND state = 3")
	})
	v.judgeBlock(first, last)
}

// insist sends a parcel until each of its events has been answered for good.
func (v *events) insist(how mode, list []delivery) {
	said := "nothing"
	for deadline := time.Now().Add(settled); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		statuses, answer, err := v.send(how, list)
		if err != nil {
			continue // the acknowledgement is lost
		}
		if said = answer; slices.ContainsFunc(statuses, func(s int) bool { return s == http.StatusTooManyRequests || s >= http.StatusInternalServerError }) {
			continue
		}
		v.answered(how, list, statuses, said)
		return
	}
	v.fail("events of %d deliveries were never acknowledged: %s", len(list), said)
}

func (v *events) answered(how mode, list []delivery, statuses []int, said string) {
	for i, d := range list {
		want := http.StatusAccepted
		if d.poison != nil {
			want = d.poison.status
		}
		if statuses[i] != want && !v.planted {
			v.fail("event %s by mode %d: status %d, want %d: %s", d.event.ID(), how, statuses[i], want, said)
		}
		v.mutex.Lock()
		v.sent++
		v.by[how]++
		if d.poison != nil {
			v.poisoned++
		}
		v.mutex.Unlock()
	}
}

func (v *events) fail(format string, arguments ...any) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	v.found = append(v.found, fmt.Sprintf(format, arguments...))
}

func (v *events) lost() (n int) {
	for _, l := range v.losing {
		n += int(l.lost.Load())
	}
	return n
}

// judgeBlock counts the effects of each event.
func (v *events) judgeBlock(first, last int) {
	want := map[string]int{"begin": 1, "first": 1, "second": 1, "third": 1}
	for n := first; n < last; n++ {
		ids := v.judge.InstancesOf(eventsBusinessKey(n))
		if len(ids) != 1 {
			v.fail("%s: %d instances, want 1", eventsBusinessKey(n), len(ids))
			continue
		}
		rows, err := v.judge.Store.History(v.t.Context(), ids[0], 0, 1000)
		if err != nil {
			v.t.Fatal(err)
		}
		got := map[string]int{}
		for _, row := range rows {
			for _, c := range row.Changes {
				if c.Kind == engine.MessageReceived {
					got[c.Node]++
				}
			}
		}
		if !maps.Equal(got, want) {
			v.fail("%s: messages received %v, want each once", eventsBusinessKey(n), got)
		}
	}
}

// rest holds that nothing waits any more, and that poison is kept once each.
func (v *events) rest(instances int) {
	v.t.Helper()
	v.until("the outbox is empty", func() int { return v.judge.Count("SELECT COUNT(*) FROM workflow_history WHERE unsent IS NOT NULL") })
	if n := v.judge.Count("SELECT COUNT(*) FROM workflow_instance"); n != instances {
		v.fail("%d instances, want %d", n, instances)
	}
	if n := v.judge.Count("SELECT COUNT(*) FROM workflow_inbox WHERE state = 2 AND source = ?", eventsSource); n != instances*len(verbs) {
		v.fail("%d events have had their effect, want %d", n, instances*len(verbs))
	}
	if n := v.judge.Count("SELECT COUNT(*) FROM workflow_inbox WHERE state <> 2"); n != 0 {
		v.fail("%d messages are parked or expired", n)
	}
	if n := v.judge.Count("SELECT COUNT(*) FROM workflow_incident"); n != 0 {
		v.fail("%d incidents", n)
	}
	for id := range v.letters {
		if n := v.judge.Count("SELECT COUNT(*) FROM workflow_dead_letter WHERE source = ? AND event_id = ?", eventsSource, id); n != 1 {
			v.fail("%d dead letters of %s, want 1", n, id)
		}
	}
	if n := v.judge.Count("SELECT COUNT(*) FROM workflow_dead_letter"); n != len(v.letters) {
		v.fail("%d dead letters, want %d", n, len(v.letters))
	}
}
