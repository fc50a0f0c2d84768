package workflow

import (
	"context"
	"errors"
	"net/http"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
)

// Forecast is who will probably be asked, in the order in which that happens.
type Forecast struct {
	Steps []Foreseen `json:"steps"`
	// Ends says that the instance ends after them; else Unsure says why nobody knows how it goes on.
	Ends   bool   `json:"ends"`
	Unsure string `json:"unsure,omitempty"`
}

// Foreseen is a user task that somebody will probably have, or has now.
type Foreseen struct {
	NodeID          string   `json:"nodeId"`
	Name            string   `json:"name"`
	Assignee        string   `json:"assignee,omitempty"`
	CandidateUsers  []string `json:"candidateUsers,omitempty"`
	CandidateGroups []string `json:"candidateGroups,omitempty"`
	// Skipped are signers who would have been asked, had they not approved before or started.
	Skipped []string `json:"skipped,omitempty"`
	Open    bool     `json:"open"` // now
	// Sure is false behind what nobody can know: the result of a service, the time of an event.
	Sure bool `json:"sure"`
}

// maxForeseen bounds the steps of a forecast.
const maxForeseen = 100

// ForecastStart says who would be asked, were a process started with variables. Nothing is written. Errors: those of
// StartProcess.
func (s *Service) ForecastStart(ctx context.Context, p access.Principal, key string, r StartRequest) (*Forecast, error) {
	if err := checkVariables(r.Variables); err != nil {
		return nil, err
	}
	if err := s.checkStarter(ctx, p, r); err != nil {
		return nil, err
	}
	d, err := s.latestDefinition(ctx, key)
	if err != nil {
		return nil, err
	}
	if err := mayStart(p, d.process); err != nil {
		return nil, err
	}
	f := s.foresight(p, d)
	err = f.do(ctx, p.Username, engine.Start{
		InstanceID: newID(), DefinitionID: d.ID, ProcessVersion: d.Version, Variables: r.Variables, For: r.OnBehalfOf,
		Request: engine.Request{Department: r.Department}, Form: r.Form,
	})
	if err != nil {
		return nil, err
	}
	return f.look(ctx)
}

// ForecastInstance says who will probably be asked in an instance that the principal may see; nobody where it
// has ended. Errors: those of Instance.
func (s *Service) ForecastInstance(ctx context.Context, p access.Principal, id engine.ID) (*Forecast, error) {
	in, err := s.instance(ctx, p, id)
	if err != nil {
		return nil, err
	}
	if in.State.Ended() {
		return &Forecast{Steps: []Foreseen{}, Ends: true}, nil
	}
	d, err := s.definition(ctx, in.DefinitionID)
	if err != nil {
		return nil, err
	}
	f := s.foresight(p, d)
	f.now = in
	for _, t := range in.Tasks {
		f.see(t, true)
	}
	return f.look(ctx)
}

// foresight lets a copy of an instance go on as if everybody approved.
type foresight struct {
	*execution
	definition *definition
	now        *engine.Instance
	seen       map[engine.ID]bool
	out        Forecast
	unsure     bool
}

func (s *Service) foresight(p access.Principal, d *definition) *foresight {
	return &foresight{
		execution: &execution{Service: s, call: Call{Principal: p}, at: instant()}, definition: d,
		seen: map[engine.ID]bool{}, out: Forecast{Steps: []Foreseen{}},
	}
}

// do makes one step of the copy and notes the tasks that come of it.
func (f *foresight) do(ctx context.Context, actor string, a engine.Action) error {
	f.at = f.at.Add(time.Millisecond)
	after, changes, err := f.step(ctx, &subject{instance: f.now, definition: f.definition}, engine.Command{ID: newID(), Actor: actor, Action: a})
	if err != nil {
		return err
	}
	f.now = after
	for i := range changes {
		switch c := &changes[i]; c.Kind {
		case engine.ApprovalChanged:
			f.skipped(c)
		case engine.TaskCreated:
			f.see(*c.Task, false)
		}
	}
	return nil
}

// skipped notes the signers of an approval who are not asked.
func (f *foresight) skipped(c *engine.Change) {
	if c.Reason != "opened" {
		return
	}
	var names []string
	for _, x := range c.Approval.Signers {
		if x.Skipped != "" {
			names = append(names, x.User)
		}
	}
	if len(names) > 0 {
		f.out.Steps = append(f.out.Steps, Foreseen{NodeID: c.Node, Name: f.nameOf(c.Node), Skipped: names, Sure: !f.unsure})
	}
}

func (f *foresight) nameOf(node string) string {
	if n := f.definition.process.Node(node); n != nil && n.Name != "" {
		return n.Name
	}
	return node
}

func (f *foresight) see(t engine.Task, open bool) {
	if f.seen[t.ID] {
		return
	}
	f.seen[t.ID] = true
	f.out.Steps = append(f.out.Steps, Foreseen{
		NodeID: t.Node, Name: t.Name, Assignee: t.Assignee, CandidateUsers: t.CandidateUsers, CandidateGroups: t.CandidateGroups, Open: open, Sure: !f.unsure,
	})
}

// look goes on until the copy ends, nobody knows how it goes on, or enough is seen.
func (f *foresight) look(ctx context.Context) (*Forecast, error) {
	for range maxForeseen {
		if f.now.State.Ended() {
			f.out.Ends = true
			return &f.out, nil
		}
		actor, action, why := f.next()
		if action == nil {
			f.out.Unsure = why
			return &f.out, nil
		}
		err := f.do(ctx, actor, action)
		var refused *fault.Error
		if errors.As(err, &refused) && refused.Kind.Status() < http.StatusInternalServerError {
			f.out.Unsure = refused.Code
			return &f.out, nil
		}
		if err != nil {
			return nil, err
		}
	}
	f.out.Unsure = "too_long"
	return &f.out, nil
}

// next is what the copy does next: tasks are approved by who has them, in their order; continuations go on. Behind the
// job of a worker nothing is sure, since nobody knows its result; an incident, and what waits for an event alone, end it.
func (f *foresight) next() (string, engine.Action, string) {
	in := f.now
	switch {
	case len(in.Incidents) > 0:
		return "", nil, in.Incidents[0].Code
	case in.State != engine.Active:
		return "", nil, "suspended"
	case len(in.Tasks) > 0:
		t := in.Tasks[0]
		c := engine.CompleteTask{Task: t.ID, Outright: true}
		if n := f.definition.process.Node(t.Node); n != nil && n.UserTask != nil && n.UserTask.Approval != nil {
			c.Outcome = engine.Approve
		}
		return t.Assignee, c, ""
	}
	if len(in.Jobs) > 0 {
		j := in.Jobs[0]
		if j.Kind != engine.ExternalJob {
			return "", engine.Continue{Job: j.ID}, ""
		}
		f.unsure = true
		return "", engine.CompleteJob{Job: j.ID}, ""
	}
	if t := earliest(in.Timers); t != nil && len(in.Subscriptions) == 0 {
		if n := f.definition.process.Node(t.Node); n != nil && n.Element == bpmn.ElementIntermediateCatchEvent {
			return "", engine.FireTimer{Timer: t.ID, Early: true}, ""
		}
	}
	return "", nil, "waits_for_event"
}

// earliest returns the timer that is due first, or nil.
func earliest(list []engine.Timer) *engine.Timer {
	var first *engine.Timer
	for i := range list {
		if first == nil || list[i].DueAt.Before(first.DueAt) {
			first = &list[i]
		}
	}
	return first
}
