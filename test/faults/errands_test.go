package faults_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"diom.io/workflow/test/faults/proxytest"
	"diom.io/workflow/test/producttest"
)

// everyWay are the seven ways in which a request is interrupted.
var everyWay = slices.Concat(kills, disturbances)

// errand is work that the product does by itself, and the requests at which it is interrupted: their texts, in
// which %s stands for the point.
type errand struct {
	path
	at     []string
	fresh  bool   // a process does it when it begins
	asks   string // the path at which the sink is asked for it, by one id; "" is nobody
	shared bool   // another process may take the work before this one: then it is set going anew
	any    bool   // an answer of any status is the result: what is refused is not asked for again
}

// errands walks paths and interrupts them in every way at the requests that are named.
type errands struct {
	travel
	wire *proxytest.Trap // of the proxies at which it is interrupted
	ways map[string]int  // interruptions by kind
}

// all interrupts every errand at each of its requests in those ways that choose says, by the number of the
// request: 0, 1, 2 …
func (w *errands) all(list []errand, choose func(n int) []interruption) {
	w.t.Helper()
	n := 0
	for _, e := range list {
		for _, text := range e.at {
			for _, how := range choose(n) {
				w.interrupt(e, text, how)
			}
			n++
		}
	}
}

// two are those ways of the n-th request that CI tries: a kill and a disturbance, so that all have their turn.
func two(n int) []interruption {
	if size(0, 1) == 1 {
		return everyWay
	}
	return []interruption{kills[n%len(kills)], disturbances[n%len(disturbances)]}
}

// one is that way of the n-th request which CI tries where another takes long.
func one(n int) []interruption {
	if size(0, 1) == 1 {
		return everyWay
	}
	return everyWay[n%len(everyWay) : n%len(everyWay)+1]
}

// interrupt has an errand interrupted at a request, and holds that its work is done all the same, once.
func (w *errands) interrupt(e errand, text string, how interruption) {
	w.t.Helper()
	w.path, w.lapse = e.path, false
	point := w.next(how.short)
	began := time.Now()
	defer func() { w.t.Logf("%s at %q: %s", point, text, time.Since(began).Round(time.Millisecond)) }()
	w.prepare(w.fixture, point)
	time.Sleep(linger) // what the preparation set going has ended
	resumed := make(chan struct{})
	resume := sync.OnceFunc(func() { close(resumed) })
	defer resume() // also where the test ends here
	if e.fresh {
		w.process.Kill()
	}
	w.wire.ArmAt(strings.ReplaceAll(text, "%s", point), how.fate, w.springer(how, resumed))
	if e.fresh {
		w.process.Launch()
	}
	triggered := w.until(e, point)
	if w.wire.Disarm() == "" {
		if w.elsewhere(e, point) {
			<-triggered
			w.interrupt(e, text, how)
			return
		}
		w.fail(point, "no request holds %q (%s)\n%s", text, how.name, w.process.Log())
		resume()
		<-triggered
		return
	}
	w.tried++
	w.ways[how.name]++
	switch {
	case how.kill:
		w.revive()
	case how.pause:
		w.instead(point)
		w.process.Signal(syscall.SIGCONT)
		resume()
	}
	w.begun = <-triggered
	if e.fresh && !how.kill { // its next round is in a minute
		w.restart()
	}
	w.lapse = true
	w.arrive(point)
	if e.asks == "" || e.any && how.fate == proxytest.Refuse {
		return
	}
	if ids := w.sink.ids(e.asks, point); len(ids) != 1 {
		w.fail(point, "it was asked for by the ids %v, want one", ids)
	}
}

func (w *errands) springer(how interruption, resumed <-chan struct{}) func() {
	return func() {
		switch {
		case how.kill:
			w.process.Kill()
		case how.pause:
			w.process.Signal(syscall.SIGSTOP)
		}
		if how.held {
			<-resumed
		}
	}
}

// elsewhere reports whether another process has done the work of a point that more than one may do.
func (w *errands) elsewhere(e errand, point string) bool {
	return e.shared && w.effects(w.fixture, point) > 0
}

// until sets the work of a point going and waits until the trap has sprung, another process has done it, or for too
// long. The channel tells whether it was set going.
func (w *errands) until(e errand, point string) <-chan bool {
	triggered := make(chan bool, 1)
	go func() {
		begun := false
		for deadline := time.Now().Add(due); !begun && !w.wire.Sprung() && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			begun = w.trigger(w.fixture, point)
		}
		triggered <- begun
	}()
	for deadline := time.Now().Add(due); !w.wire.Sprung() && !w.elsewhere(e, point) && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	return triggered
}

// instead has another process do the work while the first one stands still and its leases have ended. The
// other may wait for rows that the first one holds.
func (w *errands) instead(point string) {
	w.t.Helper()
	w.unlock()
	if w.other == nil {
		w.other = producttest.Serve(w.t, w.options)
	} else {
		w.other.Start()
	}
	defer w.other.Kill() // or it would do the errands to come
	for deadline := time.Now().Add(2 * standstill); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		w.release()
		if w.effects(w.fixture, point) > 0 {
			return
		}
	}
}

// conclude ends a test of errands: it was interrupted in every way at least so often.
func (w *errands) conclude(t *testing.T, least int) {
	t.Helper()
	conclude(t, conclusion{command: "crash", runs: w.tried, found: w.found, faults: kinds(w.ways, least)})
}

// wired returns errands on a fixture which are interrupted at the proxies of wire.
func wired(f *fixture, wire *proxytest.Trap) *errands {
	return &errands{travel: travel{fixture: f}, wire: wire, ways: map[string]int{}}
}

// once counts what is so or is not.
func once(so bool) int {
	if so {
		return 1
	}
	return 0
}

// requestOf is a path whose work is set going by a request with a key.
func requestOf(name string, r func(point string) request, effects func(f *fixture, point string) int) path {
	return path{
		name: name, prepare: func(*fixture, string) {}, effects: effects,
		trigger: func(f *fixture, point string) bool {
			made := r(point)
			made.key = fmt.Sprint("key-", point)
			a, err := f.send(made)
			return made.acknowledged(a, err)
		},
	}
}
