package engine

import (
	"cmp"
	"time"
)

// RetryTimer says how often a timer may still be tried by hand. Its clock goes on all the same. Without retries an
// incident says so; it stops no token, since what the timer belongs to may go on (Camunda 7: a timer is a job, whose
// activity waits).
type RetryTimer struct {
	Timer   ID
	Retries int
}

// Name is the command's name in the history.
func (RetryTimer) Name() string { return "retry-timer" }

func (a RetryTimer) apply(s *step) error {
	timer, err := s.liveTimer(a.Timer)
	if err == nil {
		s.retriesOfTimer(timer, a.Retries, "", "")
	}
	return err
}

// CountFailure takes one try from a continuation or a timer that somebody has run in vain, because of what the
// message says of the node Failed. failedJobRetryTimeCycle is evaluated now (Camunda 7 DefaultJobRetryCmd): the
// first failure sets the tries that it names, and each is followed by its pause.
type CountFailure struct {
	Job             ID // or the timer
	Failed, Message string
}

// Name is the command's name in the history.
func (CountFailure) Name() string { return "count-failure" }

func (a CountFailure) apply(s *step) error {
	if timer, err := s.liveTimer(a.Job); err == nil {
		retries, due := s.nextTry(s.waiter(timer.Token, timer.Scope), timer.Node, timer.TriesLeft(), timer.Failure == "")
		s.retriesOfTimer(timer, retries, a.Failed, a.Message)
		if !due.IsZero() {
			s.do(Change{Kind: TimerMoved, TimerID: timer.ID, Node: timer.Node, DueAt: due})
		}
		return nil
	}
	job, err := s.anyJob(a.Job)
	if err != nil {
		return err
	}
	retries, due := s.nextTry(*s.instance.token(job.Token), job.Node, job.Retries, job.Failure == "")
	if due.IsZero() {
		due = job.DueAt
	}
	s.do(Change{Kind: JobFailed, JobID: job.ID, Node: job.Node, Topic: job.Topic, Retries: retries, DueAt: due, Reason: a.Message, Failed: a.Failed})
	if retries == 0 && !s.stuck(job.Token) {
		s.do(Change{Kind: IncidentRaised, Incident: &Incident{
			ID: s.newID(), Token: job.Token, Node: job.Node, Job: job.ID, Code: "job_failed", Message: a.Message, RaisedAt: s.now,
		}})
	}
	return nil
}

// nextTry returns how often what has failed at a node may be tried again, and when; zero is as before. A cycle that
// cannot be evaluated is as none.
func (s *step) nextTry(t Token, node string, retries int, first bool) (int, time.Time) {
	n := s.process.Node(node)
	if n == nil || n.RetryCycle == nil {
		return max(retries-1, 0), time.Time{}
	}
	count, delays, err := s.retries(t, n)
	if err != nil || len(delays) == 0 {
		return max(retries-1, 0), time.Time{}
	}
	if first {
		retries = count
	}
	if retries = max(retries-1, 0); retries == 0 {
		return 0, time.Time{}
	}
	return retries, s.retryAt(delays, retries, nil)
}

// liveTimer returns a copy of a timer of an instance that has not ended; it may be suspended.
func (s *step) liveTimer(id ID) (Timer, error) {
	if s.instance.State.Ended() {
		return Timer{}, ErrEnded
	}
	timer := s.instance.Timer(id)
	if timer == nil {
		return Timer{}, ErrTimerGone
	}
	return *timer, nil
}

func (s *step) retriesOfTimer(timer Timer, retries int, failed, message string) {
	s.do(Change{Kind: TimerRetried, TimerID: timer.ID, Node: timer.Node, Retries: max(retries, 0), Reason: message, Failed: failed})
	switch raised := s.instance.timerIncident(timer.ID); {
	case retries > 0 && raised != nil:
		s.do(Change{Kind: IncidentResolved, IncidentID: raised.ID, Node: raised.Node})
	case retries <= 0 && raised == nil:
		s.do(Change{Kind: IncidentRaised, Incident: &Incident{
			ID: s.newID(), Node: timer.Node, Job: timer.ID, Code: "job_failed",
			Message: cmp.Or(message, timer.Failure, "An operator has set the retries to 0."), RaisedAt: s.now,
		}})
	}
}

// timerIncident returns the incident of a timer without retries, or nil.
func (in *Instance) timerIncident(timer ID) *Incident {
	for i := range in.Incidents {
		if in.Incidents[i].Job == timer {
			return &in.Incidents[i]
		}
	}
	return nil
}

// timerEnds resolves the incident of a timer that is over.
func (s *step) timerEnds(timer ID) {
	if raised := s.instance.timerIncident(timer); raised != nil {
		s.do(Change{Kind: IncidentResolved, IncidentID: raised.ID, Node: raised.Node})
	}
}

// TriesLeft returns how often a timer may still be tried by hand.
func (t Timer) TriesLeft() int {
	if !t.Tried {
		return defaultRetries
	}
	return t.Retries
}

func retryTimer(in *Instance, c Change) {
	timer := in.Timer(c.TimerID)
	timer.Tried, timer.Retries = true, c.Retries
	if c.Reason != "" {
		timer.Failure, timer.FailedNode = c.Reason, c.Failed
	}
}
