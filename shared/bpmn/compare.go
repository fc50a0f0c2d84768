package bpmn

import (
	"fmt"
	"strconv"
	"strings"

	"diom.io/workflow/shared/expr"
)

// Difference is one element that two versions of a process do not have alike. Attributes names what
// changed; it is empty for an element that only one of them has.
type Difference struct {
	ID         string   `json:"id"`
	Name       string   `json:"name,omitempty"`
	Element    string   `json:"element"`
	Attributes []string `json:"attributes,omitempty"`
	// Changes are the attributes with what they were and what they are; empty stands for none.
	Changes []AttributeChange `json:"changes,omitempty"`
}

// AttributeChange is one attribute that changed.
type AttributeChange struct {
	Name string `json:"name"`
	From string `json:"from"`
	To   string `json:"to"`
}

// Comparison is what a newer version of a process has more, has less, and has changed, each in the
// order of the document.
type Comparison struct {
	Added   []Difference `json:"added"`
	Removed []Difference `json:"removed"`
	Changed []Difference `json:"changed"`
}

// Compare tells what changed from one version of a process to another. Elements are the same when
// their ids are; the drawing does not count.
func Compare(from, to *Process) Comparison {
	older, newer := facts(from), facts(to)
	c := Comparison{Added: []Difference{}, Removed: []Difference{}, Changed: []Difference{}}
	for _, f := range older.order {
		if _, ok := newer.byID[f.ID]; !ok {
			c.Removed = append(c.Removed, f.Difference)
		}
	}
	for _, f := range newer.order {
		before, ok := older.byID[f.ID]
		if !ok {
			c.Added = append(c.Added, f.Difference)
			continue
		}
		if changes := f.changedFrom(before); len(changes) > 0 {
			d := f.Difference
			for _, a := range changes {
				d.Attributes = append(d.Attributes, a.Name)
			}
			d.Changes = changes
			c.Changed = append(c.Changed, d)
		}
	}
	return c
}

// fact is an element with its attributes as texts, in a fixed order.
type fact struct {
	Difference
	attributes [][2]string
}

func (f fact) changedFrom(before fact) []AttributeChange {
	old := map[string]string{"element": before.Element}
	for _, a := range before.attributes {
		old[a[0]] = a[1]
	}
	var changes []AttributeChange
	for _, a := range append([][2]string{{"element", f.Element}}, f.attributes...) {
		if old[a[0]] != a[1] {
			changes = append(changes, AttributeChange{a[0], old[a[0]], a[1]})
		}
		delete(old, a[0])
	}
	for _, a := range before.attributes {
		if old[a[0]] != "" {
			changes = append(changes, AttributeChange{a[0], old[a[0]], ""})
		}
	}
	return changes
}

type factList struct {
	order []fact
	byID  map[string]fact
}

func facts(p *Process) factList {
	l := factList{byID: map[string]fact{}}
	add := func(f fact) {
		l.order = append(l.order, f)
		l.byID[f.ID] = f
	}
	for _, n := range p.Nodes {
		add(nodeFact(n))
	}
	for _, s := range p.Flows {
		add(fact{Difference{ID: s.ID, Name: s.Name, Element: "sequenceFlow"}, [][2]string{
			{"name", s.Name}, {"sourceRef", s.Source.ID}, {"targetRef", s.Target.ID}, {"conditionExpression", sourceOf(s.Condition)},
			{"executionListener", listenerText(s.Listeners)},
		}})
	}
	return l
}

func nodeFact(n *FlowNode) fact {
	f := fact{Difference{ID: n.ID, Name: n.Name, Element: n.Element.String()}, [][2]string{
		{"name", n.Name}, {"documentation", n.Documentation}, {"parent", idOf(n.Parent)}, {"attachedToRef", idOf(n.AttachedTo)},
	}}
	if n.Default != nil {
		f.attributes = append(f.attributes, [2]string{"default", n.Default.ID})
	}
	if n.TriggeredByEvent {
		f.attributes = append(f.attributes, [2]string{"triggeredByEvent", "true"})
	}
	if n.StartsEventSubProcess() {
		f.attributes = append(f.attributes, [2]string{"isInterrupting", strconv.FormatBool(n.Interrupting)})
	}
	if n.AttachedTo != nil {
		f.attributes = append(f.attributes, [2]string{"cancelActivity", strconv.FormatBool(n.Interrupting)})
	}
	if n.ForCompensation {
		f.attributes = append(f.attributes, [2]string{"isForCompensation", "true"})
	}
	if n.Compensation != nil {
		f.attributes = append(f.attributes, [2]string{"compensation", n.Compensation.ID})
	}
	if u := n.UserTask; u != nil {
		f.attributes = append(f.attributes, [][2]string{
			{"assignee", sourceOf(u.Assignee)}, {"candidateUsers", sourceOf(u.CandidateUsers)}, {"candidateGroups", sourceOf(u.CandidateGroups)},
			{"dueDate", sourceOf(u.DueDate)}, {"followUpDate", sourceOf(u.FollowUpDate)}, {"priority", sourceOf(u.Priority)},
			{"formKey", u.FormKey}, {"formRef", u.FormRef}, {"taskListener", listenerText(u.Listeners)}, {"approval", u.Approval.text()}, {"timeout", timeoutText(u.Timeouts)},
			{"copyTo", sourceOf(u.CopyTo)}, {"fields", u.Rights.text()},
		}...)
	}
	if s := n.StartEvent; s != nil {
		f.attributes = append(f.attributes, [2]string{"initiator", s.Initiator}, [2]string{"formKey", s.FormKey}, [2]string{"formRef", s.FormRef}, [2]string{"fields", s.Rights.text()})
	}
	f.attributes = append(f.attributes, eventFact(n.Event)...)
	f.attributes = append(f.attributes, jobFact(n)...)
	return f
}

func eventFact(e *EventDefinition) [][2]string {
	if e == nil {
		return nil
	}
	list := [][2]string{
		{"trigger", triggerNames[e.Trigger]}, {"message", sourceOf(e.Message)}, {"signal", sourceOf(e.Signal)}, {"in", passedText(e.SignalVariables, e.SignalKey)},
		{"errorCode", e.ErrorCode}, {"errorMessage", sourceOf(e.ErrorMessage)},
		{"escalationCode", e.EscalationCode}, {triggerNames[e.Trigger] + "CodeVariable", e.CodeVariable}, {"errorMessageVariable", e.MessageVariable}, {"link", e.Link}, {"activityRef", e.ActivityRef},
		{"condition", sourceOf(e.Condition)}, {"variableName", e.VariableName}, {"variableEvents", strings.Join(e.VariableEvents, ",")},
	}
	if e.Timer != nil {
		list = append(list, [2]string{timerNames[e.Timer.Kind], sourceOf(e.Timer.Value)})
	}
	return list
}

var (
	triggerNames = map[Trigger]string{
		TriggerMessage: "message", TriggerTimer: "timer", TriggerError: "error", TriggerTerminate: "terminate", TriggerLink: "link",
		TriggerEscalation: "escalation", TriggerSignal: "signal", TriggerCompensation: "compensation", TriggerCancel: "cancel", TriggerConditional: "conditional",
	}
	timerNames = map[TimerKind]string{TimerDate: "timeDate", TimerDuration: "timeDuration", TimerCycle: "timeCycle"}
)

// jobFact tells what a node has by the extensions about jobs and variables.
func jobFact(n *FlowNode) [][2]string {
	var list [][2]string
	if w := n.Work; w != nil {
		list = [][2]string{
			{"topic", sourceOf(w.Topic)}, {"taskPriority", sourceOf(w.Priority)}, {"expression", sourceOf(w.Expression)}, {"resultVariable", w.ResultVariable},
			{"decisionRef", decisionText(w.Decision)}, {"field", parameterText(w.Locals)}, {"connector", parameterText(w.Results)}, {"errorEventDefinition", errorText(w.Errors)},
		}
	}
	inputs := n.Inputs
	if m := n.MultiInstance; m != nil {
		inputs = m.Instance.Inputs
		list = append(list, multiInstanceFact(m)...)
	}
	if c := n.Call; c != nil {
		list = append(list, [][2]string{
			{"calledElement", sourceOf(c.Key)}, {"calledElementBinding", string(c.Binding)}, {"calledElementVersion", sourceOf(c.Version)},
			{"calledElementVersionTag", sourceOf(c.VersionTag)}, {"in", passedText(c.In, c.BusinessKey)}, {"out", passedText(c.Out, nil)},
		}...)
	}
	listeners, properties := n.Listeners, n.Properties
	if m := n.MultiInstance; m != nil {
		listeners = m.Instance.Listeners
	}
	list = append(list, [2]string{"executionListener", listenerText(listeners)}, [2]string{"properties", propertyText(properties)})
	list = append(list, [2]string{"inputParameter", parameterText(inputs)}, [2]string{"outputParameter", parameterText(n.Outputs)},
		[2]string{"failedJobRetryTimeCycle", sourceOf(n.RetryCycle)}, [2]string{"jobPriority", sourceOf(n.JobPriority)})
	if n.AsyncBefore {
		list = append(list, [2]string{"asyncBefore", "true"})
	}
	if n.AsyncAfter {
		list = append(list, [2]string{"asyncAfter", "true"})
	}
	return list
}

func multiInstanceFact(m *MultiInstance) [][2]string {
	list := [][2]string{
		{"isSequential", strconv.FormatBool(m.Sequential)}, {"loopCardinality", sourceOf(m.Cardinality)}, {"collection", sourceOf(m.Collection)},
		{"elementVariable", m.ElementVariable}, {"completionCondition", sourceOf(m.Condition)},
	}
	if l := m.Loop; l != nil {
		list = append(list, [2]string{"loopCondition", sourceOf(l.Condition)}, [2]string{"testBefore", strconv.FormatBool(l.TestBefore)},
			[2]string{"loopMaximum", strconv.Itoa(l.Maximum)})
	}
	if m.Instance.AsyncBefore {
		list = append(list, [2]string{"asyncBefore of an instance", "true"})
	}
	if m.Instance.AsyncAfter {
		list = append(list, [2]string{"asyncAfter of an instance", "true"})
	}
	return list
}

// parameterText writes parameters so that two texts are alike only when the parameters are.
func parameterText(list []Parameter) string {
	var b strings.Builder
	for _, p := range list {
		fmt.Fprintf(&b, "%q=", p.Name)
		switch {
		case p.Value != nil:
			fmt.Fprintf(&b, "%q;", p.Value.Source())
		case p.List != nil:
			b.WriteString("[" + parameterText(p.List) + "];")
		case p.Entries != nil:
			b.WriteString("{" + parameterText(p.Entries) + "};")
		default:
			b.WriteString("null;")
		}
	}
	return b.String()
}

// passedText writes what a signal or a call carries.
func passedText(list []SignalVariable, key *expr.Expression) string {
	var b strings.Builder
	for _, v := range list {
		fmt.Fprintf(&b, "%t %t %q %q %q;", v.All, v.Local, v.Source, sourceOf(v.Expression), v.Target)
	}
	return b.String() + sourceOf(key)
}

func idOf(n *FlowNode) string {
	if n == nil {
		return ""
	}
	return n.ID
}

func sourceOf(e *expr.Expression) string {
	if e == nil {
		return ""
	}
	return e.Source()
}
