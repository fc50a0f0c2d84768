// Package engine advances a process instance by one command. It is pure: no I/O, no clock, no
// randomness, no goroutine. The caller loads the instance, calls Step, and writes the changes and
// the new state in one transaction that is fenced by the instance's version.
//
// The caller's duties, in order: hand in the instance as stored (nil for a start), the command with
// a fresh id, the time, and a World; on success write all of the changes or none; on any error throw
// the result away. The same input always gives the same output, ids included.
package engine

import (
	"errors"
	"slices"
	"time"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/fault"
)

const (
	// maxSteps is how many flow nodes one command may enter; beyond it the tokens go on in a command of
	// their own, so that no transaction grows without bound.
	maxSteps = 1000
	// maxStreak is how many flow nodes may be entered without a wait state: more is an endless loop.
	maxStreak = 100_000
	// asyncSteps is what an asynchronous continuation that the model asks for counts among these: it costs
	// a transaction.
	asyncSteps = 100
	// maxTokens is how many tokens an instance may have when one forks: with what they wait for, more do
	// not fit into the 1 MiB of an instance.
	maxTokens = 2000
)

// usualChanges is how many changes most steps make.
const usualChanges = 8

// World answers what the engine may not find out by itself.
type World struct {
	Groups   []string       // of the command's actor: group keys and role codes
	Location *time.Location // in which dates without a zone are read; nil means UTC
	Caller   *Caller        // of a called instance; where nil, Step may return ErrNeedCaller
	// Decisions are the deployed decisions by what names them; where one is missing, Step may return a
	// *NeedDecision.
	Decisions map[DecisionRef]Decision
	// Strict makes an error of an output parameter that cannot be evaluated where an activity is interrupted;
	// else it is left out.
	Strict bool
	// SkipListeners and SkipMappings pass over listeners, and over input and output parameters (Camunda 7
	// skipCustomListeners, skipIoMappings).
	SkipListeners, SkipMappings bool
	// People are the answers to questions about people; where one is missing, Step may return a *NeedPeople.
	People map[Question][]string
	// Substitutes are who stands in for whom among the usernames, for tasks that are created.
	Substitutes map[string]string
}

// Command is one request to an instance. ID, a UUIDv7 made by the caller, is the seed of every id
// that the step makes and the command's name in the history.
type Command struct {
	ID     ID
	Actor  string // username
	Action Action
	Types  Types // of the variables that the action sets, where their values alone do not say it
}

// Step runs a command. in is not changed; it is nil only for Start. The error is a *fault.Error when
// the command cannot be done in this state: nothing has happened then. What goes wrong with the data
// of the process becomes an incident among the changes, not an error.
func Step(p *bpmn.Process, in *Instance, c Command, now time.Time, w World) (*Instance, []Change, error) {
	s := &step{
		process: p, command: c, now: now.UTC().Truncate(time.Millisecond), world: w, instance: &Instance{},
		changes: make([]Change, 0, usualChanges),
	}
	if in != nil {
		s.instance = in.Clone()
	}
	s.instance.begin()
	s.types = c.Types
	if err := c.Action.apply(s); err != nil {
		var need *NeedPeople
		if errors.As(s.failure, &need) { // what failed may have lacked it
			return nil, nil, s.failure
		}
		return nil, nil, err
	}
	s.types = nil
	s.run()
	s.summarize()
	if s.failure != nil {
		return nil, nil, s.failure
	}
	return s.instance, s.changes, nil
}

// step is the state of one call of Step.
type step struct {
	process  *bpmn.Process
	instance *Instance
	command  Command
	now      time.Time
	world    World
	changes  []Change
	ready    []int // tokens that have arrived at a node and have not been looked at, next first
	front    int   // how many of ready have arrived since the last one was looked at
	vacated  []int // scopes that a token has gone from since
	ids      int
	entered  int
	told     bool // the listeners of the end of the instance have run
	// cancelling is set while the instance is cancelled: whatever ends does not end by itself.
	cancelling bool
	types      Types           // of the variables of the command, while it is applied
	streak     int             // nodes entered since the last wait state before this command
	noticed    []ID            // subscriptions whose conditions have to be looked at
	looking    bool            // a condition is being evaluated
	given      Variables       // by who retries
	decided    map[int]decided // in this step, by the token of the business rule task
	concluded  *Approval       // what was decided last in this step
	failure    error           // a breach of the engine's own rules; never the data's fault

	operating bool // an operator's command lets tokens move before its next part
}

// do records a change and applies it.
func (s *step) do(c Change) {
	if c.Kind == VariablesSet || c.Kind == VariablesRemoved {
		s.notice(c)
	}
	s.declare(&c)
	if c.Kind == TimerFired || c.Kind == TimerCancelled {
		s.timerEnds(c.TimerID)
	}
	if t := s.instance.token(c.Token); c.Kind == TokenConsumed && t != nil {
		s.vacated = append(s.vacated, t.Scope)
	}
	if err := s.instance.Apply(c); err != nil && s.failure == nil {
		s.failure = err
	}
	s.changes = append(s.changes, c)
}

func (s *step) newID() ID {
	s.ids++
	return s.command.ID.Derive(s.ids)
}

// arrive notes that a token has come to a node. Tokens are looked at depth first: what comes of one is before
// those that arrived before it, so that a branch goes as far as it can before the next one begins (Camunda 7
// CommandInvocationContext).
func (s *step) arrive(number int) {
	s.ready = slices.Insert(s.ready, s.front, number)
	s.front++
}

// notArrived takes back that a token has come to a node.
func (s *step) notArrived(number int) {
	if i := slices.Index(s.ready, number); i >= 0 {
		s.ready = slices.Delete(s.ready, i, i+1)
		if i < s.front {
			s.front--
		}
	}
}

// run moves tokens until each of them waits, is gone, or has met an incident.
func (s *step) run() {
	for s.failure == nil && s.goesOn() {
		s.front = 0
		s.heed()
		if s.finishVacated() {
			continue
		}
		if len(s.ready) == 0 {
			if !s.settle() {
				return
			}
			continue
		}
		number := s.ready[0]
		s.ready, s.front = s.ready[1:], 0
		if token := s.instance.token(number); token != nil {
			s.enter(*token)
		}
	}
}

// goesOn reports whether tokens may move: in an active instance; in the midst of an operator's command also in a
// suspended one, until no token is left: the command decides then what becomes of the instance.
func (s *step) goesOn() bool {
	if s.operating {
		return !s.instance.State.Ended() && len(s.instance.Tokens) > 0
	}
	return s.instance.State == Active
}

// settle does what is due when no token can move: it ends the instance or an activity that has no
// token left inside, or fires an inclusive join. It reports whether anything happened.
func (s *step) settle() bool {
	if len(s.instance.Tokens) == 0 {
		_ = s.tellEnd() // no token is left that an incident could be of
		s.unwatch(0)
		s.completeInstance()
		return true
	}
	for i := len(s.instance.Scopes) - 1; i > 0; i-- {
		if s.finishEmpty(&s.instance.Scopes[i]) {
			return true
		}
	}
	return s.joinInclusive()
}

// finishVacated ends an activity whose last token has just gone, before any other token moves.
func (s *step) finishVacated() bool {
	for len(s.vacated) > 0 {
		scope := s.instance.scope(s.vacated[0])
		s.vacated = s.vacated[1:]
		if scope != nil && scope.Number != 0 && s.finishEmpty(scope) {
			return true
		}
	}
	return false
}

// finishEmpty ends the activity that has opened a scope if it has no token left inside.
func (s *step) finishEmpty(scope *Scope) bool {
	owner := *s.instance.token(scope.Token)
	if !s.done(owner, scope.Number) {
		return false
	}
	if owner.Returns {
		s.comeBack(owner)
	} else {
		s.finish(owner)
	}
	return true
}

// done reports whether a token is at a node that holds others, has let them in, and none is left.
func (s *step) done(t Token, scope int) bool {
	node := s.node(t)
	return node != nil && node.Holds() && !s.inhabited(scope) && !s.stuck(t.Number) && !s.continues(t.Number) && !slices.Contains(s.ready, t.Number)
}

// inhabited reports whether a token is in a scope.
func (s *step) inhabited(scope int) bool {
	return slices.ContainsFunc(s.instance.Tokens, func(t Token) bool { return t.Scope == scope })
}

// stuck reports whether a token has an incident.
func (s *step) stuck(token int) bool {
	return slices.ContainsFunc(s.instance.Incidents, func(i Incident) bool { return i.Token == token })
}

// enter lets a token that has arrived at a node in, now or by a job.
func (s *step) enter(t Token) {
	node := s.node(t)
	switch {
	case node == nil:
		s.raise(t, false, errNodeUnknown)
	case s.entered >= maxSteps || node.AsyncBefore:
		if err := s.continueBy(t, node, BeforeJob); err != nil {
			s.raise(t, false, err)
		}
	default:
		s.admit(t)
	}
}

// admit lets a token into its node: the scope and the boundary events of an activity first, then what
// the element does. An error leaves nothing behind but the incident.
func (s *step) admit(t Token) {
	s.entered++
	node := s.node(t)
	if node == nil {
		s.raise(t, false, errNodeUnknown)
		return
	}
	err := s.prepare(t, node)
	if err == nil && !s.overtaken(t) {
		err = s.begun(t, node, 0)
	}
	if err != nil {
		s.release(t)
		s.raise(t, false, err)
	}
}

// begun lets a token pass the listeners of its node's start, from one on, and then does what the element
// does.
func (s *step) begun(t Token, node *bpmn.FlowNode, from int) error {
	passed, err := s.notify(t, node, bpmn.ListenStart, from)
	if err != nil || !passed {
		return err
	}
	return behaviorOf(node)(s, t, node)
}

var errNodeUnknown = &dataError{"node_unknown", "the definition has no such flow node"}

// unknown stops a token at a node that the definition has not, or that an event was taken from: the
// definition is not the one that the token came by.
func (s *step) unknown(t Token) {
	if t.Number == 0 { // it stands for a scope
		t = s.instance.Tokens[0]
		if scope := s.instance.scope(t.Scope); scope.Number > 0 {
			t = *s.instance.token(scope.Token)
		}
	}
	if !s.stuck(t.Number) {
		s.raise(t, true, errNodeUnknown)
	}
}

// dataError is a failure that the process's own data or model caused.
type dataError struct {
	code    string
	message string
}

func (e *dataError) Error() string { return e.message }

// raise stops a token at its node with an incident.
func (s *step) raise(t Token, leaving bool, err error) {
	s.incident(t, Incident{Leaving: leaving}, err)
}

func (s *step) incident(t Token, i Incident, err error) {
	code := "evaluation_failed"
	if d, ok := err.(*dataError); ok { //nolint:errorlint // never wrapped
		code = d.code
	} else if e, ok := err.(*expr.EvaluationError); ok { //nolint:errorlint // never wrapped
		code = e.Code
	}
	i.ID, i.Token, i.Node, i.Code, i.Message, i.RaisedAt = s.newID(), t.Number, t.Node, code, err.Error(), s.now
	s.do(Change{Kind: IncidentRaised, Incident: &i})
}

// open reports whether a command may still change the instance.
func (s *step) open() error {
	switch s.instance.State {
	case Active:
		return nil
	case Suspended:
		return ErrSuspended
	default:
		return ErrEnded
	}
}

// The reasons for which a command cannot be done in the instance's state.
var (
	ErrSuspended      = fault.New(fault.Conflict, "instance_suspended", "The instance is suspended.")
	ErrEnded          = fault.New(fault.Conflict, "instance_ended", "The instance has ended.")
	ErrTaskEnded      = fault.New(fault.Conflict, "task_ended", "The task has been completed or cancelled.")
	ErrClaimed        = fault.New(fault.Conflict, "task_claimed", "Somebody else has claimed the task.")
	ErrNotDelegated   = fault.New(fault.Conflict, "task_not_delegated", "The task has not been delegated.")
	ErrNoIncident     = fault.New(fault.NotFound, "incident_not_found", "There is no such open incident.")
	ErrNotSuspended   = fault.New(fault.Conflict, "instance_not_suspended", "The instance is not suspended.")
	ErrNoStart        = fault.New(fault.Invalid, "no_start_event", "The process has no none start event.")
	ErrNoJob          = fault.New(fault.Conflict, "job_ended", "The job has been completed or cancelled.")
	ErrTimerGone      = fault.New(fault.Conflict, "timer_ended", "The timer has fired or was cancelled.")
	ErrNotWaiting     = fault.New(fault.Conflict, "token_not_waiting", "The token waits for nothing that can be signalled, or has gone on.")
	ErrTimerEarly     = fault.New(fault.Conflict, "timer_not_due", "The timer is not due yet.")
	ErrNoSubscription = fault.New(fault.Conflict, "subscription_ended", "The message is not waited for any more.")
)
