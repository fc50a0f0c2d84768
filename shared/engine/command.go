package engine

// Action is what a command does. The set is closed: each is a type of this package.
type Action interface {
	// Name is the command's name in the history.
	Name() string
	apply(s *step) error
}

// setVariables writes variables into the scope of a token, each where its name is found.
func (s *step) setVariables(scope int, values Variables) {
	byScope := map[int]Variables{}
	for name, value := range values {
		holder := s.instance.holder(scope, name)
		if byScope[holder] == nil {
			byScope[holder] = Variables{}
		}
		byScope[holder][name] = value
	}
	for i := range s.instance.Scopes { // in order: map iteration is not
		number := s.instance.Scopes[i].Number
		if group := byScope[number]; group != nil {
			s.do(Change{Kind: VariablesSet, Scope: number, Variables: group})
		}
	}
}

// Cancel ends the instance at once; whatever it waits for is cancelled, and so is who called it, unless
// that is who cancels.
type Cancel struct {
	Reason   string
	ByCaller bool
}

// Name is the command's name in the history.
func (Cancel) Name() string { return "cancel" }

func (a Cancel) apply(s *step) error {
	if s.instance.State.Ended() {
		return ErrEnded
	}
	s.cancelling = true
	s.cancelScope(0, a.Reason)
	if a.ByCaller {
		s.cancelInstance(a.Reason)
		return nil
	}
	s.cancelled(a.Reason)
	return nil
}

// Suspend stops the instance where it is until Resume.
type Suspend struct{ Reason string }

// Name is the command's name in the history.
func (Suspend) Name() string { return "suspend" }

func (a Suspend) apply(s *step) error {
	if err := s.open(); err != nil {
		return err
	}
	s.do(Change{Kind: InstanceSuspended, Reason: a.Reason, At: s.now})
	return nil
}

// Resume lets a suspended instance go on.
type Resume struct{ Reason string }

// Name is the command's name in the history.
func (Resume) Name() string { return "resume" }

func (a Resume) apply(s *step) error {
	if s.instance.State.Ended() {
		return ErrEnded
	}
	if s.instance.State != Suspended {
		return ErrNotSuspended
	}
	s.do(Change{Kind: InstanceResumed, Reason: a.Reason, At: s.now})
	s.takeAllKept()
	return nil
}

// RetryIncident sets variables, if any, and lets the incident's token enter its node, or leave it,
// again. What a call has brought back goes on with the variables among it. A zero Incident means every open incident of the instance. Retries is how often a job may be
// tried whose retries are used up; 0 is once.
type RetryIncident struct {
	Incident  ID
	Variables Variables
	Retries   int
}

// Name is the command's name in the history.
func (RetryIncident) Name() string { return "retry" }

func (a RetryIncident) apply(s *step) error {
	if err := s.open(); err != nil {
		return err
	}
	retried := false
	s.given = a.Variables
	for _, i := range s.instance.Clone().Incidents {
		if s.instance.Incident(i.ID) == nil || (!a.Incident.IsZero() && i.ID != a.Incident) {
			continue // gone: what was retried before it has ended its token
		}
		if token := s.instance.token(i.Token); token != nil && !retried && len(a.Variables) > 0 {
			s.setVariables(s.instance.scopeOf(*token), a.Variables)
		}
		retried = true
		s.retry(i, max(a.Retries, 1))
	}
	if !retried {
		return ErrNoIncident
	}
	return nil
}

// retry resolves an incident and tries again what failed: the work of a job, the way out of a node, or
// the way in.
func (s *step) retry(i Incident, retries int) {
	s.do(Change{Kind: IncidentResolved, IncidentID: i.ID, Node: i.Node})
	if !i.Job.IsZero() && s.instance.Timer(i.Job) != nil {
		s.do(Change{Kind: TimerRetried, TimerID: i.Job, Node: i.Node, Retries: retries})
		return
	}
	token := *s.instance.token(i.Token)
	switch {
	case !i.Job.IsZero():
		s.do(Change{Kind: JobRetried, JobID: i.Job, Node: i.Node, Retries: retries})
	case s.instance.callOf(i.Token) != nil:
		s.takeKept(s.instance.callOf(i.Token).ID)
	case i.Opening:
		s.watchProcess(token)
	case i.Triggered:
		s.happen(token)
	case i.Timeout != "":
		s.timedOut(token, i.Timeout)
	case i.Ending:
		s.finish(token)
	case !i.Leaving:
		s.admit(token)
	case s.instance.owned(i.Token) != nil && s.instance.body(token) == nil: // its output parameters failed
		s.finish(token)
	default:
		s.depart(token)
	}
}
