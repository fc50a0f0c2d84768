package bpmn

import (
	"strconv"
	"strings"

	"diom.io/workflow/shared/expr"
)

// reader walks the tree of one file and collects every problem on the way.
type reader struct {
	report
	options Options
	drafts  []*draft
	// owners names the element in which a flow node stands, by the id of the node, for every
	// process and sub-process of the file.
	owners map[string]string
	// messages, thrown, escalations and signals are the messages, errors, escalations and signals that the file
	// declares, by their ids.
	messages, thrown, escalations, signals map[string]*node
	// taskPriority and jobPriority are those of the process at hand, for nodes without their own.
	taskPriority, jobPriority *expr.Expression
}

// draft is an executable process while it is read: what the references in it name is known only
// when all of the file has been seen.
type draft struct {
	process *Process
	flows   []flowDraft
	// defaults are the default attributes of nodes, in document order.
	defaults []defaultDraft
	// boundaries are the boundary events with their activities.
	boundaries []boundaryDraft
	// triggered are the start events that wait for something, a refused trigger included.
	triggered map[*FlowNode]bool
	// conditioned are the flows with a condition, a wrong one included: what it would be counts.
	conditioned map[*SequenceFlow]bool
	// associations are read for those that join a compensation event to its handler.
	associations []association
}

type flowDraft struct {
	flow           *SequenceFlow
	source, target string
}

type defaultDraft struct {
	node *FlowNode
	flow string
}

type boundaryDraft struct {
	event *FlowNode
	host  string
}

func newDraft(p *Process) *draft {
	return &draft{process: p, triggered: map[*FlowNode]bool{}, conditioned: map[*SequenceFlow]bool{}}
}

func newReader() *reader {
	return &reader{
		owners: map[string]string{}, messages: map[string]*node{}, thrown: map[string]*node{}, escalations: map[string]*node{}, signals: map[string]*node{},
	}
}

func (r *reader) definitions(root *node) *Definitions {
	d := &Definitions{Exporter: strings.TrimSpace(root.attr("exporter") + " " + root.attr("exporterVersion"))}
	if !root.bpmn("definitions") {
		r.add(ruleNotBPMN, root.subject(), "the root element is %s in the namespace %q, not the definitions of BPMN 2.0",
			clip(root.local), clip(root.space))
		return d
	}
	r.survey(root)
	r.children(root, inDefinitions, root.subject())
	r.declarations(root)
	for _, c := range root.children {
		if c.bpmn("process") {
			r.process(c)
		}
	}
	if len(r.drafts) == 0 {
		r.add(ruleNoExecutable, root.subject(), "")
	}
	for _, p := range r.drafts {
		r.check(p)
		d.Processes = append(d.Processes, p.process)
	}
	return d
}

// declarations finds the messages, errors, escalations and signals of the file. That their ids are unique is for survey.
func (r *reader) declarations(root *node) {
	for _, c := range root.children {
		switch {
		case c.bpmn("message"):
			r.messages[c.attr("id")] = c
		case c.bpmn("error"):
			r.thrown[c.attr("id")] = c
		case c.bpmn("escalation"):
			r.escalations[c.attr("id")] = c
		case c.bpmn("signal"):
			r.signals[c.attr("id")] = c
		}
	}
}

// children reports the BPMN children of n that may not stand at a position. A trigger or a loop
// marker has no name of its own, so it is reported as its owner's.
func (r *reader) children(n *node, at position, owner subject) {
	for _, c := range n.children {
		if c.space != spaceBPMN {
			continue
		}
		k := elements[c.local]
		if (k.kept|k.refused)&at == nowhere {
			s := c.subject()
			if s.id == "" {
				s.id, s.name = owner.id, owner.name
			}
			r.add(ruleUnknownElement, s, "BPMN 2.0 has no element %s at this place", clip(c.local))
			continue
		}
		if k.refused&at == nowhere {
			continue
		}
		s := c.subject()
		if k.refused&at&(inNode|inEvent|inLoop) != nowhere {
			s = owner
			s.line = c.line
		}
		r.addFix(ruleUnsupportedElement, s, k.fix, "the element %s, %s, is not executed by this version", c.local, k.what)
	}
}

func (r *reader) process(n *node) {
	s := n.subject()
	r.id(n, s)
	if !n.flag("isExecutable") {
		r.add(ruleNotExecutable, s, "")
		r.own(n, s.id)
		return
	}
	p := newDraft(&Process{
		Key: s.id, Name: s.name, Line: n.line, Documentation: n.documentation(),
		VersionTag:        n.extension("versionTag"),
		HistoryTimeToLive: n.extension("historyTimeToLive"),
		SearchVariables:   strings.Fields(strings.ReplaceAll(n.extension("searchVariables"), ",", " ")),
		nodes:             map[string]*FlowNode{}, flows: map[string]*SequenceFlow{},
	})
	r.drafts = append(r.drafts, p)
	r.judge(n, s)
	p.process.Listeners = r.listeners(n, s, false)
	p.process.HiddenInTasklist = n.extension("isStartableInTasklist") == "false"
	r.starters(n, p.process)
	r.timeToLive(p.process, s)
	r.requests(n, p.process, s)
	r.request(n, p.process, s)
	r.taskPriority, r.jobPriority = r.number(n, s, "taskPriority", nil), r.number(n, s, "jobPriority", nil)
	r.children(n, inProcess, s)
	r.own(n, s.id)
	r.container(p, n, nil)
}

func (r *reader) flowElement(p *draft, n *node, parent *FlowNode) {
	k := elements[n.local]
	switch {
	case n.local == "sequenceFlow":
		r.sequenceFlow(p, n)
	case n.local == "association":
		p.associations = append(p.associations, association{n.attr("sourceRef"), n.attr("targetRef"), n.line})
	case k.refused&inProcess != nowhere:
		// It stays a node of the draft, so that the flows to it are not reported as dangling.
		p.add(&FlowNode{ID: n.attr("id"), Name: n.raw("name"), Line: n.line, Parent: parent})
		r.inner(n)
	case k.element != 0:
		r.flowNode(p, n, parent)
	}
}

// inner reports what a refused sub-process holds: its content is likely to stay when it goes.
func (r *reader) inner(n *node) {
	for _, c := range n.children {
		k := elements[c.local]
		switch {
		case c.space != spaceBPMN:
		case k.refused&inProcess != nowhere:
			r.addFix(ruleUnsupportedElement, c.subject(), k.fix,
				"the element %s, %s, is not executed by this version", c.local, k.what)
			r.inner(c)
		case k.element.Embeds():
			r.inner(c)
		}
	}
}

func (p *draft) add(f *FlowNode) {
	p.process.Nodes = append(p.process.Nodes, f)
	if _, taken := p.process.nodes[f.ID]; !taken && f.ID != "" {
		p.process.nodes[f.ID] = f
	}
}

func (r *reader) flowNode(p *draft, n *node, parent *FlowNode) {
	k, s := elements[n.local], n.subject()
	f := &FlowNode{ID: s.id, Name: s.name, Line: n.line, Element: k.element, Documentation: n.documentation(), Parent: parent}
	r.id(n, s)
	r.judge(n, s)
	r.children(n, k.element.holds(), s)
	r.activity(n, s)
	n.undoes(f)
	r.jobs(n, f)
	f.Listeners, f.Properties = r.listeners(n, s, false), properties(n)
	r.mappings(n, f)
	k.read(r, n, f)
	r.multiInstance(n, f)
	r.signing(p, n, f)
	p.add(f)
	if id := n.attr("default"); id != "" && k.element.chooses() {
		p.defaults = append(p.defaults, defaultDraft{f, id})
	}
	switch k.element {
	case ElementStartEvent:
		p.triggered[f] = len(n.triggers()) > 0
	case ElementBoundaryEvent:
		p.boundaries = append(p.boundaries, boundaryDraft{f, n.attr("attachedToRef")})
	}
	if k.element.Embeds() {
		r.container(p, n, f)
	}
}

// activity refuses the attributes of BPMN that change how an activity runs.
func (r *reader) activity(n *node, s subject) {
	for _, name := range [...]string{"startQuantity", "completionQuantity"} {
		if v := n.attr(name); v != "" && v != "1" {
			r.add(ruleUnsupportedAttribute, s, "the attribute %s asks for %s tokens, which this version does not execute", name, clip(v))
		}
	}
}

func (r *reader) sequenceFlow(p *draft, n *node) {
	s := n.subject()
	f := &SequenceFlow{ID: s.id, Name: s.name, Line: n.line}
	if s.id == "" {
		f.ID = p.nameless(n)
	} else {
		r.id(n, s)
	}
	r.judge(n, s)
	r.children(n, inFlow, s)
	for _, c := range n.children {
		if c.bpmn("conditionExpression") {
			f.Condition, p.conditioned[f] = r.condition(c, s)
		}
	}
	f.Listeners = r.listeners(n, s, true)
	p.process.Flows = append(p.process.Flows, f)
	if _, taken := p.process.flows[f.ID]; !taken && f.ID != "" {
		p.process.flows[f.ID] = f
	}
	p.flows = append(p.flows, flowDraft{f, n.attr("sourceRef"), n.attr("targetRef")})
}

// nameless is the id of a sequence flow that has none, as files that were written by hand often have it: its
// ends with a colon between, which no id of the file has, and a number where there are several such.
func (p *draft) nameless(n *node) string {
	id := n.attr("sourceRef") + ":" + n.attr("targetRef")
	for number := 2; p.process.flows[id] != nil; number++ {
		id = n.attr("sourceRef") + ":" + n.attr("targetRef") + ":" + strconv.Itoa(number)
	}
	return id
}

// own records where the nodes of a process or sub-process stand.
func (r *reader) own(n *node, owner string) {
	for _, c := range n.children {
		if c.space != spaceBPMN {
			continue
		}
		if k := elements[c.local]; k.element == 0 && k.refused&inProcess == nowhere {
			continue
		}
		id := c.attr("id")
		if _, taken := r.owners[id]; !taken {
			r.owners[id] = owner
		}
		r.own(c, id)
	}
}

// id reports an id that is missing or cannot be a key; that it is unique is for survey.
func (r *reader) id(n *node, s subject) {
	switch {
	case s.id == "":
		r.add(ruleMissingID, s, "the %s has no id", n.local)
	case len(s.id) > maxID || !isNCName(s.id):
		r.add(ruleInvalidID, s, "")
	}
}

// survey looks at the whole file, diagrams included: ids that are used twice, and the extensions of
// other engines.
func (r *reader) survey(root *node) {
	seen := map[string]*node{}
	warned := map[string]bool{}
	var walk func(n *node)
	walk = func(n *node) {
		r.foreign(n, warned)
		if id := n.attr("id"); id != "" && (n.space == spaceBPMN || n.space == spaceDI) {
			r.duplicate(n, seen[id])
			if seen[id] == nil {
				seen[id] = n
			}
		}
		for _, c := range n.children {
			walk(c)
		}
	}
	walk(root)
}

func (r *reader) duplicate(n, first *node) {
	switch {
	case first == nil:
	case n.bpmn("process") && first.bpmn("process"):
		r.add(ruleDuplicateKey, n.subject(), "the process of line %d has the same id", first.line)
	default:
		r.add(ruleDuplicateID, n.subject(), "the id is used by the %s of line %d, too", clip(first.local), first.line)
	}
}

func (r *reader) foreign(n *node, warned map[string]bool) {
	warn := func(space string) {
		if engine := foreignVocabularies[space]; engine != "" && !warned[space] {
			warned[space] = true
			r.add(ruleForeignExtension, subject{n.attr("id"), n.raw("name"), n.line},
				"the extensions of %s (%s) are ignored, here and in the rest of the file", engine, space)
		}
	}
	warn(n.space)
	for _, a := range n.attributes {
		warn(a.space)
	}
}
