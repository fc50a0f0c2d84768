package bpmn

import (
	"strconv"
	"strings"
)

func readNothing(*reader, *node, *FlowNode) {}

func readUserTask(r *reader, n *node, f *FlowNode) {
	s := f.subject()
	t := &UserTask{
		DueDate:      r.expression(s, "attribute dueDate", n.rawExtension("dueDate")),
		FollowUpDate: r.expression(s, "attribute followUpDate", n.rawExtension("followUpDate")),
		Priority:     r.expression(s, "attribute priority", n.rawExtension("priority")),
		Form:         r.form(n, s),
	}
	if f.Name != "" {
		t.Name = r.compile(s, "attribute name", f.Name, 0)
	}
	if t.Priority != nil && t.Priority.IsLiteral() {
		if _, err := strconv.ParseInt(t.Priority.Source(), 10, 32); err != nil {
			r.add(rulePriority, s, "the priority %q is not an integer", clip(t.Priority.Source()))
		}
	}
	r.assign(n, s, t)
	t.Approval = r.approval(n, s)
	t.CopyTo = r.copyTo(n, s)
	t.Timeouts = r.timeouts(n, s)
	t.Listeners = r.taskListeners(n, s)
	f.UserTask = t
}

// timeToLive accepts what Camunda does: a number of days, or a duration of whole days.
func (r *reader) timeToLive(p *Process, s subject) {
	text := p.HistoryTimeToLive
	if text == "" {
		return
	}
	days := text
	if strings.HasPrefix(text, "P") && strings.HasSuffix(text, "D") {
		days = text[1 : len(text)-1]
	}
	if _, err := strconv.ParseUint(days, 10, 31); err != nil {
		r.add(ruleTimeToLive, s, "the historyTimeToLive %q is neither a number of days nor a duration such as P180D", clip(text))
	}
}
