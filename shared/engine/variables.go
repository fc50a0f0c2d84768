package engine

import "slices"

// SetVariables writes and removes variables of the process, or of what the token is at. A variable is
// written where it is found outwards, as everywhere; Local writes and removes in that very scope. It may
// be done while the instance is suspended (Camunda 7 SetExecutionVariablesCmd).
type SetVariables struct {
	Token     int // 0: the process
	Local     bool
	Variables Variables
	Remove    []string
}

// Name is the command's name in the history.
func (SetVariables) Name() string { return "set-variables" }

func (a SetVariables) apply(s *step) error {
	if s.instance.State.Ended() {
		return ErrEnded
	}
	scope := 0
	if a.Token != 0 {
		token := s.instance.token(a.Token)
		if token == nil {
			return ErrNoToken
		}
		scope = s.instance.scopeOf(*token)
	}
	if a.Local && len(a.Variables) > 0 {
		s.do(Change{Kind: VariablesSet, Scope: scope, Variables: a.Variables})
	} else {
		s.setVariables(scope, a.Variables)
	}
	for _, name := range slices.Sorted(slices.Values(a.Remove)) {
		s.removeVariable(scope, name, a.Local)
	}
	return nil
}

// removeVariable removes a variable where it is found; that there is none is no error.
func (s *step) removeVariable(scope int, name string, local bool) {
	if !local {
		scope = s.instance.holder(scope, name)
	}
	if _, found := s.instance.scope(scope).Variables[name]; found {
		s.do(Change{Kind: VariablesRemoved, Scope: scope, Names: []string{name}})
	}
}

// SetRetries says how often a job may still be tried. More than none ends its incident, none raises one
// (Camunda 7 SetJobRetriesCmd and SetExternalTaskRetriesCmd).
type SetRetries struct {
	Job     ID
	Retries int
}

// Name is the command's name in the history.
func (SetRetries) Name() string { return "set-retries" }

func (a SetRetries) apply(s *step) error {
	if s.instance.State.Ended() {
		return ErrEnded
	}
	found := s.instance.Job(a.Job)
	if found == nil {
		return ErrNoJob
	}
	job, retries := *found, max(a.Retries, 0)
	if retries > 0 {
		s.resolve(job)
	}
	s.do(Change{Kind: JobRetried, JobID: job.ID, Node: job.Node, Retries: retries})
	if retries == 0 && !s.stuck(job.Token) {
		s.do(Change{Kind: IncidentRaised, Incident: &Incident{
			ID: s.newID(), Token: job.Token, Node: job.Node, Job: job.ID, Code: "job_failed",
			Message: "An operator has set the retries to 0.", RaisedAt: s.now,
		}})
	}
	return nil
}
