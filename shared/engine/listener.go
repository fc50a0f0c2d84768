package engine

import (
	"slices"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/expr"
)

// A listener that is an expression is evaluated in the step; one that is a job holds its token until a
// worker has done it. The order is Camunda 7's: take, then the job of asyncBefore, the input parameters
// and the boundary events, start, the work of the node, end, the output parameters.

// listening returns the listeners of an event of a node: those of the process before those of its start
// event, for an instance begins with it.
func (s *step) listening(node *bpmn.FlowNode, event string) []bpmn.Listener {
	if s.world.SkipListeners {
		return nil
	}
	list := bpmn.Listening(node.Listeners, event)
	if event == bpmn.ListenStart && node.Parent == nil && (node.Element == bpmn.ElementStartEvent || node.Begins()) {
		list = append(bpmn.Listening(s.process.Listeners, event), list...)
	}
	if node.UserTask != nil && (event == bpmn.ListenCreate || event == bpmn.ListenComplete) {
		list = jobListeners(bpmn.Listening(node.UserTask.Listeners, event))
	}
	return list
}

// jobListeners returns those that a worker does.
func jobListeners(list []bpmn.Listener) []bpmn.Listener {
	return slices.DeleteFunc(list, func(l bpmn.Listener) bool { return l.Topic == nil })
}

// notify runs the listeners of an event from one on. passed is false when a worker must do one first: its
// job goes on behind it.
func (s *step) notify(t Token, node *bpmn.FlowNode, event string, from int) (passed bool, err error) {
	list := s.listening(node, event)
	for i := from; i < len(list); i++ {
		if list[i].Topic != nil {
			return false, s.listenerJob(t, node, list[i], Listener{Event: event, Index: i})
		}
		if err := s.hear(t, nil, list[i]); err != nil {
			return false, err
		}
	}
	return true, nil
}

// hear evaluates a listener. What it gives is dropped; what it sets stays.
func (s *step) hear(t Token, task *Task, l bpmn.Listener) error {
	if l.Expression == nil || l.Expression.IsLiteral() || s.world.SkipListeners {
		return nil
	}
	e := s.environment(t, nil)
	x := execution{s, t, e, l.Event}
	e.Objects["execution"] = x
	if task != nil {
		e.Objects["task"] = taskObject{x, task, true}
	}
	_, err := l.Expression.Evaluate(e)
	return err
}

func (s *step) listenerJob(t Token, node *bpmn.FlowNode, l bpmn.Listener, which Listener) error {
	job, err := s.newJob(t, node, l.Topic, nil)
	if err != nil {
		return err
	}
	job.Listener = &which
	return s.hand(t, job, l.Locals)
}

// taken evaluates the listeners of a flow before tokens move along it.
func (s *step) taken(t Token, flow *bpmn.SequenceFlow) error {
	for _, l := range flow.Listeners {
		if l.Topic != nil {
			continue
		}
		if err := s.hear(t, nil, l); err != nil {
			return err
		}
	}
	return nil
}

// notifyTake creates the job of the next listener of a flow that a worker does. Its token is at the
// target of the flow and enters it when all of them are done.
func (s *step) notifyTake(number int, flow *bpmn.SequenceFlow, from int) {
	for i := from; i < len(flow.Listeners); i++ {
		if flow.Listeners[i].Topic == nil || s.world.SkipListeners {
			continue
		}
		s.notArrived(number)
		t := *s.instance.token(number)
		if err := s.listenerJob(t, flow.Target, flow.Listeners[i], Listener{Event: bpmn.ListenTake, Index: i, Flow: flow.ID}); err != nil {
			s.raise(t, false, err)
		}
		return
	}
}

// listened lets a token go on behind a listener that a worker has done.
func (s *step) listened(t Token, l Listener) {
	node := s.node(t)
	if node == nil || l.Event == bpmn.ListenCreate && node.UserTask == nil {
		s.unknown(t)
		return
	}
	if own := s.instance.owned(t.Number); own != nil && s.instance.body(t) == nil && (l.Event == bpmn.ListenTake || !node.HasScope()) {
		s.do(Change{Kind: ScopeClosed, Scope: own.Number, Node: t.Node}) // it held what the job was given
	}
	var err error
	switch l.Event {
	case bpmn.ListenTake:
		s.arrive(t.Number)
		if flow := s.process.Flow(l.Flow); flow != nil {
			s.notifyTake(t.Number, flow, l.Index+1)
		}
	case bpmn.ListenCreate:
		err = s.offer(t, node, l.Index+1)
	case bpmn.ListenComplete:
		s.completed(t, node, l.Index+1)
	case bpmn.ListenEnd:
		s.finishFrom(t, node, l.Index+1)
	default:
		if behindGateway(node) || node.Begins() {
			s.happened(t, node, l.Index+1)
			return
		}
		err = s.begun(t, node, l.Index+1)
	}
	if err != nil {
		s.release(t)
		s.raise(t, false, err)
	}
}

// behindGateway reports whether a token comes to an event only when it has happened.
func behindGateway(node *bpmn.FlowNode) bool {
	return node.Element == bpmn.ElementIntermediateCatchEvent && len(node.Incoming) > 0 &&
		node.Incoming[0].Source.Element == bpmn.ElementEventBasedGateway
}

// abandon lets the listeners hear of work that is cancelled: of its tasks, then of the node's end. They
// cannot stop it, so one that fails is passed over, and so is one that a worker would do.
func (s *step) abandon(t Token) {
	node := s.node(t)
	if node == nil || !s.working(t.Number) {
		return
	}
	for _, task := range slices.Clone(s.instance.Tasks) {
		if task.Token == t.Number && node.UserTask != nil {
			for _, l := range bpmn.Listening(node.UserTask.Listeners, bpmn.ListenDelete) {
				_ = s.hear(t, &task, l)
			}
		}
	}
	for _, l := range s.listening(node, bpmn.ListenEnd) {
		if l.Topic == nil {
			_ = s.hear(t, nil, l)
		}
	}
}

// working reports whether a token has entered its node and is not done there.
func (s *step) working(token int) bool {
	return !slices.Contains(s.ready, token) &&
		!slices.ContainsFunc(s.instance.Jobs, func(j Job) bool { return j.Token == token && (j.Kind != ExternalJob || j.Listener != nil) }) &&
		!slices.ContainsFunc(s.instance.Incidents, func(i Incident) bool { return i.Token == token && i.Job.IsZero() && i.Timeout == "" })
}

// tellEnd runs the listeners of the end of the instance, once.
func (s *step) tellEnd() error {
	if s.told {
		return nil
	}
	for _, l := range bpmn.Listening(s.process.Listeners, bpmn.ListenEnd) {
		if err := s.hear(Token{}, nil, l); err != nil {
			return err
		}
	}
	s.told = true
	return nil
}

// hand creates a job with variables of its own, in the scope of its token.
func (s *step) hand(t Token, job *Job, locals []bpmn.Parameter) error {
	own := newValues()
	e := s.environment(t, nil)
	for _, p := range locals {
		value, kind, err := evaluateParameter(e, p)
		if err != nil {
			return err
		}
		own.set(p.Name, value, kind)
	}
	if len(own.Variables) > 0 {
		s.fillOwn(t, own)
	}
	job.ID = s.newID()
	s.do(Change{Kind: JobCreated, Job: job})
	return nil
}

// externalTask is the object of that name in the conditions of an external task's errors.
type externalTask struct {
	job              Job
	message, details string
}

// Property returns a property of the job.
func (x externalTask) Property(name string) (expr.Value, error) {
	switch name {
	case "id":
		return x.job.ID.String(), nil
	case "topicName":
		return x.job.Topic, nil
	case "activityId":
		return x.job.Node, nil
	case "priority":
		return x.job.Priority, nil
	case "retries":
		return int64(x.job.Retries), nil
	case "errorMessage":
		return orNull(x.message), nil
	case "errorDetails":
		return orNull(x.details), nil
	case "workerId":
		return nil, nil
	}
	return nil, &expr.EvaluationError{Code: "unknown_property", Name: name, Message: "externalTask has no property " + name}
}

// Call runs a getter.
func (x externalTask) Call(method string, arguments []expr.Value) (expr.Value, error) {
	if name, ok := getter(method); ok && len(arguments) == 0 {
		return x.Property(name)
	}
	return nil, unknownMethod("externalTask", method, len(arguments))
}
