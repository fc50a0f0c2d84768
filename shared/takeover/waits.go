package takeover

import (
	"cmp"
	"strings"
	"time"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/excerpt"
	"diom.io/workflow/shared/foreign"
	"diom.io/workflow/shared/schedule"
	"diom.io/workflow/shared/store"
)

// continuation is a job that lets an execution go on; behind its activity, or, where the flow is chosen already,
// before the target of that.
type continuation struct {
	row    foreign.Row
	after  bool
	target *bpmn.FlowNode
}

// The words of Camunda's jobs.
const (
	asyncHandler = "async-continuation"
	afterFlow    = "transition-notify-listener-take"
	afterEnd     = "activity-end"
)

// continuations finds the jobs that executions wait for.
func (l *layout) continuations() {
	l.jobs = map[string]continuation{}
	for _, row := range l.member.rows["ACT_RU_JOB"] {
		if row.Text("HANDLER_TYPE_") != asyncHandler {
			continue
		}
		operation, flow, _ := strings.Cut(row.Text("HANDLER_CFG_"), "$")
		c := continuation{row: row, after: operation == afterFlow || operation == afterEnd}
		if taken := l.process.Flow(flow); c.after && taken != nil && len(taken.Source.Outgoing) > 1 {
			c.after, c.target = false, taken.Target
		}
		l.jobs[row.Text("EXECUTION_ID_")] = c
	}
}

// waits lays out what the tokens wait for.
func (l *layout) waits() (leases []store.Lease) {
	l.tasks()
	l.asynchronous()
	leases = l.externalTasks()
	for _, row := range l.member.rows["ACT_RU_JOB"] {
		if row.Text("HANDLER_TYPE_") != asyncHandler {
			l.timer(row)
		}
	}
	for _, row := range l.member.rows["ACT_RU_EVENT_SUBSCR"] {
		l.subscription(row)
	}
	for _, row := range l.member.rows["ACT_RU_INCIDENT"] {
		if kind := row.Text("INCIDENT_TYPE_"); kind != "failedJob" && kind != "failedExternalTask" {
			l.note("the incident %s of type %s is not taken", row.Text("ID_"), kind)
		}
	}
	return leases
}

// asynchronous lays out the jobs before and after activities.
func (l *layout) asynchronous() {
	for id, c := range l.jobs {
		if e := l.at(id); e != nil {
			kind := engine.BeforeJob
			if c.after {
				kind = engine.AfterJob
			}
			l.job(e, c.row, kind)
		}
	}
}

func (l *layout) externalTasks() (leases []store.Lease) {
	for _, row := range l.member.rows["ACT_RU_EXT_TASK"] {
		e := l.at(row.Text("EXECUTION_ID_"))
		if e == nil {
			continue
		}
		l.job(e, row, engine.ExternalJob)
		if worker := row.Text("WORKER_ID_"); worker != "" && row.Time("LOCK_EXP_TIME_").After(time.Now()) {
			leases = append(leases, store.Lease{Job: ident("job", row.Text("ID_")), Worker: worker, Until: row.Time("LOCK_EXP_TIME_")})
		}
	}
	return leases
}

// at returns a placed execution.
func (l *layout) at(id string) *execution {
	e := l.byID[id]
	if e == nil || e.leaf == 0 && e.token == 0 && id != l.member.id {
		l.fail("something waits for the execution %s, which is not there", id)
		return nil
	}
	return e
}

func (l *layout) tasks() {
	for _, row := range l.member.rows["ACT_RU_TASK"] {
		id := row.Text("ID_")
		e := l.at(row.Text("EXECUTION_ID_"))
		node := l.process.Node(row.Text("TASK_DEF_KEY_"))
		if e == nil || node == nil || node.UserTask == nil {
			l.fail("the task %s is at %q, which is no user task of the model", id, row.Text("TASK_DEF_KEY_"))
			continue
		}
		task := &engine.Task{
			ID: ident("task", id), Token: e.leaf, Node: node.ID, Name: clip(cmp.Or(row.Text("NAME_"), node.ID)), Assignee: row.Text("ASSIGNEE_"),
			Owner: row.Text("OWNER_"), Delegated: row.Text("DELEGATION_") == "PENDING", Priority: int(row.Int("PRIORITY_")), FormKey: node.UserTask.FormKey,
			DueAt: row.Time("DUE_DATE_"), FollowUpAt: row.Time("FOLLOW_UP_DATE_"), CreatedAt: row.Time("CREATE_TIME_"),
		}
		l.candidates(task, id)
		if row.Text("DESCRIPTION_") != "" && node.Documentation == "" {
			l.note("the description of the task %s is not taken", id)
		}
		l.add(engine.Change{Kind: engine.TaskCreated, Task: task})
	}
}

// candidates gives a task those who may claim it.
func (l *layout) candidates(task *engine.Task, id string) {
	for _, link := range l.member.rows["ACT_RU_IDENTITYLINK"] {
		if link.Text("TASK_ID_") != id || link.Text("TYPE_") != "candidate" {
			continue
		}
		if user := link.Text("USER_ID_"); user != "" {
			task.CandidateUsers = append(task.CandidateUsers, user)
		}
		if group := link.Text("GROUP_ID_"); group != "" {
			task.CandidateGroups = append(task.CandidateGroups, group)
		}
	}
}

func clip(text string) string { return excerpt.Fit(text, 255) }

// job lays out a job of a worker or a continuation. Without retries an operator is asked.
func (l *layout) job(e *execution, row foreign.Row, kind engine.JobKind) {
	node := l.nodeOf(e)
	job := &engine.Job{
		ID: ident("job", row.Text("ID_")), Token: e.leaf, Node: node.ID, Kind: kind, Topic: row.Text("TOPIC_NAME_"),
		Priority: row.Int("PRIORITY_"), Retries: 3, Failure: row.First("ERROR_MSG_", "EXCEPTION_MSG_"), CreatedAt: row.Time("CREATE_TIME_"),
	}
	if row.Is("RETRIES_") {
		job.Retries, job.Tried = int(row.Int("RETRIES_")), row.Int("RETRIES_") != 3 || job.Failure != ""
	}
	if kind != engine.ExternalJob {
		job.DueAt = row.Time("DUEDATE_")
	}
	if job.CreatedAt.IsZero() {
		job.CreatedAt = l.member.past.Time("START_TIME_")
	}
	if cycle := node.RetryCycle; cycle != nil && cycle.IsLiteral() {
		if _, delays, err := schedule.Retries(cycle.Source()); err == nil {
			job.Delays = delays
		}
	}
	l.add(engine.Change{Kind: engine.JobCreated, Job: job})
	if job.Retries <= 0 {
		l.add(engine.Change{Kind: engine.IncidentRaised, Incident: &engine.Incident{
			ID: l.incident(row.Text("ID_")), Token: e.leaf, Node: node.ID, Job: job.ID, Code: "job_failed",
			Message: cmp.Or(job.Failure, "The retries are used up."), RaisedAt: job.CreatedAt,
		}})
	}
}

// incident returns the id of the incident that a job has raised.
func (l *layout) incident(job string) engine.ID {
	for _, row := range l.member.rows["ACT_RU_INCIDENT"] {
		if row.Text("CONFIGURATION_") == job {
			return ident("incident", row.Text("ID_"))
		}
	}
	return ident("incident", "of "+job)
}

// nodeOf returns the node that the token of an execution is at.
func (l *layout) nodeOf(e *execution) *bpmn.FlowNode {
	if c, ok := l.jobs[e.id]; ok && c.target != nil {
		return c.target
	}
	id, _ := strings.CutSuffix(e.activity, engine.WholeSuffix)
	return l.process.Node(id)
}

// waiter returns who waits for an event here: a token, or, of the start of an event sub-process, a scope.
func (l *layout) waiter(e *execution, event *bpmn.FlowNode) (token, scope int) {
	switch {
	case event.StartsEventSubProcess():
		return 0, e.inner
	case event.AttachedTo != nil && e.token > 0 && e.level.node == event.AttachedTo:
		return e.token, 0
	}
	return e.leaf, 0
}

func (l *layout) timer(row foreign.Row) {
	id := row.Text("ID_")
	activity, detail, _ := strings.Cut(row.Text("HANDLER_CFG_"), "$")
	e, event := l.at(row.Text("EXECUTION_ID_")), l.process.Node(activity)
	if e == nil || event == nil {
		l.fail("the job %s (%s) is of %q, which the model has not", id, row.Text("HANDLER_TYPE_"), activity)
		return
	}
	timer := &engine.Timer{ID: ident("job", id), Node: event.ID, DueAt: row.Time("DUEDATE_")}
	timer.Token, timer.Scope = l.waiter(e, event)
	if name, ok := strings.CutPrefix(detail, "taskListener~"); ok {
		timer.Listener, _, _ = strings.Cut(name, "$")
		timer.Token, timer.Scope = e.leaf, 0
	} else if event.Event == nil || event.Event.Trigger != bpmn.TriggerTimer {
		l.fail("the job %s (%s) is of %s, which is no timer", id, row.Text("HANDLER_TYPE_"), activity)
		return
	}
	if row.Is("RETRIES_") && row.Int("RETRIES_") == 0 {
		l.note("the timer %s had failed: it is tried again", event.ID)
	}
	l.cycle(timer, row.Text("REPEAT_"))
	l.add(engine.Change{Kind: engine.TimerCreated, Timer: timer})
}

// maxFired bounds how many times of a cycle are counted through.
const maxFired = 100_000

// cycle finds out how often a timer that repeats was due before. Camunda writes the time from which it counts into
// the text: R5/2026-01-31T10:00:00/PT1H.
func (l *layout) cycle(timer *engine.Timer, repeat string) {
	if repeat == "" {
		return
	}
	timer.Cycle, timer.Anchor = repeat, timer.DueAt
	if parts := strings.Split(repeat, "/"); len(parts) == 3 {
		if at, err := schedule.Date(parts[1], time.UTC); err == nil {
			timer.Cycle, timer.Anchor = parts[0]+"/"+parts[2], at
		}
	}
	try := *timer
	for try.Fired = 0; try.Fired < maxFired; try.Fired++ {
		at, ok := engine.NextDue(try, time.UTC)
		if !ok {
			break
		}
		if gap := timer.DueAt.Sub(at); gap < time.Second && gap > -time.Second {
			timer.Fired = try.Fired
			return
		}
		try.DueAt = at
	}
	l.note("the cycle %s of %s is counted anew from its next time", repeat, timer.Node)
	timer.Anchor = timer.DueAt
}

func (l *layout) subscription(row foreign.Row) {
	id, kind := row.Text("ID_"), row.Text("EVENT_TYPE_")
	e, event := l.at(row.Text("EXECUTION_ID_")), l.process.Node(row.Text("ACTIVITY_ID_"))
	if e == nil || event == nil {
		l.fail("the subscription %s is of %q, which the model has not", id, row.Text("ACTIVITY_ID_"))
		return
	}
	if kind == "compensate" {
		l.compensation(e, row, event)
		return
	}
	sub := &engine.Subscription{
		ID: ident("subscription", id), Node: event.ID, Message: row.Text("EVENT_NAME_"), Signal: kind == "signal", Condition: kind == "conditional",
		CreatedAt: row.Time("CREATED_"),
	}
	sub.Token, sub.Scope = l.waiter(e, event)
	if sub.Condition {
		sub.Message = ""
	} else if kind != "signal" && kind != "message" {
		l.fail("the subscription %s waits for a %s, which is not known", id, kind)
	}
	l.add(engine.Change{Kind: engine.SubscriptionOpened, Subscription: sub})
}

// compensation lays out a completed activity that its handler can undo.
func (l *layout) compensation(e *execution, row foreign.Row, handler *bpmn.FlowNode) {
	if row.Text("CONFIGURATION_") != "" {
		l.fail("the finished sub-process that %s would undo cannot be taken over", handler.ID)
		return
	}
	for _, node := range l.process.Nodes {
		if node.Compensation == handler && !handler.TriggeredByEvent {
			l.compensated++
			l.add(engine.Change{Kind: engine.CompensationRecorded, Compensation: &engine.Compensation{Number: l.compensated, Scope: e.inner, Node: node.ID}})
			return
		}
	}
	l.fail("the model has no activity that %s undoes", handler.ID)
}
