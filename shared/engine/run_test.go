package engine_test

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
)

// run is one process instance under test with everything that its steps wrote.
type run struct {
	t        rapid.TB
	process  *bpmn.Process
	instance *engine.Instance
	history  [][]engine.Change // as it is stored and read again
	replayed *engine.Instance  // what the history gives
	now      time.Time
	steps    int
	outer    *run // what called the instance, or nil
	inner    *run // what was called last, while its caller is under way
	operated bool // an operator has changed what is active, or the definition
	// forget, where it is given, plants a bug: it takes from a stored change what the replay then does not know.
	forget func(c *engine.Change)
}

func newRun(t rapid.TB) *run {
	return &run{t: t, now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
}

func (r *run) load(p *bpmn.Process) {
	r.process, r.instance, r.history, r.replayed = p, nil, nil, &engine.Instance{}
}

// step runs a command and checks what must hold of every step.
// staff are the answers to questions about people in the traces.
var staff = map[engine.Question][]string{
	{Method: engine.ManagerOf, Of: "zhangwei", Level: 1}: {"lina"}, {Method: engine.ManagerOf, Of: "lina", Level: 1}: {"zhaolei"},
	{Method: engine.ManagerOf, Of: "zhaolei", Level: 1}: nil, {Method: engine.UsersInRole, Of: "SUPER_ADMIN", Level: 1}: {"chenjing", "zhaolei"},
}

func (r *run) step(user string, action engine.Action) ([]engine.Change, error) {
	r.t.Helper()
	r.steps++
	c := engine.Command{ID: seed(r.steps), Actor: user, Action: action}
	w := engine.World{Groups: []string{"staff"}, Caller: r.outer.caller()}
	before, _ := json.Marshal(r.instance)
	after, changes, err := advance(r.process, r.instance, c, r.now, w)
	again, repeated, _ := advance(r.process, r.instance, c, r.now, w)
	written := text(r.t, changes)
	if diff := cmp.Diff(written+text(r.t, after), text(r.t, repeated)+text(r.t, again)); diff != "" {
		r.t.Fatalf("the same input gave another output:\n%s", diff)
	}
	if untouched, _ := json.Marshal(r.instance); string(untouched) != string(before) {
		r.t.Fatal("Step changed the instance it was given")
	}
	if err != nil {
		return nil, err
	}
	var stored []engine.Change
	if err := json.Unmarshal([]byte(written), &stored); err != nil {
		r.t.Fatal(err)
	}
	for i := range stored {
		if r.forget != nil {
			r.forget(&stored[i])
		}
	}
	r.instance, r.history = after, append(r.history, stored)
	switch a := action.(type) {
	case engine.Migrate:
		r.process, r.operated = a.Process, true
	case engine.Modify, engine.StartAt, engine.SetVariables:
		r.operated = true
	}
	r.checkReplay()
	r.checkTokens()
	r.checkWaits()
	r.checkCompensations()
	r.checkReturns()
	return changes, nil
}

// checkReplay folds the history, as it is stored, and compares the result with the state (I3).
func (r *run) checkReplay() {
	r.t.Helper()
	r.replayed.Version++
	for _, c := range r.history[len(r.history)-1] {
		if err := r.replayed.Apply(c); err != nil {
			r.t.Fatalf("replay: %v", err)
		}
	}
	if diff := cmp.Diff(text(r.t, r.instance), text(r.t, r.replayed)); diff != "" {
		r.t.Fatalf("the history does not give the state:\n%s", diff)
	}
	if !r.instance.State.Ended() {
		return
	}
	whole, err := engine.Replay(r.history)
	if err != nil {
		r.t.Fatalf("replay: %v", err)
	}
	if diff := cmp.Diff(text(r.t, r.instance), text(r.t, whole)); diff != "" {
		r.t.Fatalf("the whole history does not give the state:\n%s", diff)
	}
}

// checkTokens holds I1: created − consumed = live, and none is live when the instance has ended, nor
// anything else.
func (r *run) checkTokens() {
	r.t.Helper()
	created, consumed := r.count(engine.TokenCreated), r.count(engine.TokenConsumed)
	in := r.instance
	if live := len(in.Tokens); created-consumed != live || created != in.LastToken {
		r.t.Fatalf("tokens: %d created, %d consumed, %d live, last %d", created, consumed, live, in.LastToken)
	}
	if in.State.Ended() != (len(in.Tokens) == 0) {
		r.t.Fatalf("state %s with %d tokens", in.State, len(in.Tokens))
	}
	left := len(in.Tasks) + len(in.Jobs) + len(in.Timers) + len(in.Subscriptions) + len(in.Incidents) + len(in.Compensations) + len(in.Calls) + len(in.Scopes) - 1 +
		len(in.Passed) + len(in.Resumptions)
	if in.State.Ended() && left > 0 {
		r.t.Fatalf("the ended instance has left %s", text(r.t, in))
	}
}

func (r *run) count(kind engine.Kind) int {
	n := 0
	for _, changes := range r.history {
		for _, c := range changes {
			if c.Kind == kind {
				n++
			}
		}
	}
	return n
}

// checkWaits holds I5: each live token waits on exactly one thing that can be named, and each thing
// that is waited for has its token. Boundary events come on top.
func (r *run) checkWaits() {
	r.t.Helper()
	waits := map[int][]string{}
	add := func(token int, what string) { waits[token] = append(waits[token], what) }
	for _, t := range r.instance.Tasks {
		add(t.Token, "task")
	}
	for _, j := range r.instance.Jobs {
		if j.Retries > 0 { // else its incident is waited for
			add(j.Token, "job")
		}
	}
	failed := map[int]bool{}
	for _, i := range r.instance.Incidents {
		if i.Timeout == "" && i.Token > 0 { // else its task is still there, or it is of a timer
			add(i.Token, "incident")
			failed[i.Token] = true
		}
	}
	for _, c := range r.instance.Calls {
		if !failed[c.Token] { // else what came back is kept, and its incident is waited for
			add(c.Token, "call")
		}
		if len(c.Kept) > 0 && !failed[c.Token] && r.instance.State == engine.Active {
			r.t.Fatalf("what came back from %s is forgotten", c.Node)
		}
	}
	events := map[int]bool{}
	for _, t := range r.instance.Timers {
		if t.Listener == "" { // its token waits for the task
			r.checkEvent(t.Token, t.Scope, t.Node, events)
		}
	}
	for _, s := range r.instance.Subscriptions {
		r.checkEvent(s.Token, s.Scope, s.Node, events)
	}
	for token := range events {
		add(token, "event")
	}
	inhabited := map[int]bool{}
	for _, token := range r.instance.Tokens {
		inhabited[token.Scope] = true
	}
	r.checkScopes(inhabited, add)
	live := map[int]bool{}
	for _, token := range r.instance.Tokens {
		live[token.Number] = true
		if len(waits[token.Number]) == 0 && r.joins(token, waits) {
			continue
		}
		if len(waits[token.Number]) != 1 {
			r.t.Fatalf("token %d at %s waits on %v", token.Number, token.Node, waits[token.Number])
		}
	}
	for token, things := range waits {
		if !live[token] {
			r.t.Fatalf("%v without the token %d", things, token)
		}
	}
}

// checkEvent holds that an event is one that its token can wait for, and notes the token if it waits
// for nothing else: at the event itself, or at the event-based gateway before it.
func (r *run) checkEvent(number, scope int, id string, waiting map[int]bool) {
	r.t.Helper()
	event, token := r.process.Node(id), r.token(number)
	if number == 0 {
		r.checkWatch(scope, event)
		return
	}
	if token == nil {
		r.t.Fatalf("%s waits without a token", id)
	}
	at := r.process.Node(token.Node)
	switch {
	case at == event:
		waiting[number] = true
	case event.AttachedTo == at:
		if at.Element == bpmn.ElementStartEvent || at.Element == bpmn.ElementIntermediateCatchEvent {
			r.t.Fatalf("%s is at the border of %s", id, at.ID)
		}
	case at.Element == bpmn.ElementEventBasedGateway && event.Incoming[0].Source == at:
		waiting[number] = true
	default:
		r.t.Fatalf("token %d at %s waits for %s", number, at.ID, id)
	}
}

// checkWatch holds that what starts an event sub-process is waited for by a scope that it stands in.
func (r *run) checkWatch(scope int, event *bpmn.FlowNode) {
	r.t.Helper()
	for _, s := range r.instance.Scopes {
		if s.Number != scope || !event.StartsEventSubProcess() {
			continue
		}
		around := event.Parent.Parent
		if scope == 0 && around == nil || scope > 0 && around != nil && around.ID == r.token(s.Token).Node && s.Variables[bpmn.NumberOfInstances] == nil {
			return
		}
	}
	r.t.Fatalf("scope %d waits for %s", scope, event.ID)
}

// checkScopes holds that a scope belongs to a token at a node that has one, and that whoever is in a
// scope is in a sub-process.
func (r *run) checkScopes(inhabited map[int]bool, add func(int, string)) {
	r.t.Helper()
	for _, scope := range r.instance.Scopes[1:] {
		token := r.token(scope.Token)
		if token == nil || token.Scope != scope.Parent {
			r.t.Fatalf("scope %d of token %d is not where the token is", scope.Number, scope.Token)
		}
		node, instance := r.node(*token)
		if !instance && !node.HasScope() && !token.Returns && !r.given(token.Number) && !r.operated { // an operator may give a token variables of its own
			r.t.Fatalf("%s has a scope", node.ID)
		}
		if node.MultiInstance != nil && !token.Undoes && !r.waitsToEnter(scope.Token) {
			r.checkInstances(scope)
		}
		if inhabited[scope.Number] && !r.begins(scope.Token) {
			add(scope.Token, "scope")
		}
		if inhabited[scope.Number] && !node.Holds() && !token.Returns {
			r.t.Fatalf("there are tokens in %s", node.ID)
		}
		delete(inhabited, scope.Number)
	}
	delete(inhabited, 0)
	for scope := range inhabited {
		r.t.Fatalf("there are tokens in the scope %d, which is closed", scope)
	}
}

// given reports whether a token has a job for a worker, which may have variables of its own.
func (r *run) given(token int) bool {
	for _, j := range r.instance.Jobs {
		if j.Token == token && j.Kind == engine.ExternalJob {
			return true
		}
	}
	return false
}

// begins reports whether a listener of the start of a sub-process is being done: what starts its event sub-processes
// may come meanwhile.
func (r *run) begins(token int) bool {
	return slices.ContainsFunc(r.instance.Jobs, func(j engine.Job) bool {
		return j.Token == token && j.Listener != nil && j.Listener.Event == bpmn.ListenStart
	})
}

// waitsToEnter reports whether a token, to which an operator gave variables, is before or behind its node.
func (r *run) waitsToEnter(token int) bool {
	return r.operated && (slices.ContainsFunc(r.instance.Jobs, func(j engine.Job) bool {
		return j.Token == token && (j.Kind != engine.ExternalJob || j.Listener != nil && j.Listener.Event == bpmn.ListenTake)
	}) || slices.ContainsFunc(r.instance.Incidents, func(i engine.Incident) bool { return i.Token == token && i.Job.IsZero() }))
}

// node returns what a token is at, and whether it is there for one of several instances.
func (r *run) node(t engine.Token) (node *bpmn.FlowNode, instance bool) {
	node = r.process.Node(t.Node)
	for _, scope := range r.instance.Scopes[1:] {
		if owner := r.token(scope.Token); scope.Number == t.Scope && owner != nil && owner.Node == t.Node && !t.Undoes {
			return node.MultiInstance.Instance, true
		}
	}
	return node, false
}

// checkCompensations holds that compensations are in the order of their numbers, that what they were
// completed in is open or kept, and that a token that undoes an activity has its scope.
func (r *run) checkCompensations() {
	r.t.Helper()
	scopes, last := map[int]bool{}, 0
	for _, s := range r.instance.Scopes {
		scopes[s.Number] = true
	}
	for _, c := range r.instance.Compensations {
		scopes[c.Kept] = true
	}
	for _, c := range r.instance.Compensations {
		if !scopes[c.Scope] || c.Number <= last || c.Number > r.instance.LastCompensation {
			r.t.Fatalf("compensation %d after %d of %s in scope %d", c.Number, last, c.Node, c.Scope)
		}
		last = c.Number
	}
	for _, t := range r.instance.Tokens {
		owns := slices.ContainsFunc(r.instance.Scopes, func(s engine.Scope) bool { return s.Token == t.Number && s.Number > 0 })
		if t.Undoes && !owns {
			r.t.Fatalf("token %d undoes %s without its scope", t.Number, t.Node)
		}
	}
}

// checkInstances holds that the counters of an activity say how many instances there are, and that each
// of them has a scope with its index.
func (r *run) checkInstances(scope engine.Scope) {
	r.t.Helper()
	active, indices := int64(0), map[any]bool{}
	for _, t := range r.instance.Tokens {
		if t.Scope != scope.Number {
			continue
		}
		active++
		for _, own := range r.instance.Scopes {
			if own.Number > 0 && own.Token == t.Number {
				indices[own.Variables[bpmn.LoopCounter]] = true
			}
		}
	}
	if r.process.Node(r.token(scope.Token).Node).MultiInstance.Loop != nil {
		if active != 1 || len(indices) != 1 {
			r.t.Fatalf("a loop is done %d times at once", active)
		}
		return
	}
	v := scope.Variables
	total, _ := v[bpmn.NumberOfInstances].(int64)
	completed, _ := v[bpmn.NumberOfCompletedInstances].(int64)
	if v[bpmn.NumberOfActiveInstances] != active || active == 0 || completed+active > total || int64(len(indices)) != active {
		r.t.Fatalf("%d instances with %d indices for %s", active, len(indices), compact(v))
	}
	if scope.Approval != nil {
		r.checkSigners(scope, active, completed)
	} else if node := r.process.Node(r.token(scope.Token).Node); !node.MultiInstance.Sequential && completed+active != total && r.endings(engine.ReturnedCancelled) == 0 && !r.operated {
		r.t.Fatalf("of the parallel instances some are lost: %d for %s", active, compact(v))
	}
}

// joins reports whether a token waits at a join that cannot fire yet.
func (r *run) joins(token engine.Token, waits map[int][]string) bool {
	node := r.process.Node(token.Node)
	arrived, awaited := 0, false
	for _, t := range r.instance.Tokens {
		switch {
		case t.Scope != token.Scope:
		case t.Node == token.Node && len(waits[t.Number]) == 0:
			arrived++
		case r.way(r.process.Node(t.Node), token.Node, map[string]bool{}):
			awaited = true
		}
	}
	return arrived < len(node.Incoming) && (node.Element == bpmn.ElementParallelGateway ||
		node.Element == bpmn.ElementInclusiveGateway && awaited)
}

func (r *run) way(from *bpmn.FlowNode, to string, seen map[string]bool) bool {
	if from.ID == to {
		return true
	}
	if seen[from.ID] {
		return false
	}
	seen[from.ID] = true
	for _, flow := range from.Outgoing {
		if r.way(flow.Target, to, seen) {
			return true
		}
	}
	for _, event := range from.Boundary {
		if r.way(event, to, seen) {
			return true
		}
	}
	return false
}

func (r *run) token(number int) *engine.Token {
	for i := range r.instance.Tokens {
		if r.instance.Tokens[i].Number == number {
			return &r.instance.Tokens[i]
		}
	}
	return nil
}

func text(t rapid.TB, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// seed returns a UUIDv7 that is the same in every run.
func seed(n int) engine.ID {
	return engine.ID{0x01, 0x9c, 0, 0, byte(n >> 8), byte(n), 0x70, 0, 0x80}.Derive(n)
}
