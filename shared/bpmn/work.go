package bpmn

import (
	"strconv"
	"unicode/utf8"

	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/schedule"
)

// workAttributes say who does the work of a task or a throwing message event, in the order in which
// Camunda 7 looks at them (BpmnParse.parseServiceTaskLike).
var workAttributes = [...]string{"type", "class", "delegateExpression", "expression"}

// readWork reads a service or business rule task.
func readWork(r *reader, n *node, f *FlowNode) {
	work, given := r.work(n, f.subject())
	f.Work = work
	if !given {
		r.add(ruleNoWork, f.subject(), "nothing says who does the work of the %s", n.local)
	}
}

// readRuleTask reads a business rule task: its decision comes before all else, as in Camunda 7.
func readRuleTask(r *reader, n *node, f *FlowNode) {
	if n.extension("decisionRef") == "" {
		readWork(r, n, f)
		return
	}
	f.Work = r.decision(n, f.subject())
}

// readSendTask reads a send task: a worker sends, or its message is thrown.
func readSendTask(r *reader, n *node, f *FlowNode) {
	s := f.subject()
	work, given := r.work(n, s)
	f.Work = work
	name, named := r.message(n, s)
	if name != nil {
		f.Event = &EventDefinition{Trigger: TriggerMessage, Message: name}
	}
	if !given && !named {
		r.addFix(ruleNoWork, s, `Name the message in messageRef, or set camunda:type="external" and a camunda:topic.`,
			"nothing says what the sendTask sends")
	}
}

// readReceiveTask reads a receive task, which waits for a message. Without one it waits, as in Camunda 7,
// until its execution is told to go on; its message then has the empty name, which no message has.
func readReceiveTask(r *reader, n *node, f *FlowNode) {
	s := f.subject()
	name, named := r.message(n, s)
	if name != nil {
		f.Event = &EventDefinition{Trigger: TriggerMessage, Message: name}
	}
	f.Instantiates = n.flag("instantiate")
	switch {
	case named:
	case f.Instantiates:
		r.add(ruleNoMessage, s, "")
	default:
		f.Event = &EventDefinition{Trigger: TriggerMessage, Message: expr.Literal("")}
		r.add(ruleNoReceived, s, "")
	}
}

// work reads the implementation of a task or of a messageEventDefinition. given is whether there is one;
// work is nil when it is wrong, which has been reported.
func (r *reader) work(n *node, s subject) (work *Work, given bool) {
	work = &Work{}
	switch {
	case n.ours("function") != "":
		work.Topic = r.function(n, s)
	case n.extension("type") != "":
		work.Topic = r.external(n, s)
		work.Locals, work.Errors = r.fields(n, s), r.workErrors(n, s)
	case n.extension("class") != "":
		work.Topic = r.topic(s, "attribute class", n.rawExtension("class"))
		r.servedBy(s, "class", work.Topic)
		work.Locals = r.fields(n, s)
	case n.extension("delegateExpression") != "":
		work.Topic = r.beanName(s, n.rawExtension("delegateExpression"))
		r.servedBy(s, "bean", work.Topic)
		work.Locals = r.fields(n, s)
	case n.extension("expression") != "":
		work.Expression = r.unchecked(s, "attribute expression", n.rawExtension("expression"))
		work.ResultVariable = resultVariable(n)
		if work.Expression != nil {
			r.beanCall(s, work)
		}
	default:
		if n.hasExtension("connector") {
			return r.connector(n, s)
		}
		return nil, false
	}
	if work.Expression == nil && resultVariable(n) != "" {
		r.add(ruleIgnoredExtension, s, "the attribute resultVariable is ignored: a worker names the variables that it sets")
	}
	if work.Topic == nil && work.Expression == nil {
		return nil, true
	}
	if work.Topic != nil || work.Bean != nil {
		work.Priority = r.number(n, s, "taskPriority", r.taskPriority)
	}
	return work, true
}

// resultVariable reads the attribute by its name and by Activiti's older one.
func resultVariable(n *node) string {
	if name := n.extension("resultVariable"); name != "" {
		return name
	}
	return n.extension("resultVariableName")
}

// external reads the topic of a task with camunda:type.
func (r *reader) external(n *node, s subject) *expr.Expression {
	switch kind := n.extension("type"); kind {
	case "external":
		if n.extension("topic") == "" {
			r.add(ruleTopic, s, "the external task has no topic")
			return nil
		}
		return r.topic(s, "attribute topic", n.rawExtension("topic"))
	case "mail": // a built-in, or a worker: the fields say what to send
		topic := expr.Literal("mail")
		r.servedBy(s, "mail", topic)
		return topic
	case "shell":
		r.addFix(ruleUnsupportedExtension, s, fixExternal, "the type shell would run a command of the operating system, which no version executes")
	default:
		r.addFix(ruleUnsupportedExtension, s, fixExternal, "the type %s is not executed by this version", clip(kind))
	}
	return nil
}

// topic compiles a topic; a literal one must fit its column.
func (r *reader) topic(s subject, where, text string) *expr.Expression {
	topic := r.expression(s, where, text)
	if topic != nil && topic.IsLiteral() && utf8.RuneCountInString(topic.Source()) > maxName {
		r.add(ruleTopic, s, "the %s is longer than %d characters", where, maxName)
		return nil
	}
	return topic
}

// servedBy warns that code of a Java engine has become a topic, unless somebody does its jobs.
func (r *reader) servedBy(s subject, what string, topic *expr.Expression) {
	if topic == nil || topic.IsLiteral() && r.options.Served != nil && r.options.Served(topic.Source()) {
		return
	}
	r.add(ruleWorkerNeeded, s, "the %s does not run here: a worker must fetch the jobs with the topic %s", what, clip(topic.Source()))
}

// number reads an attribute that gives a whole number; without it that of the process counts.
func (r *reader) number(n *node, s subject, attribute string, otherwise *expr.Expression) *expr.Expression {
	e := r.expression(s, "attribute "+attribute, n.rawExtension(attribute))
	if e == nil {
		return otherwise
	}
	if e.IsLiteral() {
		if _, err := strconv.ParseInt(e.Source(), 10, 64); err != nil {
			r.add(rulePriority, s, "the %s %q is not an integer", attribute, clip(e.Source()))
		}
	}
	return e
}

// jobs reads the asynchronous continuations of a node and how often its jobs are tried.
func (r *reader) jobs(n *node, f *FlowNode) {
	s := f.subject()
	f.AsyncBefore = isTrue(n.extension("asyncBefore")) || isTrue(n.extension("async"))
	f.AsyncAfter = isTrue(n.extension("asyncAfter"))
	f.JobPriority = r.number(n, s, "jobPriority", r.jobPriority)
	f.RetryCycle = r.retryCycle(n, s)
}

// retryCycle reads camunda:failedJobRetryTimeCycle of a node or of a multi-instance marker.
func (r *reader) retryCycle(n *node, s subject) *expr.Expression {
	var cycle *expr.Expression
	for _, e := range n.extensions() {
		if e.local != "failedJobRetryTimeCycle" {
			continue
		}
		s.line = e.line
		cycle = r.expression(s, "element failedJobRetryTimeCycle", e.text)
		if cycle == nil || !cycle.IsLiteral() {
			continue
		}
		if _, _, err := schedule.Retries(cycle.Source()); err != nil {
			r.add(ruleRetries, s, "the failedJobRetryTimeCycle is wrong: %s", err)
		}
	}
	return cycle
}
