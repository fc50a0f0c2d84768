package faults_test

import (
	"syscall"
	"time"

	"diom.io/workflow/test/faults/proxytest"
	"diom.io/workflow/test/producttest"
)

// interruption is what happens to a call at one of its requests.
type interruption struct {
	name, short string
	fate        proxytest.Fate
	kill        bool // the process is killed
	pause       bool // the process stands still, and another one gets the repeat meanwhile
	held        bool // the request reaches the server when the process goes on, not before
}

var (
	kills = []interruption{
		{name: "killed before the request", short: "kb", fate: proxytest.Drop, kill: true},
		{name: "killed after the request", short: "ka", fate: proxytest.Lose, kill: true},
	}
	disturbances = []interruption{
		{name: "an error instead of the request", short: "eb", fate: proxytest.Refuse},
		{name: "a connection that ends before the request", short: "cb", fate: proxytest.Drop},
		{name: "an error although the request was done", short: "ea", fate: proxytest.Lose},
		{name: "a pause before the request", short: "pb", pause: true, held: true},
		{name: "a pause after the request", short: "pa", pause: true},
	}
)

// outcome is what a caller was told.
type outcome struct {
	producttest.Answer
	err error
}

// interrupted is what became of an interrupted call and of its repeat. sprung is the request at which it
// was interrupted, "" when it makes no such request; took is how long the repeat lasted.
type interrupted struct {
	first, second outcome
	sprung        string
	took          time.Duration
}

// interrupt makes a call, has it interrupted at the request that arm names, and repeats it: by the next
// process when the first was killed, by another one while it stands still, by the same one else.
func (f *fixture) interrupt(r request, how interruption, arm func(spring func())) (x interrupted) {
	f.t.Helper()
	resumed, first := make(chan struct{}), make(chan outcome, 1)
	arm(func() {
		switch {
		case how.kill:
			f.process.Kill()
		case how.pause:
			f.process.Signal(syscall.SIGSTOP)
		}
		if how.held {
			<-resumed
		}
	})
	go func() { first <- f.ask(r) }()
	answered := f.await(first, &x.first)
	x.sprung = f.trap.Disarm()
	if x.sprung == "" {
		close(resumed)
		return x
	}
	began := time.Now()
	switch {
	case how.kill:
		f.revive()
		x.second = f.ask(r)
	case how.pause:
		x.second = f.meanwhile(r, func() { close(resumed) })
	default:
		if !answered {
			x.first, answered = <-first, true
		}
		x.second = f.insistOnce(r)
	}
	x.took = time.Since(began)
	if !answered {
		x.first = <-first
	}
	return x
}

// ask makes a call.
func (f *fixture) ask(r request) outcome {
	answer, err := f.send(r)
	return outcome{answer, err}
}

// await waits until the trap has sprung, or the call was answered and the process is quiet again.
func (f *fixture) await(first chan outcome, into *outcome) (answered bool) {
	for !f.trap.Sprung() {
		select {
		case *into = <-first:
			time.Sleep(linger)
			return true
		case <-time.After(time.Millisecond):
		}
	}
	return false
}

// revive starts the process again that was killed.
func (f *fixture) revive() {
	f.t.Helper()
	for deadline := time.Now().Add(callLimit); f.process.Running(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			f.t.Fatal("the process lives although it was killed")
		}
	}
	f.process.Start()
}

// standstill is how long a process stands still at most while another one works.
const standstill = 700 * time.Millisecond

// meanwhile has another process do the call while the first one stands still and its leases have ended.
// The other may wait for rows that the first one holds: then both go on.
func (f *fixture) meanwhile(r request, resume func()) outcome {
	f.t.Helper()
	if f.other == nil {
		f.other = producttest.Serve(f.t, f.options)
	}
	f.unlock()
	client := *f.client
	client.URL = f.other.URL
	second := make(chan outcome, 1)
	go func() { second <- f.sendTo(&client, r) }()
	var o outcome
	select {
	case o = <-second:
		second <- o
	case <-time.After(standstill):
	}
	f.process.Signal(syscall.SIGCONT)
	resume()
	if o = <-second; r.acknowledged(o.Answer, o.err) || r.decently(o.Answer, o.err) != "" {
		return o
	}
	return f.insistOnce(r)
}

// insistOnce makes a call again while it is told to try again.
func (f *fixture) insistOnce(r request) (o outcome) {
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		o = f.ask(r)
		if r.acknowledged(o.Answer, o.err) || o.err == nil && r.decently(o.Answer, o.err) != "" || time.Now().After(deadline) {
			return o
		}
	}
}

// unlock ends the leases on instances, as time would.
func (f *fixture) unlock() {
	f.t.Helper()
	keys, err := f.cache.Keys(f.t.Context(), "*diom:lock:*").Result()
	if err == nil && len(keys) > 0 {
		err = f.cache.Del(f.t.Context(), keys...).Err()
	}
	if err != nil {
		f.t.Fatal(err)
	}
}
