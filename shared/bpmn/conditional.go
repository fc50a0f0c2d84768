package bpmn

import (
	"slices"
	"strings"
)

// conditionalRules are those about conditional events. They are Camunda 7's (BpmnParse.parseConditionalEventDefinition).
var conditionalRules = map[string]Rule{
	ruleNoCondition: {
		Reason: "the conditional event has no condition",
		Fix:    "Write what shall become true as ${…} into the condition of the conditionalEventDefinition.",
	},
	ruleVariableEvents: {
		Reason: "the variableEvents are not a list of create, update and delete",
		Fix:    "Write some of create, update and delete, with commas between them, or remove the attribute.",
	},
	ruleSameCondition: {
		Reason: "two start events of the process have the same condition",
		Fix:    "Keep one, and lead its flow to both ways.",
	},
}

// The changes of a variable that a conditional event may be limited to.
const (
	VariableCreated = "create"
	VariableUpdated = "update"
	VariableDeleted = "delete"
)

// Heeds reports whether a conditional event looks at its condition when a variable is created, updated or deleted.
func (e *EventDefinition) Heeds(variable, change string) bool {
	return e.Trigger == TriggerConditional && (e.VariableName == "" || e.VariableName == variable) &&
		(len(e.VariableEvents) == 0 || slices.Contains(e.VariableEvents, change))
}

// readConditionalEvent reads what a conditional event waits for (BPMN 2.0.2 §10.5.5).
func readConditionalEvent(r *reader, d *node, f *FlowNode) {
	s := f.subject()
	s.line = d.line
	e := &EventDefinition{Trigger: TriggerConditional, VariableName: d.extension("variableName")}
	if text := d.extension("variableEvents"); text != "" {
		for _, part := range strings.Split(text, ",") {
			change := strings.TrimSpace(part)
			if !slices.Contains([]string{VariableCreated, VariableUpdated, VariableDeleted}, change) {
				r.add(ruleVariableEvents, s, "the variableEvents have %s, which is not create, update or delete", clip(change))
			}
			e.VariableEvents = append(e.VariableEvents, change)
		}
	}
	present := false
	for _, c := range d.children {
		if c.bpmn("condition") && !present {
			e.Condition, present = r.condition(c, s)
		}
	}
	if !present { // or empty, which is a warning elsewhere
		r.add(ruleNoCondition, s, "")
	}
	if e.Condition != nil {
		f.Event = e
	}
}

// conditionsOnce demands that no two start events of a process have the same condition.
func (r *reader) conditionsOnce(starts []*FlowNode) {
	seen := map[string]*FlowNode{}
	for _, f := range starts {
		if f.Event != nil && f.Event.Trigger == TriggerConditional {
			r.nameOnce(seen, f, ruleSameCondition, f.Event.Condition.Source())
		}
	}
}
