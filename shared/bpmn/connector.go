package bpmn

import "diom.io/workflow/shared/expr"

// WorkError is a camunda:errorEventDefinition of an external task: when Condition is true after a worker
// has answered, the job ends with the BPMN error.
type WorkError struct {
	Condition *expr.Expression
	Code      string
	Message   *expr.Expression // of the error, or nil
}

// workErrors reads them. An errorRef that no error of the file answers is itself the code.
func (r *reader) workErrors(n *node, s subject) []WorkError {
	var list []WorkError
	for _, e := range n.extensions() {
		if e.local != "errorEventDefinition" {
			continue
		}
		at := s
		at.line = e.line
		w := WorkError{Condition: r.expression(at, "expression of the errorEventDefinition", e.raw("expression")), Code: e.attr("errorRef")}
		if declared := referred(r.thrown, w.Code); declared != nil {
			w.Code = declared.attr("errorCode")
			w.Message = r.expression(at, "errorMessage of the error", declared.rawExtension("errorMessage"))
		}
		switch {
		case w.Code == "":
			r.add(ruleNoErrorCode, at, "the errorEventDefinition of the task throws an error without a code")
		case w.Condition != nil:
			list = append(list, w)
		}
	}
	return list
}

// connector reads camunda:connector: a job whose topic is the connectorId, with the connector's own input
// parameters as variables of the job. Its output parameters are evaluated when the job is done.
func (r *reader) connector(n *node, s subject) (*Work, bool) {
	for _, e := range n.extensions() {
		if e.local != "connector" {
			continue
		}
		s.line = e.line
		w := &Work{Priority: r.number(n, s, "taskPriority", r.taskPriority)}
		for _, c := range e.children {
			switch {
			case !extensionSpace(c.space):
			case c.local == "connectorId":
				w.Topic = r.expression(s, "element connectorId", c.text)
			case c.local == "inputOutput":
				w.Locals = r.parameters(c, s, "inputParameter")
				w.Results = r.parameters(c, s, "outputParameter")
			}
		}
		if w.Topic == nil {
			r.add(ruleTopic, s, "the connector has no connectorId")
			return nil, true
		}
		r.servedBy(s, "connector", w.Topic)
		return w, true
	}
	return nil, false
}

// properties reads camunda:properties.
func properties(n *node) map[string]string {
	var all map[string]string
	for _, e := range n.extensions() {
		if e.local != "properties" {
			continue
		}
		for _, c := range e.children {
			if name := c.raw("name"); c.local == "property" && extensionSpace(c.space) && name != "" {
				if all == nil {
					all = map[string]string{}
				}
				all[name] = c.raw("value")
			}
		}
	}
	return all
}
