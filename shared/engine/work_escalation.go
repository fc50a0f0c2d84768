package engine

// EscalateJob throws an escalation on behalf of a worker's job, as an escalation throw event in its place
// would, and then ends the work as CompleteJob does, unless whoever catches it has interrupted the job.
// EscalationVariables are for the one who catches it, Variables are the results of the work.
type EscalateJob struct {
	Job                 ID
	Code                string
	EscalationVariables Variables
	Variables           Variables
}

// Name is the command's name in the history.
func (EscalateJob) Name() string { return "throw-escalation" }

func (a EscalateJob) apply(s *step) error {
	job, err := s.external(a.Job)
	if err != nil {
		return err
	}
	token := *s.instance.token(job.Token)
	s.setVariables(s.instance.scopeOf(token), a.Variables)
	done := Change{Kind: JobCompleted, JobID: job.ID, Node: job.Node, Topic: job.Topic}
	err = s.raiseEscalation(token, a.Code, a.EscalationVariables, func() {
		s.do(done)
		s.finish(token)
	})
	if err != nil { // the work is done, but nobody knows who catches: an operator lets the token go on
		s.resolve(job)
		s.do(done)
		s.raise(token, true, err)
	}
	return nil
}
