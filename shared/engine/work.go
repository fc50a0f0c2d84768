package engine

import (
	"time"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/schedule"
)

// defaultRetries is how often a job is tried when its node does not say (Camunda 7).
const defaultRetries = 3

// enterWork does what a service, send or business rule task or a throw event is for: it creates a job
// for a worker, makes a decision, evaluates an expression, sends a message to another instance, or throws a signal. Without any of these
// the token passes.
func enterWork(s *step, t Token, node *bpmn.FlowNode) error {
	w := node.Work
	switch {
	case node.Event != nil && node.Event.Trigger == bpmn.TriggerSignal:
		return s.throwSignal(t, node)
	case w == nil:
		return s.send(t, node)
	case w.Decision != nil:
		return s.decide(t, w)
	case w.Expression != nil && !s.asksBean(t, w.Bean):
		return s.evaluateWork(t, w)
	default:
		return s.createJob(t, node)
	}
}

// enterScript runs a script as the work that it is. An empty one has none: the token passes.
func enterScript(s *step, t Token, node *bpmn.FlowNode) error {
	if node.Work == nil {
		return pass(s, t, node)
	}
	return enterWork(s, t, node)
}

// send throws the message of a node, if it has one, with its input parameters. The engine changes one
// instance only: whoever waits for the message is reached by the event of this change.
func (s *step) send(t Token, node *bpmn.FlowNode) error {
	if node.Event != nil && node.Event.Trigger == bpmn.TriggerMessage {
		name, err := s.eventName(t, node)
		if err != nil {
			return err
		}
		var payload Variables
		if own := s.instance.owned(t.Number); own != nil {
			payload = Variables{}
			for _, p := range node.Inputs {
				payload[p.Name] = own.Variables[p.Name]
			}
		}
		s.do(Change{Kind: MessageSent, Token: t.Number, Node: node.ID, Message: name, Variables: payload})
	}
	s.finish(t)
	return nil
}

func (s *step) evaluateWork(t Token, w *bpmn.Work) error {
	value, kind, err := w.Expression.EvaluateTyped(s.environment(t, nil))
	if err != nil {
		return err
	}
	if name := w.ResultVariable; name != "" {
		s.typed(Types{name: kind}, func() { s.setVariables(s.instance.scopeOf(t), Variables{name: value}) })
	}
	s.finish(t)
	return nil
}

// asksBean reports whether a call is one of a bean: of what no value can do, or of what is no variable.
func (s *step) asksBean(t Token, b *bpmn.BeanCall) bool {
	if b == nil || b.Always {
		return b != nil
	}
	_, known := s.environment(t, nil).Variable(b.Root)
	return !known
}

func (s *step) createJob(t Token, node *bpmn.FlowNode) error {
	w := node.Work
	topic, locals := w.Topic, w.Locals
	if w.Bean != nil {
		topic, locals = expr.Literal(w.Bean.Topic), w.Bean.Arguments
	}
	job, err := s.newJob(t, node, topic, w.Priority)
	if err != nil {
		return err
	}
	return s.hand(t, job, locals)
}

// newJob returns a job for a worker without its id.
func (s *step) newJob(t Token, node *bpmn.FlowNode, named, priority *expr.Expression) (*Job, error) {
	topic, err := s.text(t, named)
	if err != nil {
		return nil, err
	}
	if topic == "" || len([]rune(topic)) > maxMessageName {
		return nil, &dataError{"bad_topic", "the topic of " + node.ID + " has no 1 to 255 characters"}
	}
	job := &Job{Token: t.Number, Node: node.ID, Kind: ExternalJob, Topic: topic, CreatedAt: s.now}
	if job.Priority, err = s.priority(t, "priority", priority); err != nil {
		return nil, err
	}
	if job.Retries, job.Delays, err = s.retries(t, node); err != nil && !node.RetryCycle.IsLiteral() {
		job.Retries, job.Delays, err = defaultRetries, nil, nil // Camunda 7 does not look at it before a job fails
	}
	return job, err
}

func (s *step) integer(t Token, what string, x *expr.Expression) (int64, error) {
	if x == nil {
		return 0, nil
	}
	value, err := x.Evaluate(s.environment(t, nil))
	if err != nil {
		return 0, err
	}
	n, ok := whole(value)
	if !ok {
		return 0, &dataError{"type_mismatch", what + " of " + t.Node + " is not a whole number"}
	}
	return n, nil
}

// priority evaluates a priority: one that cannot be evaluated is 0, one that is no whole number an error (Camunda 7
// DefaultPriorityProvider).
func (s *step) priority(t Token, what string, x *expr.Expression) (int64, error) {
	if x == nil || x.IsLiteral() {
		return s.integer(t, what, x)
	}
	value, err := x.Evaluate(s.environment(t, nil))
	if err != nil {
		return 0, nil //nolint:nilerr // as in Camunda 7
	}
	n, isWhole := value.(int64)
	if !isWhole {
		return 0, &dataError{"type_mismatch", what + " of " + t.Node + " is not a whole number"}
	}
	return n, nil
}

// retries reads how often, and after which pauses, a job of a node is tried.
func (s *step) retries(t Token, node *bpmn.FlowNode) (int, []string, error) {
	text, err := s.text(t, node.RetryCycle)
	if err != nil || text == "" {
		return defaultRetries, nil, err
	}
	count, delays, err := schedule.Retries(text)
	if err != nil {
		return 0, nil, &dataError{"bad_retry_cycle", "failedJobRetryTimeCycle of " + node.ID + ": " + err.Error()}
	}
	return count, delays, nil
}

// continueBy lets a token go on by a job: before it enters a node, or after the node is done.
func (s *step) continueBy(t Token, node *bpmn.FlowNode, kind JobKind) error {
	job, err := s.continuation(t, node, kind)
	if err == nil {
		s.do(Change{Kind: JobCreated, Job: job})
	}
	return err
}

// continuation is the job of continueBy.
func (s *step) continuation(t Token, node *bpmn.FlowNode, kind JobKind) (*Job, error) {
	steps := s.streak + s.entered
	if node.AsyncBefore || kind == AfterJob {
		steps += asyncSteps
	}
	if steps >= maxStreak {
		return nil, &dataError{"step_budget_exceeded", "more than 100000 steps without a wait state"}
	}
	priority, err := s.priority(t, "jobPriority", node.JobPriority)
	if err != nil {
		return nil, err
	}
	return &Job{
		ID: s.newID(), Token: t.Number, Node: node.ID, Kind: kind, Priority: priority, Retries: defaultRetries, Steps: steps, CreatedAt: s.now,
	}, nil
}

// Continue runs an asynchronous continuation.
type Continue struct{ Job ID }

// Name is the command's name in the history.
func (Continue) Name() string { return "continue" }

func (a Continue) apply(s *step) error {
	job, err := s.job(a.Job)
	if err != nil {
		return err
	}
	if job.Kind == ExternalJob {
		return ErrNoJob
	}
	s.streak = job.Steps
	s.resolve(job)
	s.do(Change{Kind: JobCompleted, JobID: job.ID, Node: job.Node})
	token := *s.instance.token(job.Token)
	if job.Kind == BeforeJob {
		s.admit(token)
	} else {
		s.departAlong(token, job.Flow)
	}
	return nil
}

// job returns a copy of a job of an active instance.
func (s *step) job(id ID) (Job, error) {
	job := s.instance.Job(id)
	if job == nil {
		return Job{}, ErrNoJob
	}
	return *job, s.open()
}

// external returns a copy of a worker's job.
func (s *step) external(id ID) (Job, error) {
	job, err := s.job(id)
	if err == nil && job.Kind != ExternalJob {
		err = ErrNoJob
	}
	return job, err
}

// CompleteJob ends the work of a worker; its token goes on.
type CompleteJob struct {
	Job       ID
	Variables Variables
	Local     Variables // which the output parameters of the node alone can see
}

// Name is the command's name in the history.
func (CompleteJob) Name() string { return "complete-job" }

func (a CompleteJob) apply(s *step) error {
	job, err := s.external(a.Job)
	if err != nil {
		return err
	}
	token := *s.instance.token(job.Token)
	s.setVariables(s.instance.scopeOf(token), answered(s.node(token), job, a.Variables))
	s.setLocal(token, a.Local)
	if job.Listener == nil && s.errs(token, externalTask{job: job}, true) {
		return nil
	}
	s.worked(token, job)
	return nil
}

// worked ends a job that is done; its token goes on.
func (s *step) worked(t Token, job Job) {
	s.do(Change{Kind: JobCompleted, JobID: job.ID, Node: job.Node, Topic: job.Topic})
	s.resolve(job) // its retries may have been used up before
	if job.Listener != nil {
		s.listened(t, *job.Listener)
		return
	}
	s.results(t)
}

// FailJob records that a worker could not do a job. Retries and RetryAfter are the worker's wish; nil
// is one retry less, after the pause of the node's failedJobRetryTimeCycle. Without retries an
// incident waits for an operator.
type FailJob struct {
	Job        ID
	Message    string
	Details    string
	Retries    *int
	RetryAfter *time.Duration
	Variables  Variables
	Local      Variables // of the scope of the node
}

// Name is the command's name in the history.
func (FailJob) Name() string { return "fail-job" }

func (a FailJob) apply(s *step) error {
	job, err := s.external(a.Job)
	if err != nil {
		return err
	}
	token := *s.instance.token(job.Token)
	s.setVariables(s.instance.scopeOf(token), a.Variables)
	s.setLocal(token, a.Local)
	if job.Listener == nil && s.errs(token, externalTask{job, a.Message, a.Details}, false) {
		return nil
	}
	retries := max(job.Retries-1, 0)
	if a.Retries != nil {
		retries = max(*a.Retries, 0)
	}
	message := a.Message
	if message == "" {
		message = "The worker gave no reason."
	}
	c := Change{Kind: JobFailed, JobID: job.ID, Node: job.Node, Topic: job.Topic, Retries: retries, Reason: message, Comment: a.Details}
	if retries > 0 {
		c.DueAt = s.retryAt(job.Delays, retries, a.RetryAfter)
		s.resolve(job)
	}
	s.do(c)
	if retries == 0 && !s.stuck(job.Token) {
		s.do(Change{Kind: IncidentRaised, Incident: &Incident{
			ID: s.newID(), Token: job.Token, Node: job.Node, Job: job.ID, Code: "job_failed", Message: message, RaisedAt: s.now,
		}})
	}
	return nil
}

// resolve ends the incident of a job that has retries again.
func (s *step) resolve(job Job) {
	for _, i := range s.instance.Clone().Incidents {
		if i.Job == job.ID {
			s.do(Change{Kind: IncidentResolved, IncidentID: i.ID, Node: i.Node})
		}
	}
}

// retryAt returns when a failed job, which may be tried so many times more, may be tried again; zero is
// at once. The last pauses go before the last attempts (Camunda 7 DefaultJobRetryCmd).
func (s *step) retryAt(delays []string, retries int, wish *time.Duration) time.Time {
	if wish != nil {
		if *wish <= 0 {
			return time.Time{}
		}
		return s.now.Add(*wish).Truncate(time.Millisecond)
	}
	if len(delays) == 0 {
		return time.Time{}
	}
	at, err := schedule.After(s.now, delays[max(len(delays)-retries, 0)], s.location())
	if err != nil { // it was checked when the job was created
		return time.Time{}
	}
	return at
}

// ThrowJobError ends a job with a BPMN error, which a boundary event may catch.
type ThrowJobError struct {
	Job       ID
	Code      string
	Message   string
	Variables Variables
}

// Name is the command's name in the history.
func (ThrowJobError) Name() string { return "throw-error" }

func (a ThrowJobError) apply(s *step) error {
	job, err := s.external(a.Job)
	if err != nil {
		return err
	}
	token := *s.instance.token(job.Token)
	s.setVariables(s.instance.scopeOf(token), a.Variables)
	s.throwError(token, a.Code, a.Message)
	return nil
}
