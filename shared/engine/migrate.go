package engine

import (
	"fmt"
	"slices"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/fault"
)

// ErrMigration: the plan does not fit the processes, or the instance.
var ErrMigration = fault.New(fault.Invalid, "bad_migration", "The instance cannot be migrated by this plan.")

// Migrate lets an instance go on by another definition, of the same process or another. What is active at
// a mapped node keeps its state and goes on at the node of the target: tasks, jobs, timers, subscriptions,
// variables. What is not mapped at an activity's border ends, what the target has there begins.
// Sub-processes around may come and go. All is checked before anything changes; a suspended instance may
// be migrated (Camunda 7, I/migration).
type Migrate struct {
	Process      *bpmn.Process // the target
	DefinitionID ID
	Version      int
	Plan         []Mapping
	Reason       string
}

// Name is the command's name in the history.
func (Migrate) Name() string { return "migrate" }

func (a Migrate) apply(s *step) error {
	if s.instance.State.Ended() {
		return ErrEnded
	}
	problems := append(CheckPlan(s.process, a.Process, a.Plan), s.instance.CheckInstance(s.process, a.Process, a.Plan)...)
	if len(problems) > 0 {
		return refused(problems)
	}
	known := slices.Clone(s.instance.Subscriptions)
	m := migration{step: s, source: s.process, images: images(a.Plan), grown: map[growth]int{}, kept: map[int]bool{0: true}}
	m.tokens = m.instance.OutsideIn()
	m.covered = map[string]bool{}
	for _, image := range m.images {
		m.covered[image.Target] = true
	}
	s.do(Change{Kind: InstanceMigrated, Reason: a.Reason, Instance: &Started{
		DefinitionID: a.DefinitionID, ProcessKey: a.Process.Key, ProcessVersion: a.Version,
	}})
	m.leave()
	s.process = a.Process
	if err := m.move(); err != nil {
		return refused([]Problem{{Mapping: -1, Text: err.Error()}})
	}
	m.shed()
	m.recall()
	if err := m.rewatchProcess(); err != nil {
		return refused([]Problem{{Mapping: -1, Text: err.Error()}})
	}
	for _, t := range m.tokens {
		if err := m.refresh(t); err != nil {
			return refused([]Problem{{Mapping: -1, Token: t.Number, Node: t.Node, Text: err.Error()}})
		}
	}
	s.discover(known)
	s.advance()
	return nil
}

func refused(problems []Problem) error {
	details := make([]fault.Detail, 0, len(problems))
	for _, p := range problems {
		pointer := fmt.Sprintf("/instructions/%d", p.Mapping)
		if p.Mapping < 0 {
			pointer = "/tokens/" + fmt.Sprint(p.Token)
		}
		details = append(details, fault.Detail{Pointer: pointer, Code: ErrMigration.Code, Detail: p.Text})
	}
	return ErrMigration.With(details...)
}

// migration is one Migrate under way.
type migration struct {
	*step
	source *bpmn.Process
	images map[string]Mapping
	tokens []Token        // as they were, those outside before those inside
	kept   map[int]bool   // scopes of the process, of mapped nodes and of instances of them
	grown  map[growth]int // the scopes of sub-processes that the target has more
	// covered are the events of the target that an event of the source stands for.
	covered map[string]bool
}

// growth is a sub-process that tokens which were in one scope are in now.
type growth struct {
	scope int // where they were
	node  string
}

// move puts every mapped token where it goes on.
func (m *migration) move() error {
	instances := map[int]bool{}
	for _, t := range m.tokens {
		instances[t.Number] = m.instance.body(t) != nil
	}
	for _, t := range m.tokens {
		image, mapped := m.images[t.Node]
		if !mapped {
			continue
		}
		if own := m.instance.owned(t.Number); own != nil {
			m.kept[own.Number] = true
		}
		scope := t.Scope
		if !instances[t.Number] && !m.stays(t) { // else it stays in the activity as a whole
			var err error
			if scope, err = m.scopeFor(t, m.process.Node(image.Target)); err != nil {
				return err
			}
		}
		m.moveToken(t, scope, image.Target)
	}
	return nil
}

// moveToken records where a token is now, and tells the instance that it has called.
func (m *migration) moveToken(t Token, scope int, node string) {
	if scope == t.Scope && node == t.Node {
		return
	}
	m.do(Change{Kind: TokenMigrated, Token: t.Number, Scope: scope, Node: node})
	if call := m.instance.callOf(t.Number); call != nil && node != t.Node {
		m.do(Change{Kind: CallMoved, CallID: call.ID, Node: node})
	}
}

// scopeFor returns the scope in which a token goes on at a node: the nearest around it that is kept, or a
// sub-process inside of that one which the target has more. Those that were together stay together.
func (m *migration) scopeFor(t Token, node *bpmn.FlowNode) (int, error) {
	scope := t.Scope
	for !m.kept[scope] {
		scope = m.instance.scope(scope).Parent
	}
	around := ""
	if scope != 0 {
		around = m.instance.token(m.instance.scope(scope).Token).Node
	}
	var more []*bpmn.FlowNode
	for p := node.Parent; p != nil && p.ID != around; p = p.Parent {
		more = append(more, p)
	}
	for _, p := range slices.Backward(more) {
		key := growth{t.Scope, p.ID}
		grown, ok := m.grown[key]
		if !ok {
			if err := m.room(1); err != nil {
				return 0, err
			}
			var err error // it interrupts nothing, also where p does when it begins (Camunda 7 MigratingActivityInstanceVisitor)
			if grown, err = m.openLevel(level{node: p}, scope); err != nil {
				return 0, fmt.Errorf("%s cannot be entered: %w", p.ID, err)
			}
			m.grown[key] = grown
		}
		scope = grown
	}
	return scope, nil
}

// leave lets the sub-processes end that the target has not, as the source says it, before those begin that
// it has more (Camunda 7 MigrateProcessInstanceCmd). Their content goes on.
func (m *migration) leave() {
	for _, t := range slices.Backward(m.tokens) {
		if _, mapped := m.images[t.Node]; !mapped {
			m.abandon(t)
			values, _ := m.outputs(t, m.node(t), true)
			m.give(t.Scope, values)
		}
	}
}

// shed ends the tokens of them, whose content is outside now.
func (m *migration) shed() {
	for _, t := range slices.Backward(m.tokens) {
		if _, mapped := m.images[t.Node]; mapped {
			continue
		}
		if own := m.instance.owned(t.Number); own != nil {
			m.unwatch(own.Number)
		}
		m.unbind(t, "migrated")
		m.consume(t, nil)
	}
}

// refresh sees to what a token waits for at its node of the target. t is the token as it was.
func (m *migration) refresh(was Token) error {
	now := m.instance.token(was.Number)
	if now == nil {
		return nil
	}
	t, node := *now, m.node(*now)
	for _, event := range m.events(t.Number, 0) {
		if err := m.event(t, event); err != nil {
			return err
		}
	}
	own := m.instance.owned(t.Number)
	if own != nil && m.kept[own.Number] {
		if err := m.rewatch(own.Number, node, m.inside(t) && m.watches(t)); err != nil {
			return err
		}
	}
	if !m.inside(t) {
		return nil
	}
	if err := m.timers(t, m.source.Node(was.Node), node); err != nil {
		return err
	}
	if node.HasScope() && own == nil {
		m.do(Change{Kind: ScopeOpened, Scope: m.instance.LastScope + 1, Parent: t.Scope, Token: t.Number, Node: node.ID})
	}
	if err := m.armNew(t, node); err != nil {
		return err
	}
	return m.employ(t, was.Node, node)
}

// armNew lets a token wait for the events of its node that it has not waited for before.
func (m *migration) armNew(t Token, node *bpmn.FlowNode) error {
	watched := slices.Clone(node.Boundary)
	if node.Element == bpmn.ElementEventBasedGateway {
		watched = next(node, nil)
	}
	for _, event := range watched {
		if m.covered[event.ID] {
			continue
		}
		if err := m.arm(t, event); err != nil {
			return err
		}
	}
	return nil
}

// inside reports whether a token has entered its node and not done its work.
func (m *migration) inside(t Token) bool {
	for _, i := range m.instance.Incidents {
		if i.Token == t.Number && i.Job.IsZero() && i.Timeout == "" {
			return false
		}
	}
	return !slices.ContainsFunc(m.instance.Jobs, func(j Job) bool {
		return j.Token == t.Number && (j.Kind != ExternalJob || j.Listener != nil && j.Listener.Event == bpmn.ListenTake)
	})
}

// event is a timer or a subscription of a token or a scope; not the timer of a listener.
type event struct {
	node         string
	timer        ID
	subscription ID
}

func (m *migration) events(token, scope int) []event {
	var list []event
	for _, t := range m.instance.Timers {
		if t.Token == token && t.Scope == scope && t.Listener == "" {
			list = append(list, event{node: t.Node, timer: t.ID})
		}
	}
	for _, s := range m.instance.Subscriptions {
		if s.Token == token && s.Scope == scope {
			list = append(list, event{node: s.Node, subscription: s.ID})
		}
	}
	return list
}

// event keeps a timer or a subscription, works it out anew, or ends it where the plan does not map it.
func (m *migration) event(t Token, e event) error {
	image, mapped := m.images[e.node]
	if mapped && !image.UpdateEventTrigger {
		if image.Target != e.node {
			m.do(Change{Kind: EventMigrated, TimerID: e.timer, SubscriptionID: e.subscription, Node: image.Target})
		}
		return nil
	}
	if e.timer.IsZero() {
		m.do(Change{Kind: SubscriptionClosed, SubscriptionID: e.subscription, Node: e.node})
	} else {
		m.do(Change{Kind: TimerCancelled, TimerID: e.timer, Node: e.node})
	}
	if !mapped {
		return nil
	}
	if t.Number == 0 {
		t.Node = image.Target
	}
	return m.arm(t, m.process.Node(image.Target))
}

// employ makes the job of a worker anew where the plan wants it.
func (m *migration) employ(t Token, was string, node *bpmn.FlowNode) error {
	if !m.images[was].UpdateEventTrigger || node.MultiInstance != nil || !toWorker(node) {
		return nil
	}
	for _, job := range slices.Clone(m.instance.Jobs) {
		if job.Token != t.Number || job.Kind != ExternalJob || job.Listener != nil {
			continue
		}
		m.resolve(job)
		m.do(Change{Kind: JobCancelled, JobID: job.ID, Node: job.Node, Topic: job.Topic})
		return m.createJob(t, node)
	}
	return nil
}

func migrateInstance(in *Instance, c Change) {
	in.DefinitionID, in.ProcessKey, in.ProcessVersion = c.Instance.DefinitionID, c.Instance.ProcessKey, c.Instance.ProcessVersion
}

// migrateToken takes what belongs to the token's node along; events have a node of their own.
func migrateToken(in *Instance, c Change) {
	t := in.token(c.Token)
	t.Node, t.Scope = c.Node, c.Scope
	if own := in.owned(c.Token); own != nil {
		own.Parent = c.Scope
	}
	renameWork(in, c)
	for i := range in.Calls {
		if in.Calls[i].Token == c.Token {
			in.Calls[i].Node = c.Node
		}
	}
	for i := range in.Timers {
		if in.Timers[i].Token == c.Token && in.Timers[i].Listener != "" {
			in.Timers[i].Node = c.Node
		}
	}
}

func renameWork(in *Instance, c Change) {
	for i := range in.Tasks {
		if in.Tasks[i].Token == c.Token {
			in.Tasks[i].Node, in.Tasks[i].Version = c.Node, in.Version
		}
	}
	for i := range in.Jobs {
		if in.Jobs[i].Token == c.Token {
			in.Jobs[i].Node = c.Node
		}
	}
	for i := range in.Incidents {
		if in.Incidents[i].Token == c.Token {
			in.Incidents[i].Node = c.Node
		}
	}
}

func migrateEvent(in *Instance, c Change) {
	if timer := in.Timer(c.TimerID); timer != nil {
		timer.Node = c.Node
	}
	if sub := in.Subscription(c.SubscriptionID); sub != nil {
		sub.Node = c.Node
	}
	if done := in.compensation(c.Compensated); done != nil {
		done.Node = c.Node
	}
}
