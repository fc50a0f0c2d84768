package engine_test

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// watches puts event sub-processes, mostly none, beside what is written. They end with all that they wait for.
func (m *model) watches(depth int) {
	escalation, signals := "", 0
	var beside []watched
	for range rapid.IntRange(-3, 2).Draw(m.rt, "watches") {
		interrupting := m.chance("interrupting", 2)
		kinds := []string{"message", "signal", "timer", "error", "condition"}
		if escalation == "" {
			kinds = append(kinds, "escalation")
		}
		var trigger string
		switch m.one("watch", kinds...) {
		case "message":
			trigger = m.message()
		case "signal":
			trigger = m.signal(signals)
			signals++
		case "condition":
			trigger = m.condition(interrupting)
		case "timer":
			trigger = m.timer(interrupting)
		case "escalation":
			escalation = m.escalation("X1", "")
			trigger = escalation
		default:
			interrupting, trigger = true, m.one("caught", `<errorEventDefinition errorRef="E1"/>`, `<errorEventDefinition camunda:errorCodeVariable="code"/>`)
		}
		beside = append(beside, watched{trigger, m.watch(depth, interrupting, trigger)})
	}
	for i, one := range beside {
		for j, other := range beside {
			m.circles = m.circles || i != j && one.calls(other) && other.calls(one)
		}
	}
}

// watched is an event sub-process: what begins it, and what is in it.
type watched struct{ trigger, content string }

// calls reports whether what is in one may begin the other: as far as the text tells, which is too often rather than too
// seldom. A signal may begin what it is thrown in, too.
func (w watched) calls(other watched) bool {
	switch {
	case strings.Contains(other.trigger, "errorEventDefinition"):
		return strings.Contains(w.content, "<errorEventDefinition errorRef")
	case strings.Contains(other.trigger, "escalationEventDefinition"):
		return strings.Contains(w.content, "<escalationEventDefinition escalationRef")
	}
	return strings.Contains(other.trigger, "signalEventDefinition") && strings.Contains(w.content, other.trigger)
}

func (m *model) watch(depth int, interrupting bool, trigger string) string {
	id, start, end, outside, loose := m.id("watch"), m.id("start"), m.id("end"), m.out, m.loose
	beside, transaction := m.beside, m.transaction
	m.out, m.beside, m.transaction = &strings.Builder{}, nil, false
	m.node("startEvent", start, fmt.Sprintf("isInterrupting=\"%t\" ", interrupting)+m.async(), trigger)
	m.flow(m.block(start, "", max(depth-2, 0)), end, "")
	if depth > 1 {
		m.watches(depth - 2)
	}
	m.node("endEvent", end, "", m.one("watch end", "", "", `<errorEventDefinition errorRef="E1"/>`, "<terminateEventDefinition/>", m.escalation("X1", "X2"), m.compensation()))
	content := m.out.String()
	m.out, m.loose, m.beside, m.transaction = outside, loose, beside, transaction
	m.node("subProcess", id, `triggeredByEvent="true" `+m.async(), content)
	m.circles = m.circles || strings.Contains(trigger, "signalEventDefinition") && strings.Contains(content, "intermediateThrowEvent") && strings.Contains(content, "signalEventDefinition")
	return content
}

// signal is the trigger of the signal with that number; in one scope nothing waits for one twice.
func (m *model) signal(number int) string {
	id := fmt.Sprintf("g%d", number)
	if !strings.Contains(m.messages.String(), fmt.Sprintf("<signal id=%q", id)) {
		fmt.Fprintf(&m.messages, "<signal id=%q name=%q/>", id, "signal-"+id)
	}
	return fmt.Sprintf("<signalEventDefinition signalRef=%q/>", id)
}

// condition is the trigger of a condition. One that may become true again and again looks at a variable that only
// commands set, and is false for the good values.
func (m *model) condition(once bool) string {
	limits := m.one("limits", "", `camunda:variableName="b"`, `camunda:variableEvents="update"`, `camunda:variableName="a" camunda:variableEvents="create, update"`)
	conditions := []string{"${a > 1}", "${a == 2}", "${missing == 1}", "${a / missing}"}
	if once {
		conditions = append(conditions, "${a == 1}", "${a &lt; b}", "${list == 1}", "${list > 1}")
	} else {
		limits = `camunda:variableName="a"`
	}
	condition := m.one("condition", conditions...)
	return fmt.Sprintf("<conditionalEventDefinition %s><condition>%s</condition></conditionalEventDefinition>", limits, condition)
}
