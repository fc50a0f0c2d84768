package engine

import (
	"maps"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/expr"
)

// resultOfWorker is the variable in which a worker returns what the method or the script gave; it becomes
// the resultVariable of the task.
const resultOfWorker = "result"

// answered returns the variables that a worker's answer sets.
func answered(node *bpmn.FlowNode, job Job, given Variables) Variables {
	if node == nil || node.Work == nil || node.Work.ResultVariable == "" || job.Listener != nil {
		return given
	}
	value, ok := given[resultOfWorker]
	if !ok {
		return given
	}
	all := maps.Clone(given)
	delete(all, resultOfWorker)
	all[node.Work.ResultVariable] = value
	return all
}

// errs evaluates the conditions under which a worker's answer is a BPMN error, and throws the first that
// holds: when a job is completed and when it fails, before anything else comes of it (Camunda 7
// ExternalTaskEntity.evaluateThrowBpmnError). One that cannot be evaluated is false at a failure, and an
// incident at a completion.
func (s *step) errs(t Token, x externalTask, completed bool) bool {
	node := s.node(t)
	if node == nil || node.Work == nil {
		return false
	}
	for _, w := range node.Work.Errors {
		e := s.environment(t, nil)
		e.Objects["externalTask"] = x
		thrown, err := w.Condition.EvaluateBool(e)
		if err != nil && completed {
			s.do(Change{Kind: JobCompleted, JobID: x.job.ID, Node: x.job.Node, Topic: x.job.Topic})
			s.resolve(x.job)
			s.incident(t, Incident{Leaving: true, Ending: true}, err)
			return true
		}
		if err != nil || !thrown {
			continue
		}
		message := x.message
		if w.Message != nil {
			if value, err := w.Message.Evaluate(e); err == nil {
				message = expr.String(value)
			}
		}
		s.throwError(t, w.Code, message)
		return true
	}
	return false
}

// results evaluates what a connector gives and leaves its node.
func (s *step) results(t Token) {
	node := s.node(t)
	if node == nil || node.Work == nil || len(node.Work.Results) == 0 {
		s.finish(t)
		return
	}
	e, given := s.environment(t, nil), newValues()
	show(e, given, nil)
	for _, p := range node.Work.Results {
		value, kind, err := evaluateParameter(e, p)
		if err != nil {
			s.incident(t, Incident{Leaving: true, Ending: true}, err)
			return
		}
		given.set(p.Name, value, kind)
	}
	s.typed(given.types, func() { s.setVariables(s.instance.scopeOf(t), given.Variables) })
	s.finish(t)
}
