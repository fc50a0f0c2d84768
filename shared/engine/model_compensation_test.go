package engine_test

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// compensable sometimes gives an activity a compensation event with a handler.
func (m *model) compensable(host string, depth int) {
	m.beside = append(m.beside, host)
	if !m.chance("compensable", 3) {
		return
	}
	event, handler := m.id("boundary"), m.id("undo")
	m.node("boundaryEvent", event, fmt.Sprintf("attachedToRef=%q", host), "<compensateEventDefinition/>")
	fmt.Fprintf(m.out, "<association id=%q sourceRef=%q targetRef=%q/>\n", m.id("to"), event, handler)
	attributes := `isForCompensation="true" ` + m.async()
	switch m.one("handler", "user", "expression", "external", "sub") {
	case "user":
		m.node("userTask", handler, attributes+` camunda:assignee="zhangwei"`, m.repeated())
	case "expression":
		m.node("serviceTask", handler, attributes+` camunda:expression="${a + b}" camunda:resultVariable="undone"`, m.repeated())
	case "external":
		m.node("serviceTask", handler, attributes+` camunda:type="external" camunda:topic="undo"`, m.repeated())
	default:
		m.node("subProcess", handler, attributes, m.repeated()+m.inner("", depth-1, ""))
	}
}

// compensation is the trigger of an event that undoes everything beside it, or one activity.
func (m *model) compensation() string {
	if len(m.beside) == 0 || m.chance("everything", 2) {
		return "<compensateEventDefinition/>"
	}
	return fmt.Sprintf("<compensateEventDefinition activityRef=%q/>", rapid.SampledFrom(m.beside).Draw(m.rt, "undone"))
}

// undoer is sometimes an event sub-process that undoes the sub-process around it.
func (m *model) undoer(depth int) {
	if m.chance("undoer", 4) {
		m.node("subProcess", m.id("undoer"), `triggeredByEvent="true"`, m.inner("<compensateEventDefinition/>", depth-1, m.compensation()))
	}
}

// inner is the content of a sub-process: a start event, a block and an end event with those triggers.
func (m *model) inner(trigger string, depth int, last string) string {
	outside, beside, loose, transaction := m.out, m.beside, m.loose, m.transaction
	m.out, m.beside, m.transaction = &strings.Builder{}, nil, false
	start, end := m.id("start"), m.id("end")
	m.node("startEvent", start, "", trigger)
	m.flow(m.block(start, "", max(depth, 0)), end, "")
	m.node("endEvent", end, "", last)
	content := m.out.String()
	m.out, m.beside, m.loose, m.transaction = outside, beside, loose, transaction
	return content
}

// cancelled is the way out of a transaction that was cancelled.
func (m *model) cancelled(host string) {
	event := m.id("boundary")
	m.node("boundaryEvent", event, fmt.Sprintf("attachedToRef=%q", host), "<cancelEventDefinition/>")
	m.loose++
	m.end(event)
}
