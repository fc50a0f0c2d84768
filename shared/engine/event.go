package engine

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/schedule"
)

// enterCatchEvent waits for a message, a signal or a timer: an intermediate catch event or a receive task. A token
// comes to a link event from the one that throws the link and passes it (BPMN 2.0.2 §10.5.5).
func enterCatchEvent(s *step, t Token, node *bpmn.FlowNode) error {
	switch node.Event.Trigger {
	case bpmn.TriggerLink:
		s.finish(t)
		return nil
	case bpmn.TriggerConditional:
		return s.enterConditional(t, node)
	}
	return s.arm(t, node)
}

// enterEventBasedGateway waits for each of the events behind the gateway; the first one decides (BPMN
// 2.0.2 §13.4.4). All that it waits for belongs to the token at the gateway.
func enterEventBasedGateway(s *step, t Token, node *bpmn.FlowNode) error {
	if s.chosen(t, node) {
		return nil
	}
	for _, flow := range node.Outgoing {
		if err := s.arm(t, flow.Target); err != nil {
			return err
		}
	}
	return nil
}

// ofScope is the scope that a token stands for, 0 for a token that is one.
func ofScope(t Token) int {
	if t.Number > 0 {
		return 0
	}
	return t.Scope
}

// arm lets a token, or a scope, wait for a message, a signal or a timer event. An error event waits for nothing.
func (s *step) arm(t Token, event *bpmn.FlowNode) error {
	switch event.Event.Trigger {
	case bpmn.TriggerTimer:
		timer, err := s.timer(t, event)
		if err != nil {
			return err
		}
		s.do(Change{Kind: TimerCreated, Timer: timer})
	case bpmn.TriggerConditional:
		s.do(Change{Kind: SubscriptionOpened, Subscription: &Subscription{
			ID: s.newID(), Token: t.Number, Scope: ofScope(t), Node: event.ID, Condition: true, CreatedAt: s.now,
		}})
	case bpmn.TriggerMessage, bpmn.TriggerSignal:
		name, err := s.eventName(t, event)
		if err != nil {
			return err
		}
		s.do(Change{Kind: SubscriptionOpened, Subscription: &Subscription{
			ID: s.newID(), Token: t.Number, Scope: ofScope(t), Node: event.ID, Message: name, Signal: event.Event.Trigger == bpmn.TriggerSignal, CreatedAt: s.now,
		}})
	}
	return nil
}

const maxMessageName = 255

// eventName evaluates the name of the message or signal of an event.
func (s *step) eventName(t Token, event *bpmn.FlowNode) (string, error) {
	if event.Event.Trigger == bpmn.TriggerSignal {
		name, err := s.text(t, event.Event.Signal)
		if err == nil && (name == "" || len([]rune(name)) > maxMessageName) {
			err = &dataError{"bad_signal_name", "the signal of " + event.ID + " has no name of 1 to 255 characters"}
		}
		return name, err
	}
	if event.Element == bpmn.ElementReceiveTask && event.Event.Message.IsLiteral() && event.Event.Message.Source() == "" {
		return "", nil // whoever knows the subscription ends it
	}
	name, err := s.text(t, event.Event.Message)
	if err == nil && (name == "" || len([]rune(name)) > maxMessageName) {
		err = &dataError{"bad_message_name", "the message of " + event.ID + " has no name of 1 to 255 characters"}
	}
	return name, err
}

// text evaluates an expression to text; nil is empty.
func (s *step) text(t Token, x *expr.Expression) (string, error) {
	if x == nil {
		return "", nil
	}
	if x.IsLiteral() {
		return x.Source(), nil
	}
	value, err := x.Evaluate(s.environment(t, nil))
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(expr.String(value)), nil
}

// timer works out when a timer event is due. What is past is due now. A cycle goes on only at a
// boundary event, or a start event of an event sub-process, that does not interrupt; elsewhere its first time counts (Camunda 7
// TimerDeclarationImpl).
func (s *step) timer(t Token, event *bpmn.FlowNode) (*Timer, error) {
	timer, err := s.timerOf(t, event, event.Event.Timer, (event.AttachedTo != nil || event.StartsEventSubProcess()) && !event.Interrupting)
	if err == nil {
		timer.Priority, err = s.priority(t, "jobPriority", event.JobPriority)
	}
	return timer, err
}

// timerOf is the timer of an event or of a listener; repeats is whether a cycle goes on.
func (s *step) timerOf(t Token, event *bpmn.FlowNode, when *bpmn.Timer, repeats bool) (*Timer, error) {
	due, cycle, err := Due(when, s.environment(t, nil))
	if failed := new(expr.EvaluationError); errors.As(err, &failed) {
		return nil, failed
	}
	if err != nil {
		return nil, &dataError{"bad_timer", "timer of " + event.ID + ": " + err.Error()}
	}
	timer := &Timer{ID: s.newID(), Token: t.Number, Scope: ofScope(t), Node: event.ID, DueAt: latest(due, s.now)}
	if cycle != "" && repeats {
		timer.Cycle, timer.Anchor = cycle, s.now
	}
	return timer, nil
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Due reads when a timer is due, counted from the environment's time; cycle is its text when it is a
// cycle. An expression may give a date or a text.
func Due(timer *bpmn.Timer, e *expr.Environment) (at time.Time, cycle string, err error) {
	var value expr.Value = timer.Value.Source()
	if !timer.Value.IsLiteral() {
		if value, err = timer.Value.Evaluate(e); err != nil {
			return at, "", err
		}
	}
	if date, ok := value.(time.Time); ok && timer.Kind != bpmn.TimerCycle {
		return date.UTC().Truncate(time.Millisecond), "", inRange(date)
	}
	text := strings.TrimSpace(expr.String(value))
	if text == "" {
		return at, "", errors.New("the value is empty")
	}
	switch timer.Kind {
	case bpmn.TimerDate:
		at, err = schedule.Date(text, e.Location)
	case bpmn.TimerDuration:
		at, err = schedule.After(e.Now, text, e.Location)
	default:
		if _, err := schedule.ParseCycle(text); err != nil {
			return at, "", err
		}
		var ok bool
		if at, ok = NextDue(Timer{Cycle: text, Anchor: e.Now}, e.Location); !ok {
			return at, "", fmt.Errorf("the cycle %q is over", text)
		}
		return at, text, nil
	}
	if err == nil {
		err = inRange(at)
	}
	return at, "", err
}

// NextDue returns when the cycle of a timer that was due Fired times, the last time at DueAt, is due
// again; false when it is over. It is counted from the anchor, so that being late once does not move
// the times after it.
func NextDue(timer Timer, location *time.Location) (time.Time, bool) {
	c, err := schedule.ParseCycle(timer.Cycle)
	if err != nil {
		return time.Time{}, false
	}
	at, ok := c.Due(timer.Anchor, timer.Fired, timer.DueAt, location)
	return at, ok && inRange(at) == nil
}

func inRange(at time.Time) error {
	if at.Year() > 9999 {
		return fmt.Errorf("%s is later than the year 9999", at.Format(time.RFC3339))
	}
	return nil
}

// FireTimer triggers the event of a timer that is due, or, Early, of one that an operator does not wait for.
type FireTimer struct {
	Timer ID
	Early bool
}

// Name is the command's name in the history.
func (FireTimer) Name() string { return "fire" }

func (a FireTimer) apply(s *step) error {
	timer := s.instance.Timer(a.Timer)
	if timer == nil {
		return ErrTimerGone
	}
	if err := s.open(); err != nil {
		return err
	}
	if timer.DueAt.After(s.now) && !a.Early {
		return ErrTimerEarly
	}
	fired := *timer
	fired.Tried, fired.Retries, fired.Failure, fired.FailedNode = false, 0, "", ""
	s.do(Change{Kind: TimerFired, TimerID: fired.ID, Node: fired.Node})
	switch {
	case fired.Cycle == "":
	case fired.DueAt.After(s.now): // nobody has waited for its time, which is still to come (Camunda 7 DurationHelper)
		fired.ID = s.newID()
		s.do(Change{Kind: TimerCreated, Timer: &fired})
	default:
		s.again(fired)
	}
	if fired.Listener != "" {
		s.timedOut(*s.instance.token(fired.Token), fired.Listener)
		return nil
	}
	s.trigger(s.waiter(fired.Token, fired.Scope), fired.Node)
	return nil
}

// again creates the next timer of a cycle.
func (s *step) again(timer Timer) {
	timer.Fired++
	at, ok := NextDue(timer, s.location())
	if !ok {
		return
	}
	timer.ID, timer.DueAt = s.newID(), at
	s.do(Change{Kind: TimerCreated, Timer: &timer})
}

// Correlate delivers a message or a signal to a subscription. The variables go to the scope around the event.
type Correlate struct {
	Subscription ID
	Variables    Variables
	Local        Variables // of the scope of the event itself, where a token is at it
}

// Name is the command's name in the history.
func (Correlate) Name() string { return "correlate" }

func (a Correlate) apply(s *step) error {
	found := s.instance.Subscription(a.Subscription)
	if found == nil || found.Condition {
		return ErrNoSubscription
	}
	if err := s.open(); err != nil {
		return err
	}
	if t := s.waiter(found.Token, found.Scope); t.Number > 0 && t.Node == found.Node {
		s.setLocal(t, a.Local)
	}
	s.receive(*found, a.Variables)
	return nil
}

// receive lets an open subscription have its message or signal.
func (s *step) receive(sub Subscription, variables Variables) {
	kind := MessageReceived
	if sub.Signal {
		kind = SignalReceived
	}
	s.do(Change{Kind: kind, SubscriptionID: sub.ID, Node: sub.Node, Message: sub.Message})
	token := s.waiter(sub.Token, sub.Scope)
	scope := token.Scope
	if token.Node == sub.Node { // an event that a token is at happens once
		scope = s.instance.scopeOf(token)
		s.do(Change{Kind: SubscriptionClosed, SubscriptionID: sub.ID, Node: sub.Node})
	}
	s.setVariables(scope, variables)
	s.trigger(token, sub.Node)
}

// trigger lets an event happen that a token waits for: a boundary event of its activity, an event
// behind its event-based gateway, or the one that it is at; or the start event of an event sub-process, which
// a scope waits for.
func (s *step) trigger(t Token, id string) {
	event := s.process.Node(id)
	switch {
	case event == nil || t.Number == 0 && !event.StartsEventSubProcess():
		s.unknown(t)
	case t.Number == 0:
		s.startEventSubProcess(t.Scope, event)
	case event.AttachedTo != nil && event.Interrupting:
		s.interrupt(t, event)
	case event.AttachedTo != nil:
		s.create(t.Scope, event.ID, "")
	case t.Node != event.ID:
		s.abandon(t)
		s.release(t)
		s.do(Change{Kind: TokenMoved, Token: t.Number, Node: event.ID, Flow: between(t.Node, event)})
		t.Node = event.ID
		s.happen(t)
	default:
		s.finish(t)
	}
}

// between returns the id of the sequence flow from a node to an event.
func between(node string, event *bpmn.FlowNode) string {
	for _, flow := range event.Incoming {
		if flow.Source.ID == node {
			return flow.ID
		}
	}
	return ""
}

// happen lets a token go on that has come to an event because it was triggered. What the event's
// parameters need is evaluated only now; a failure does not lose the event.
func (s *step) happen(t Token) {
	if event := s.process.Node(t.Node); event != nil {
		if err := s.openScope(t, event); err != nil {
			s.incident(t, Incident{Leaving: true, Triggered: true}, err)
			return
		}
		s.happened(t, event, 0)
		return
	}
	s.finish(t)
}

// happened lets a token pass the listeners of the start of an event that has happened, from one on.
func (s *step) happened(t Token, event *bpmn.FlowNode, from int) {
	passed, err := s.notify(t, event, bpmn.ListenStart, from)
	if err != nil {
		s.incident(t, Incident{Leaving: true, Triggered: true}, err)
	}
	if err != nil || !passed {
		return
	}
	s.finish(t)
}
