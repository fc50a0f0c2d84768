package engine

import (
	"fmt"
	"maps"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/fault"
)

// The token at a call activity waits for another instance, which the step does not touch: it records the
// call with the id of the called instance, and whoever commits the step starts it. What becomes of the
// called instance comes back as a command, ReturnCall.

// maxCallDepth is how many calls may be inside of one another.
const maxCallDepth = 16

// Call is a call of another process that has not come back. Its id is that of the called instance.
type Call struct {
	ID          ID               `json:"id"`
	Token       int              `json:"token"`
	Node        string           `json:"node"`
	Key         string           `json:"key"` // of the called process
	Binding     bpmn.CallBinding `json:"binding"`
	Version     int              `json:"version,omitempty"`    // of bpmn.CallVersion
	VersionTag  string           `json:"versionTag,omitempty"` // of bpmn.CallVersionTag
	BusinessKey string           `json:"businessKey,omitempty"`
	// Returned counts what has come back and been dealt with, Kept is what waits: for the instance to be
	// resumed, or for an operator.
	Returned int      `json:"returned,omitempty"`
	Kept     []Return `json:"kept,omitempty"`
}

// Outcome says what a called instance tells its caller.
type Outcome string

// The outcomes. An escalation may leave the called instance as it is; the others are its end.
const (
	ReturnedCompleted  Outcome = "completed"
	ReturnedError      Outcome = "error"
	ReturnedEscalation Outcome = "escalation"
	ReturnedCancelled  Outcome = "cancelled"
)

// Return is what comes back from a called instance. Number counts what it tells its caller, from 1: the
// caller takes it in order and once. Over says that the instance has ended.
type Return struct {
	Number    int       `json:"number"`
	Outcome   Outcome   `json:"outcome"`
	Over      bool      `json:"over,omitempty"`
	Code      string    `json:"code,omitempty"`      // of the error or escalation
	Message   string    `json:"message,omitempty"`   // of the error, or why it was cancelled
	Variables Variables `json:"variables,omitempty"` // of the process scope; where Over, the instance itself has them
	Types     Types     `json:"types,omitempty"`     // of these, where the values alone do not say it
	// Lost says that the caller cannot hold what would come back: who retries the incident gives the variables.
	Lost bool `json:"lost,omitempty"`
}

// enterCallActivity calls a process (BPMN 2.0.2 §13.3.5; Camunda 7 CallableElementActivityBehavior). Nothing
// is passed unless the model says so.
func enterCallActivity(s *step, t Token, node *bpmn.FlowNode) error {
	if s.instance.Depth >= maxCallDepth {
		return &dataError{"call_depth_exceeded", fmt.Sprintf("more than %d calls are inside of one another", maxCallDepth)}
	}
	call, err := s.call(t, node)
	if err != nil {
		return err
	}
	payload, err := s.payload(t, node.Call.In)
	if err != nil {
		return err
	}
	call.ID = s.newID()
	s.typed(payload.types, func() { s.do(Change{Kind: CallStarted, Call: call, Variables: payload.Variables}) })
	return nil
}

// call evaluates what is called.
func (s *step) call(t Token, node *bpmn.FlowNode) (*Call, error) {
	m := node.Call
	call := &Call{Token: t.Number, Node: node.ID, Binding: m.Binding}
	var err error
	if call.Key, err = s.callText(t, "calledElement", m.Key); err != nil {
		return nil, err
	}
	if m.Binding == bpmn.CallVersionTag {
		if call.VersionTag, err = s.callText(t, "calledElementVersionTag", m.VersionTag); err != nil {
			return nil, err
		}
	}
	if m.Binding == bpmn.CallVersion {
		if call.Version, err = s.version(t, "calledElementVersion", m.Version); err != nil {
			return nil, err
		}
	}
	call.BusinessKey, err = s.text(t, m.BusinessKey)
	if err == nil && len([]rune(call.BusinessKey)) > maxMessageName {
		err = &dataError{"bad_business_key", "the business key of the call of " + node.ID + " is longer than 255 characters"}
	}
	return call, err
}

// version evaluates the number of a version.
func (s *step) version(t Token, what string, x *expr.Expression) (int, error) {
	version, err := s.integer(t, what, x)
	if err == nil && (version < 1 || version > 1<<31-1) {
		err = &dataError{"bad_call", fmt.Sprintf("the %s of %s is %d", what, t.Node, version)}
	}
	return int(version), err
}

func (s *step) callText(t Token, what string, x *expr.Expression) (string, error) {
	text, err := s.text(t, x)
	if err == nil && (text == "" || len([]rune(text)) > maxMessageName) {
		err = &dataError{"bad_call", "the " + what + " of " + t.Node + " has no 1 to 255 characters"}
	}
	return text, err
}

// Call returns the call of the instance with the id, or nil.
func (in *Instance) Call(id ID) *Call {
	for i := range in.Calls {
		if in.Calls[i].ID == id {
			return &in.Calls[i]
		}
	}
	return nil
}

// callOf returns the call that a token waits for, or nil.
func (in *Instance) callOf(token int) *Call {
	for i := range in.Calls {
		if in.Calls[i].Token == token {
			return &in.Calls[i]
		}
	}
	return nil
}

// The reasons for which what came back from a call cannot be taken.
var (
	ErrNoCall    = fault.New(fault.Conflict, "call_ended", "The call is not waited for any more, or has told this before.")
	ErrCallOrder = fault.New(fault.Busy, "call_out_of_order", "The called instance has told something else before, which has not come yet.")
)

// ReturnCall brings what a called instance tells its caller.
type ReturnCall struct {
	Call ID
	Return
}

// Name is the command's name in the history.
func (a ReturnCall) Name() string {
	switch a.Outcome {
	case ReturnedError:
		return "throw-call-error"
	case ReturnedEscalation:
		return "escalate-call"
	case ReturnedCancelled:
		return "cancel-call"
	default:
		return "complete-call"
	}
}

func (a ReturnCall) apply(s *step) error {
	call := s.instance.Call(a.Call)
	if call == nil {
		return ErrNoCall
	}
	switch next := call.Returned + len(call.Kept) + 1; {
	case a.Number < next:
		return ErrNoCall
	case a.Number > next:
		return ErrCallOrder
	}
	if s.instance.State == Suspended || len(call.Kept) > 0 {
		s.keep(*call, a.Return)
		return nil
	}
	s.accept(*call, a.Return, false)
	return nil
}

func (s *step) keep(call Call, r Return) {
	s.do(Change{Kind: CallKept, CallID: call.ID, Node: call.Node, Return: &r})
}

// takeKept deals with what a call has told meanwhile, up to what fails.
func (s *step) takeKept(id ID) {
	for call := s.instance.Call(id); call != nil && len(call.Kept) > 0 && !s.stuck(call.Token); call = s.instance.Call(id) {
		s.accept(*call, call.Kept[0], true)
	}
}

// takeAllKept is takeKept for every call of an instance that is resumed.
func (s *step) takeAllKept() {
	for _, call := range s.instance.Clone().Calls {
		s.takeKept(call.ID)
	}
}

// accept deals with one thing that a call has told. What fails is kept, with an incident.
func (s *step) accept(call Call, r Return, kept bool) {
	t := *s.instance.token(call.Token)
	node := s.node(t)
	if node == nil || node.Call == nil {
		if !kept {
			s.keep(call, r)
		}
		s.unknown(t)
		return
	}
	out, err := s.callOutputs(call, node.Call.Out, s.withGiven(r, kept))
	if err != nil {
		if !kept {
			s.keep(call, r)
		}
		s.raise(t, true, err)
		return
	}
	if kept {
		s.do(Change{Kind: CallTaken, CallID: call.ID, Node: call.Node})
	}
	if r.Over {
		s.do(Change{Kind: CallEnded, CallID: call.ID, Node: call.Node, Outcome: string(r.Outcome), Code: r.Code, Reason: r.Message})
	} else {
		s.do(Change{Kind: CallEscalated, CallID: call.ID, Node: call.Node, Code: r.Code})
	}
	s.pass(t, out)
	s.goOn(t, r)
}

// errResultLost asks for the variables that do not fit.
var errResultLost = &dataError{"call_result_too_large", "the instance cannot hold what the called instance gives back; retry with the variables that are needed of it"}

// withGiven is what came back, with what who retries has given.
func (s *step) withGiven(r Return, kept bool) Return {
	if kept && len(s.given) > 0 {
		all := Variables{}
		maps.Copy(all, r.Variables)
		maps.Copy(all, s.given)
		r.Variables, r.Lost = all, false
	}
	return r
}

// goOn lets the token of a call do what the outcome says.
func (s *step) goOn(t Token, r Return) {
	switch r.Outcome {
	case ReturnedError:
		s.throwError(t, r.Code, r.Message)
	case ReturnedEscalation:
		gone, err := s.propagate(t, r.Code)
		switch {
		case err != nil:
			s.raise(t, true, err)
		case !gone && r.Over:
			s.finish(t)
		}
	case ReturnedCancelled:
		s.forsake(t, r.Message)
	default:
		s.finish(t)
	}
}

// returned is what a call gives back: to the scope around the activity, and to that of the activity.
type returned struct{ around, local values }

// callOutputs evaluates the camunda:out of a call among the variables of the called instance; a source that
// is not there is null. The counters of several instances are the caller's own (Camunda 7
// CallableElementActivityBehavior.filterVariables).
func (s *step) callOutputs(call Call, list []bpmn.SignalVariable, r Return) (returned, error) {
	out := returned{newValues(), newValues()}
	if r.Outcome == ReturnedCancelled {
		return out, nil
	}
	if r.Lost {
		return out, errResultLost
	}
	if r.Outcome == ReturnedEscalation {
		if err := s.room(1); err != nil {
			return out, err
		}
	}
	variables := maps.Clone(r.Variables)
	if variables == nil {
		variables = Variables{}
	}
	called := &step{process: s.process, command: s.command, now: s.now, world: s.world, instance: &Instance{
		ID: call.ID, BusinessKey: call.BusinessKey, Scopes: []Scope{{Variables: variables, Types: r.Types}}, Tokens: []Token{{}},
	}}
	for _, v := range list {
		into := out.around
		if v.Local {
			into = out.local
		}
		v.Local = false
		made, err := called.payload(Token{}, []bpmn.SignalVariable{v})
		if err != nil {
			return out, err
		}
		into.addAll(made.Variables, made.types)
	}
	for _, name := range []string{bpmn.NumberOfInstances, bpmn.NumberOfActiveInstances, bpmn.NumberOfCompletedInstances} {
		delete(out.around.Variables, name)
	}
	return out, nil
}

func (s *step) pass(t Token, out returned) {
	s.typed(out.around.types, func() { s.setVariables(s.instance.scopeOf(t), out.around.Variables) })
	if own := s.instance.owned(t.Number); own != nil && len(out.local.Variables) > 0 {
		s.typed(out.local.types, func() { s.do(Change{Kind: VariablesSet, Scope: own.Number, Variables: out.local.Variables}) })
	}
}

// forsake ends the path of a token whose called instance was cancelled, with the scopes that nobody is in
// any more; without a token the instance is cancelled, too (Camunda 7 AbstractDeleteProcessInstanceCmd).
func (s *step) forsake(t Token, reason string) {
	for {
		scope, node := s.instance.scope(t.Scope), s.process.Node(t.Node)
		several := s.instance.body(t) != nil && node != nil && node.MultiInstance != nil && !node.MultiInstance.Sequential
		s.cancelToken(t, reason)
		if s.inhabited(scope.Number) {
			if active, ok := whole(scope.Variables[bpmn.NumberOfActiveInstances]); ok && several {
				s.do(Change{Kind: VariablesSet, Scope: scope.Number, Variables: Variables{bpmn.NumberOfActiveInstances: active - 1}})
			}
			return
		}
		if scope.Number == 0 {
			break
		}
		t = *s.instance.token(scope.Token)
	}
	s.unwatch(0)
	s.cancelled(reason)
}

// FailCall says that the called instance cannot be started: an incident, whose retry calls anew.
type FailCall struct {
	Call          ID
	Code, Message string
}

// Name is the command's name in the history.
func (FailCall) Name() string { return "fail-call" }

func (a FailCall) apply(s *step) error {
	call := s.instance.Call(a.Call)
	if call == nil || call.Returned+len(call.Kept) > 0 {
		return ErrNoCall
	}
	t := *s.instance.token(call.Token)
	s.do(Change{Kind: CallCancelled, CallID: call.ID, Node: call.Node, Reason: a.Code})
	s.release(t)
	s.raise(t, false, &dataError{a.Code, a.Message})
	return nil
}
