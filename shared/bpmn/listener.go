package bpmn

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"diom.io/workflow/shared/expr"
)

// The events that a listener may listen to: those of a node or a process, of a sequence flow, and of a
// user task (Camunda 7 BpmnParse.parseExecutionListeners and parseTaskListeners).
const (
	ListenStart      = "start"
	ListenEnd        = "end"
	ListenTake       = "take"
	ListenCreate     = "create"
	ListenAssignment = "assignment"
	ListenUpdate     = "update"
	ListenComplete   = "complete"
	ListenDelete     = "delete"
	ListenTimeout    = "timeout"
)

// What is done with a listener that is a class or a bean, which does not run here.
const (
	ListenersRefused = "refuse" // the model is not deployed; the default
	ListenersIgnored = "ignore" // it has no effect, and a warning says so
	ListenersAsJobs  = "job"    // a job for a worker; the token waits until it is done
)

// Listener is an expression that is evaluated, or a job that is done, when something happens to a node,
// a flow, a user task or the process. Exactly one of Expression and Topic is set.
type Listener struct {
	Event      string
	Expression *expr.Expression
	Topic      *expr.Expression
	// Locals are the variables of the job: its fields, or the text of its script.
	Locals []Parameter
	// ID and Timer belong to ListenTimeout.
	ID    string
	Timer *Timer
}

// Listening returns the listeners of one event, in order.
func Listening(list []Listener, event string) []Listener {
	var found []Listener
	for _, l := range list {
		if l.Event == event {
			found = append(found, l)
		}
	}
	return found
}

// listeners reads camunda:executionListener. At a sequence flow there is but one event.
func (r *reader) listeners(n *node, s subject, flow bool) []Listener {
	var list []Listener
	for _, e := range n.extensions() {
		if e.local != "executionListener" {
			continue
		}
		at := s
		at.line = e.line
		l := Listener{Event: e.attr("event")}
		switch {
		case flow:
			l.Event = ListenTake
		case l.Event != ListenStart && l.Event != ListenEnd:
			r.add(ruleListener, at, "the event %q of the listener is neither start nor end", clip(l.Event))
			continue
		}
		waits := l.Event != ListenEnd || n.local != "process"
		if r.listener(e, at, &l, waits) {
			list = append(list, l)
		}
	}
	return list
}

// taskEvents says of the events of a user task whether a worker may do a listener of it: nothing waits for
// a task that is assigned or cancelled.
var taskEvents = map[string]bool{
	ListenCreate: true, ListenComplete: true,
	ListenAssignment: false, ListenUpdate: false, ListenDelete: false, ListenTimeout: false,
}

// taskListeners reads camunda:taskListener.
func (r *reader) taskListeners(n *node, s subject) []Listener {
	var list []Listener
	for _, e := range n.extensions() {
		if e.local != "taskListener" {
			continue
		}
		at := s
		at.line = e.line
		l := Listener{Event: e.attr("event"), ID: e.attr("id")}
		waits, known := taskEvents[l.Event]
		if !known {
			r.add(ruleListener, at, "the event %q of the task listener is none of create, assignment, update, complete, delete and timeout", clip(l.Event))
			continue
		}
		if l.Event == ListenTimeout && !r.timeout(e, at, &l, list) {
			continue
		}
		if r.listener(e, at, &l, waits) {
			list = append(list, l)
		}
	}
	return list
}

// timeout reads the timer of a listener and demands that its id names it.
func (r *reader) timeout(e *node, s subject, l *Listener, before []Listener) bool {
	if l.ID == "" || slices.ContainsFunc(before, func(b Listener) bool { return b.ID == l.ID }) {
		r.add(ruleListener, s, "the timeout listener %q has no id of its own", clip(l.ID))
		return false
	}
	for _, c := range e.children {
		if c.bpmn("timerEventDefinition") {
			l.Timer = r.timerOf(c, s)
			return l.Timer != nil
		}
	}
	r.add(ruleListener, s, "the timeout listener %s has no timer", clip(l.ID))
	return false
}

// listener reads what a listener does, and reports whether it does anything here.
func (r *reader) listener(e *node, s subject, l *Listener, waits bool) bool {
	switch {
	case e.attr("class") != "":
		l.Topic = r.topic(s, "attribute class", e.raw("class"))
	case e.attr("delegateExpression") != "":
		l.Topic = r.beanName(s, e.raw("delegateExpression"))
	case e.attr("expression") != "":
		l.Expression = r.unchecked(s, "attribute expression", e.raw("expression"))
		if l.Expression != nil && len(l.Expression.Beans()) > 0 {
			return r.beanListener(s, l, waits)
		}
		return l.Expression != nil
	default:
		return r.scriptListener(e, s, l, waits)
	}
	if l.Topic == nil {
		return false
	}
	l.Locals = r.fields(e, s)
	return r.byPolicy(s, l, waits)
}

// beanListener is an expression that calls a bean: a job, if it is no more than that.
func (r *reader) beanListener(s subject, l *Listener, waits bool) bool {
	call := l.Expression.Call()
	if call == nil && r.options.Listeners == ListenersAsJobs {
		r.bean(s, "expression of the listener", l.Expression)
		return false
	}
	name := l.Expression.Beans()[0]
	if call != nil {
		name = call.Path
		l.Locals = arguments(call)
	}
	l.Expression, l.Topic = nil, r.topic(s, "listener", name)
	return l.Topic != nil && r.byPolicy(s, l, waits)
}

// byPolicy decides about a listener that needs a worker.
func (r *reader) byPolicy(s subject, l *Listener, waits bool) bool {
	name := clip(l.Topic.Source())
	switch {
	case r.options.Listeners == ListenersIgnored:
		r.add(ruleIgnoredExtension, s, "the listener %s of the event %s is ignored: its code does not run here", name, l.Event)
		return false
	case r.options.Listeners != ListenersAsJobs:
		r.addFix(ruleUnsupportedExtension, s, "Write it as an expression, or deploy with listeners=job for a worker to do it, or with listeners=ignore.",
			"the listener %s of the event %s is code that does not run here", name, l.Event)
		return false
	case !waits:
		r.addFix(ruleUnsupportedExtension, s, "Write it as an expression.",
			"the listener %s of the event %s cannot be a job: nothing waits for it", name, l.Event)
		return false
	}
	r.servedBy(s, "listener", l.Topic)
	return true
}

// scriptListener reads a listener whose work is in a camunda:script.
func (r *reader) scriptListener(e *node, s subject, l *Listener, waits bool) bool {
	for _, c := range e.children {
		if c.local != "script" || !extensionSpace(c.space) {
			continue
		}
		s.line = c.line
		text := r.script(c, s, "script of the listener")
		switch {
		case text == nil:
			return false
		case text.topic == "":
			l.Expression = text.expression
			return true
		case !waits:
			r.add(ruleUnsupportedLanguage, s, "the script of the event %s is not in JUEL, and nothing waits for a job of it", l.Event)
			return false
		}
		l.Topic, l.Locals = expr.Literal(text.topic), text.locals()
		return true
	}
	r.add(ruleListener, s, "the listener has no class, delegateExpression, expression or script")
	return false
}

// errorText and propertyText are as listenerText.
func errorText(list []WorkError) string {
	var b strings.Builder
	for _, w := range list {
		fmt.Fprintf(&b, "%q %q %q;", w.Code, sourceOf(w.Condition), sourceOf(w.Message))
	}
	return b.String()
}

func propertyText(all map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "%q=%q;", name, all[name])
	}
	return b.String()
}

// listenerText writes listeners so that two texts are alike only when the listeners are.
func listenerText(list []Listener) string {
	var b strings.Builder
	for _, l := range list {
		fmt.Fprintf(&b, "%s %q %q %s", l.Event, sourceOf(l.Expression), sourceOf(l.Topic), parameterText(l.Locals))
		if l.Timer != nil {
			fmt.Fprintf(&b, " %d %q", l.Timer.Kind, sourceOf(l.Timer.Value))
		}
		b.WriteByte(';')
	}
	return b.String()
}
