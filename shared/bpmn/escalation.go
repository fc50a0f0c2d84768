package bpmn

// escalationRules are those about escalation events. They are Camunda 7's (BpmnParse.parseEscalation… and
// addEscalationEventDefinition), but for the user task, whose worker cannot escalate here.
var escalationRules = map[string]Rule{
	ruleEscalation: {
		Reason: "the escalationRef is no escalation of the file",
		Fix:    "Add an escalation to the file and refer to its id, or let the boundary event catch every escalation without an escalationRef.",
	},
	ruleEscalationCode: {
		Reason: "the event throws an escalation without a code",
		Fix:    "Refer to an escalation of the file that has an escalationCode.",
	},
	ruleEscalationHost: {
		Reason: "the escalation boundary event is on neither a sub-process nor a call activity: nothing can throw one to it",
		Fix:    "Attach it to the sub-process around the event that throws the escalation, or to the call of the process that does.",
	},
	ruleEscalationTwice: {
		Reason: "two boundary events of an activity catch the same escalation",
		Fix:    "Give each of them an escalation of its own; one that catches every escalation stands alone.",
	},
}

// readEscalationEvent reads what an event throws or catches. Unlike an error, an escalation has to be
// declared; a catching event without a code catches every one.
func readEscalationEvent(r *reader, d *node, f *FlowNode) {
	s := f.subject()
	s.line = d.line
	e := &EventDefinition{Trigger: TriggerEscalation}
	f.Event = e
	ref := d.attr("escalationRef")
	declared := referred(r.escalations, ref)
	if ref != "" && declared == nil {
		r.add(ruleEscalation, s, "the escalationRef %s is no escalation of the file", clip(ref))
		return
	}
	if declared != nil {
		e.EscalationCode = declared.attr("escalationCode")
	}
	variable := d.extension("escalationCodeVariable")
	switch {
	case !f.Element.throws():
		e.CodeVariable = variable
		return
	case variable != "":
		r.add(ruleIgnoredExtension, s, "the attribute escalationCodeVariable is ignored at an event that throws an escalation")
	}
	if e.EscalationCode == "" {
		r.add(ruleEscalationCode, s, "")
	}
}

// escalationsOnce applies the rules about the escalation boundary events of one activity.
func (r *reader) escalationsOnce(host *FlowNode) {
	codes := map[string]*FlowNode{}
	var first *FlowNode
	for _, b := range host.Boundary {
		if b.Event == nil || b.Event.Trigger != TriggerEscalation {
			continue
		}
		if !host.Element.embeds() && host.Element != ElementCallActivity {
			r.add(ruleEscalationHost, b.subject(), "the escalation boundary event is on the %s %s: nothing can throw one to it", host.Element, clip(host.ID))
			continue
		}
		code := b.Event.EscalationCode
		same := codes[code]
		switch {
		case first == nil:
			first = b
		case same != nil && code != "":
			r.add(ruleEscalationTwice, b.subject(), "%s catches the escalation %s, too", clip(same.ID), clip(code))
		case code == "" || codes[""] != nil:
			r.add(ruleEscalationTwice, b.subject(), "this event or %s of %s catches every escalation", clip(first.ID), clip(host.ID))
		}
		codes[code] = b
	}
}
