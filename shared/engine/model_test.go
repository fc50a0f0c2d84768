package engine_test

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// model writes a BPMN file of random blocks. A block begins behind a node and ends at one node; unless
// it says otherwise in loose, as many tokens leave it as enter it.
type model struct {
	approvals bool // user tasks may have approval policies
	rt        *rapid.T
	out       *strings.Builder // of the process, or of the sub-process under way
	messages  strings.Builder
	n         int
	loose     int  // blocks so far that may lose or make tokens
	hangs     bool // a parallel join has such a block before it
	circles   bool // event sub-processes may begin one another for ever
	pairs     []pair
	// beside are the activities of the process or sub-process under way; transaction says that it is one.
	beside      []string
	transaction bool
}

// pair is a split and the join that has to follow each of its passes at most once.
type pair struct{ split, join string }

func (m *model) draw() string {
	m.out = &strings.Builder{}
	m.node("startEvent", "start", m.async(), "")
	depth := rapid.IntRange(1, 3).Draw(m.rt, "depth")
	last := m.block("start", "", depth)
	m.node("endEvent", "end", "", "")
	m.flow(last, "end", "")
	m.watches(depth)
	return `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="t">` +
		`<escalation id="X1" escalationCode="X1"/><escalation id="X2" escalationCode="X2"/>` + m.messages.String() + `<process id="p" isExecutable="true">` + m.out.String() + `</process></definitions>`
}

func (m *model) node(kind, id, attributes, content string) {
	fmt.Fprintf(m.out, "<%s id=%q %s>%s</%s>\n", kind, id, attributes, content, kind)
}

func (m *model) flow(from, to, condition string) string {
	id := m.id("f")
	m.flowAs(id, from, to, condition)
	return id
}

func (m *model) flowAs(id, from, to, condition string) {
	if condition != "" {
		condition = "<conditionExpression>" + strings.ReplaceAll(condition, ">", "&gt;") + "</conditionExpression>"
	}
	fmt.Fprintf(m.out, "<sequenceFlow id=%q sourceRef=%q targetRef=%q>%s</sequenceFlow>\n", id, from, to, condition)
}

func (m *model) id(prefix string) string {
	m.n++
	return fmt.Sprintf("%s%d", prefix, m.n)
}

// one draws one of several words.
func (m *model) one(label string, words ...string) string {
	return rapid.SampledFrom(words).Draw(m.rt, label)
}

// chance is true in one of n cases.
func (m *model) chance(label string, n int) bool { return rapid.IntRange(1, n).Draw(m.rt, label) == n }

// async draws the attributes of asynchronous continuations, mostly none.
func (m *model) async() string {
	return m.one("async", "", "", "", "", `camunda:asyncBefore="true"`, `camunda:asyncAfter="true"`,
		`camunda:asyncBefore="true" camunda:asyncAfter="true" camunda:jobPriority="${a}"`)
}

// message declares a message and returns the trigger that waits for it, or sends it.
func (m *model) message() string {
	id := m.id("m")
	fmt.Fprintf(&m.messages, "<message id=%q name=%q/>\n", id, "message-"+id)
	return fmt.Sprintf("<messageEventDefinition messageRef=%q/>", id)
}

func (m *model) timer(interrupting bool) string {
	texts := []string{"<timeDuration>PT10S</timeDuration>", "<timeDuration>PT${a}M</timeDuration>", "<timeDate>2020-01-01T00:00:00Z</timeDate>"}
	if !interrupting {
		texts = append(texts, "<timeCycle>R3/PT10S</timeCycle>", "<timeCycle>0 0/5 * * * ?</timeCycle>")
	}
	return "<timerEventDefinition>" + m.one("timer", texts...) + "</timerEventDefinition>"
}

// mapping draws input and output parameters, mostly none.
func (m *model) mapping() string {
	text := m.one("mapping", "", "", "", `<camunda:inputParameter name="a">${b}</camunda:inputParameter>`,
		`<camunda:inputParameter name="x">${a}</camunda:inputParameter><camunda:outputParameter name="b">${x}</camunda:outputParameter>`,
		`<camunda:outputParameter name="result">${b}</camunda:outputParameter><camunda:outputParameter name="more">${result + a}</camunda:outputParameter>`)
	return m.extensions(text)
}

// repeated draws the mapping of an activity, sometimes with a multi-instance marker, which allows no
// output parameters.
func (m *model) repeated() string {
	if !m.chance("repeated", 5) {
		return m.mapping()
	}
	if m.chance("looped", 4) {
		return m.looped()
	}
	attributes := m.one("instances", "", `camunda:collection="list" camunda:elementVariable="x"`, `camunda:collection="${list}"`)
	count := ""
	if attributes == "" {
		count = "<loopCardinality>" + m.one("cardinality", "2", "${a}", "${a - 1}", "3") + "</loopCardinality>"
	}
	condition := m.one("completion", "", "", "${nrOfCompletedInstances >= a}", "${loopCounter == b}", "${nrOfActiveInstances == 1}")
	if condition != "" {
		condition = "<completionCondition>" + strings.ReplaceAll(condition, ">", "&gt;") + "</completionCondition>"
	}
	input := m.one("input", "", `<extensionElements><camunda:inputOutput><camunda:inputParameter name="b">${loopCounter + a}</camunda:inputParameter></camunda:inputOutput></extensionElements>`)
	return input + fmt.Sprintf("<multiInstanceLoopCharacteristics isSequential=\"%t\" %s %s>%s%s</multiInstanceLoopCharacteristics>",
		m.chance("sequential", 2), attributes, m.async(), count, condition)
}

// block writes one block behind a node and returns the node where it ends.
func (m *model) block(from, condition string, depth int) string {
	kinds := []string{"task", "task", "event", "events"}
	if depth > 0 {
		kinds = append(kinds, "sequence", "sequence", "choice", "split", "loop", "parallel", "parallel", "inclusive", "inclusive", "sub", "sub", "early")
	}
	if m.transaction && depth > 0 {
		kinds = append(kinds, "early", "early", "early", "early")
	}
	switch m.one("block", kinds...) {
	case "sequence":
		return m.block(m.block(from, condition, depth-1), "", depth-1)
	case "choice":
		return m.choice(from, condition, depth)
	case "split":
		return m.split(from, condition, depth)
	case "loop":
		return m.loop(from, condition, depth)
	case "parallel":
		return m.parallel(from, condition, depth)
	case "inclusive":
		return m.inclusive(from, condition, depth)
	case "sub":
		return m.sub(from, condition, depth)
	case "early":
		return m.early(from, condition, depth)
	case "event":
		return m.event(from, condition)
	case "events":
		return m.events(from, condition)
	}
	return m.task(from, condition)
}

// task is an activity of any kind with its boundary events.
func (m *model) task(from, condition string) string {
	if m.approvals && m.chance("person", 2) {
		return m.approval(from, condition)
	}
	kind := m.one("task", "user", "user", "external", "external", "expression", "script", "decision", "bean", "receive", "send", "manual", "call", "call")
	prefix := "task"
	if kind == "call" {
		prefix = kind
	}
	id := m.id(prefix)
	m.flow(from, id, condition)
	attributes, content := m.async(), m.repeated()
	switch kind {
	case "call":
		return m.call(id, attributes, content)
	case "user":
		if m.approvals && m.chance("approval", 2) {
			content = m.policy()
		}
		m.node("userTask", id, `camunda:assignee="zhangwei" `+attributes, m.taskListeners(content))
	case "external":
		m.node("serviceTask", id, `camunda:type="external" camunda:topic="work" camunda:taskPriority="${b}" `+attributes, content)
	case "expression":
		m.node("serviceTask", id, `camunda:expression="${a + b}" camunda:resultVariable="sum" `+attributes, content)
	case "script":
		m.node("scriptTask", id, `scriptFormat="juel" camunda:resultVariable="sum" `+attributes, content+"<script>${a + b}</script>")
	case "decision":
		m.node("businessRuleTask", id, `camunda:decisionRef="pick" camunda:resultVariable="sum" camunda:mapDecisionResult="`+m.one("form", "singleEntry", "resultList")+`" `+attributes, content)
	case "bean":
		m.node("serviceTask", id, `camunda:expression="${bean.work(a)}" camunda:resultVariable="sum" `+attributes, content)
	case "receive", "send":
		trigger := m.message()
		_, ref, _ := strings.Cut(trigger, " ")
		m.node(kind+"Task", id, strings.TrimSuffix(ref, "/>")+" "+attributes, content)
	default:
		m.node("manualTask", id, attributes, content)
	}
	m.compensable(id, 0)
	return m.boundaries(id, kind == "external")
}

// boundaries puts events at the border of an activity and returns where the way behind it goes on.
func (m *model) boundaries(host string, throws bool) string {
	merge, escalation := "", false
	for range rapid.IntRange(-2, 2).Draw(m.rt, "boundaries") {
		kinds := []string{"timer", "message", "condition"}
		if throws {
			kinds = append(kinds, "error")
		}
		if !strings.HasPrefix(host, "task") && !escalation {
			kinds = append(kinds, "escalation", "escalation")
		}
		event, interrupting := m.id("boundary"), m.chance("interrupting", 2)
		attributes := fmt.Sprintf("attachedToRef=%q ", host)
		var trigger string
		switch m.one("boundary", kinds...) {
		case "timer":
			trigger = m.timer(interrupting)
		case "message":
			trigger = m.message()
		case "condition":
			trigger = m.condition(interrupting)
		case "escalation":
			escalation, trigger = true, m.escalation("X2", "") // the event sub-processes inside have the other
		default:
			interrupting, trigger = true, m.one("caught", `<errorEventDefinition errorRef="E1"/>`, `<errorEventDefinition camunda:errorCodeVariable="code"/>`)
		}
		if !interrupting {
			attributes += `cancelActivity="false" `
		}
		m.node("boundaryEvent", event, attributes+m.async(), trigger)
		if m.chance("work", 3) {
			event = m.task(event, "")
		}
		if m.chance("back", 2) {
			m.loose += one(!interrupting)
			if merge == "" {
				merge = m.id("merge")
				m.node("exclusiveGateway", merge, "", "")
			}
			m.flow(event, merge, "")
			continue
		}
		m.loose += one(interrupting)
		m.end(event)
	}
	if merge == "" {
		return host
	}
	m.flow(host, merge, "")
	return merge
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func (m *model) end(from string) {
	end := m.id("end")
	m.flow(from, end, "")
	m.node("endEvent", end, m.async(), "")
}

// event is an intermediate event.
func (m *model) event(from, condition string) string {
	id := m.id("event")
	m.flow(from, id, condition)
	switch m.one("event", "message", "timer", "throw", "none", "link", "escalation", "compensation", "compensation", "signal", "condition") {
	case "message":
		m.node("intermediateCatchEvent", id, m.async(), m.mapping()+m.message())
	case "timer":
		m.node("intermediateCatchEvent", id, m.async(), m.mapping()+m.timer(m.chance("cycle", 2)))
	case "throw":
		m.node("intermediateThrowEvent", id, m.async(), m.mapping()+m.message())
	case "signal":
		m.node("intermediateThrowEvent", id, m.async(), m.mapping()+m.signal(rapid.IntRange(0, 1).Draw(m.rt, "signal")))
	case "condition":
		m.hangs = true // nothing sets a variable for its own sake
		m.node("intermediateCatchEvent", id, m.async(), m.mapping()+m.condition(true))
	case "link":
		return m.link(id)
	case "compensation":
		m.node("intermediateThrowEvent", id, m.async(), m.mapping()+m.compensation())
	case "escalation":
		m.node("intermediateThrowEvent", id, m.async(), m.mapping()+m.escalation("X1", "X2"))
	default:
		m.node("intermediateThrowEvent", id, m.async(), m.mapping())
	}
	return id
}

// link makes an event throw a link and returns the one that catches it.
func (m *model) link(id string) string {
	target, trigger := m.id("target"), fmt.Sprintf("<linkEventDefinition name=%q/>", id)
	m.node("intermediateThrowEvent", id, m.async(), m.mapping()+trigger)
	m.node("intermediateCatchEvent", target, m.async(), m.mapping()+trigger)
	return target
}

// escalation draws the trigger of one of the escalations with these ids; without an id it catches all.
func (m *model) escalation(ids ...string) string {
	return strings.Replace(fmt.Sprintf("<escalationEventDefinition escalationRef=%q/>", m.one("escalation", ids...)), `escalationRef=""`, `camunda:escalationCodeVariable="code"`, 1)
}

// events is an event-based gateway.
func (m *model) events(from, condition string) string {
	gateway, merge := m.id("either"), m.id("merge")
	m.flow(from, gateway, condition)
	m.node("eventBasedGateway", gateway, "", "")
	m.node("exclusiveGateway", merge, "", "")
	for i := range rapid.IntRange(2, 3).Draw(m.rt, "events") {
		id, trigger := m.id("event"), m.message()
		if i == 1 {
			trigger = m.timer(true)
		}
		if i == 2 {
			trigger = m.condition(true)
		}
		m.flow(gateway, id, "")
		m.node("intermediateCatchEvent", id, m.async(), m.mapping()+trigger)
		m.flow(id, merge, "")
	}
	return merge
}

// choice is an exclusive split and merge; it has a default flow most of the time.
func (m *model) choice(from, condition string, depth int) string {
	split, merge := m.id("split"), m.id("merge")
	m.flow(from, split, condition)
	for i := range rapid.IntRange(1, 3).Draw(m.rt, "branches") {
		m.flow(m.block(split, fmt.Sprintf("${a == %d}", i), depth-1), merge, "")
	}
	attributes := ""
	if m.chance("default", 4) {
		m.flow(split, merge, "${b > 0}")
	} else {
		attributes = fmt.Sprintf(`default=%q`, m.flow(split, merge, ""))
	}
	m.node("exclusiveGateway", split, attributes+" "+m.async(), "")
	m.node("exclusiveGateway", merge, "", "")
	return merge
}

// split is a task with several conditional flows; its branches merge without joining.
func (m *model) split(from, condition string, depth int) string {
	m.loose++
	merge, task, direct := m.id("merge"), m.id("task"), m.id("direct")
	m.flow(from, task, condition)
	m.node("userTask", task, fmt.Sprintf(`camunda:assignee="zhangwei" default=%q`, direct), m.mapping())
	for i := range rapid.IntRange(1, 3).Draw(m.rt, "branches") {
		m.flow(m.block(task, fmt.Sprintf("${b > %d}", i), depth-1), merge, "")
	}
	m.flowAs(direct, task, merge, "")
	m.node("exclusiveGateway", merge, "", "")
	return merge
}

// loop goes round a block and a task, which can end it, while the variable again is positive.
func (m *model) loop(from, condition string, depth int) string {
	enter, leave, out := m.id("enter"), m.id("leave"), m.id("out")
	m.flow(from, enter, condition)
	m.node(m.one("enter", "exclusiveGateway", "inclusiveGateway"), enter, "", "")
	task := m.id("task")
	m.flow(m.block(enter, "", depth-1), task, "")
	m.node("userTask", task, `camunda:assignee="zhangwei"`, "")
	m.flow(task, leave, "")
	if back := m.id("back"); m.chance("link back", 2) {
		m.flow(leave, back, "${again > 0}")
		m.flow(m.link(back), enter, "")
	} else {
		m.flow(leave, enter, "${again > 0}")
	}
	m.node("exclusiveGateway", leave, fmt.Sprintf(`default=%q`, m.flow(leave, out, "")), "")
	m.node("exclusiveGateway", out, "", "")
	return out
}

// early is a choice between a block and the end of the path, or of all paths of the scope.
func (m *model) early(from, condition string, depth int) string {
	m.loose++
	split, end := m.id("split"), m.id("end")
	m.flow(from, split, condition)
	m.node("exclusiveGateway", split, fmt.Sprintf(`default=%q`, m.flow(split, end, "")), "")
	ends := []string{"", "", "<terminateEventDefinition/>", `<errorEventDefinition errorRef="E1"/>`, m.message(), m.escalation("X1", "X2"), m.compensation()}
	if m.transaction {
		ends = append([]string{"<cancelEventDefinition/>", "<cancelEventDefinition/>"}, ends...)
	}
	m.node("endEvent", end, m.async(), m.one("early", ends...))
	return m.block(split, "${a > 1}", depth-1)
}

// parallel is a balanced fork and join, if its branches are.
func (m *model) parallel(from, condition string, depth int) string {
	split, join, loose := m.id("fork"), m.id("join"), m.loose
	m.flow(from, split, condition)
	m.node("parallelGateway", split, m.async(), "")
	for range rapid.IntRange(2, 3).Draw(m.rt, "branches") {
		m.flow(m.block(split, "", depth-1), join, "")
	}
	m.node("parallelGateway", join, m.async(), "")
	if loose == m.loose {
		m.pairs = append(m.pairs, pair{split, join})
	} else {
		m.hangs = true
	}
	return join
}

// inclusive is an inclusive split and join; sometimes no flow is true and there is no default.
func (m *model) inclusive(from, condition string, depth int) string {
	split, join, loose := m.id("some"), m.id("join"), m.loose
	m.flow(from, split, condition)
	for i := range rapid.IntRange(2, 3).Draw(m.rt, "branches") {
		m.flow(m.block(split, fmt.Sprintf("${a > %d}", i), depth-1), join, "")
	}
	attributes := ""
	switch m.one("otherwise", "default", "always", "none") {
	case "default":
		attributes = fmt.Sprintf(`default=%q`, m.flow(split, join, ""))
	case "always":
		m.flow(m.block(split, "", depth-1), join, "")
	}
	m.node("inclusiveGateway", split, attributes+" "+m.async(), "")
	m.node("inclusiveGateway", join, m.async(), "")
	if loose == m.loose {
		m.pairs = append(m.pairs, pair{split, join})
	}
	m.loose += one(m.loose > 0) // tokens that were made before it leave it as one when they meet in it
	return join
}

// sub is an embedded sub-process. What gets lost or is made inside stays inside.
func (m *model) sub(from, condition string, depth int) string {
	id, start, end, outside, loose := m.id("sub"), m.id("start"), m.id("end"), m.out, m.loose
	beside, around, transaction := m.beside, m.transaction, m.chance("transaction", 3)
	m.flow(from, id, condition)
	m.out, m.beside, m.transaction = &strings.Builder{}, nil, transaction
	m.node("startEvent", start, "", "")
	m.flow(m.block(start, "", depth-1), end, "")
	m.watches(depth)
	ends := []string{"", "", "", `<errorEventDefinition errorRef="E1"/>`, "<terminateEventDefinition/>", m.escalation("X1", "X2"), m.compensation()}
	if transaction {
		ends = append(ends, "<cancelEventDefinition/>", "<cancelEventDefinition/>")
	}
	m.node("endEvent", end, "", m.one("inner end", ends...))
	before := m.out.Len()
	m.undoer(depth)
	undoer, content := m.out.Len() > before, m.out.String()
	m.out, m.loose, m.beside, m.transaction = outside, loose, beside, around
	if transaction {
		m.node("transaction", id, m.async(), m.repeated()+content)
		m.cancelled(id)
	} else {
		m.node("subProcess", id, m.async(), m.repeated()+content)
	}
	if undoer {
		m.beside = append(m.beside, id)
	} else {
		m.compensable(id, depth)
	}
	return m.boundaries(id, true)
}
