package workflow

import (
	"context"
	"encoding/json"
	"errors"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// ErrNotYourInstance: the instance is somebody else's.
var ErrNotYourInstance = fault.New(fault.Forbidden, "not_your_instance", "The process instance is somebody else's.")

// InstanceAnswer is the answer to every operation on an instance: its state now and the tasks that
// were opened.
type InstanceAnswer struct {
	Instance store.Instance `json:"instance"`
	Next     []store.Task   `json:"next"`
}

// command runs an action on an instance for those who operate, or also for its starter.
func (s *Service) command(ctx context.Context, call Call, id engine.ID, starterToo bool, action engine.Action) (json.RawMessage, error) {
	t := s.instanceTrigger(id)
	t.decide = func(sub *subject) (engine.Action, error) {
		starter := starterToo && sub.instance.Starter == call.Principal.Username && sub.definition.process.StarterWithdraws()
		if !starter && !call.Principal.Can(access.WorkflowOperate) {
			return nil, ErrNotYourInstance
		}
		return action, nil
	}
	t.answer = func(r *result) any {
		return InstanceAnswer{Instance: store.ShowInstance(r.after), Next: created(r)}
	}
	return s.Execute(ctx, call, t)
}

// CancelInstance ends an instance at once; its open tasks are cancelled. The starter and operators
// may.
func (s *Service) CancelInstance(ctx context.Context, call Call, id engine.ID, reason string) (json.RawMessage, error) {
	if err := checkTexts("", reason); err != nil {
		return nil, err
	}
	return s.command(ctx, call, id, true, engine.Cancel{Reason: reason})
}

// SuspendInstance stops an instance where it is. Operators may.
func (s *Service) SuspendInstance(ctx context.Context, call Call, id engine.ID, reason string) (json.RawMessage, error) {
	if err := checkTexts("", reason); err != nil {
		return nil, err
	}
	return s.command(ctx, call, id, false, engine.Suspend{Reason: reason})
}

// ResumeInstance lets a suspended instance go on. Operators may.
func (s *Service) ResumeInstance(ctx context.Context, call Call, id engine.ID, reason string) (json.RawMessage, error) {
	if err := checkTexts("", reason); err != nil {
		return nil, err
	}
	return s.command(ctx, call, id, false, engine.Resume{Reason: reason})
}

// RetryIncidents lets every incident of an instance try again, after setting variables. Operators
// may.
func (s *Service) RetryIncidents(ctx context.Context, call Call, id engine.ID, variables engine.Variables) (json.RawMessage, error) {
	return s.Repair(ctx, call, id, engine.ID{}, Retry{Variables: variables})
}

// RetryIncident lets one incident try again, after setting variables. Operators may.
func (s *Service) RetryIncident(ctx context.Context, call Call, id engine.ID, variables engine.Variables) (json.RawMessage, error) {
	return s.RepairIncident(ctx, call, id, Retry{Variables: variables})
}

// instance loads an instance that the principal may see: one that he has to do with, or of which he was sent a copy.
func (s *Service) instance(ctx context.Context, p access.Principal, id engine.ID) (*engine.Instance, error) {
	in, err := s.instanceOf(ctx, p, id)
	if errors.Is(err, ErrNotYourInstance) {
		err = s.unlessCopied(ctx, p, id, err)
	}
	return in, err
}

// instanceOf loads an instance that the principal has to do with: one that he started or has or had a task in,
// one that somebody of a department started which he heads, or any for those who see all. With ErrNotYourInstance
// comes the instance, too.
func (s *Service) instanceOf(ctx context.Context, p access.Principal, id engine.ID) (*engine.Instance, error) {
	in, err := s.store.LoadInstance(ctx, id)
	if err != nil {
		return nil, err
	}
	if in.Starter == p.Username || p.SeesAll() {
		return in, nil
	}
	seen, err := s.store.TakesPart(ctx, id, p.Username, p.Identities())
	if err == nil && !seen {
		seen, err = s.store.HeadOf(ctx, p.Username, in.Starter)
	}
	if err == nil && !seen {
		seen, err = s.store.Oversees(ctx, p.Username, in.Starter)
	}
	if err != nil {
		return nil, err
	}
	if !seen {
		return in, ErrNotYourInstance
	}
	return in, nil
}

// InstanceDetail is an instance with its open tasks and incidents.
type InstanceDetail struct {
	store.Instance
	Tasks     []store.Task     `json:"tasks"`
	Incidents []store.Incident `json:"incidents"`
}

// Instance returns an instance that the principal may see.
func (s *Service) Instance(ctx context.Context, p access.Principal, id engine.ID) (*InstanceDetail, error) {
	in, err := s.instance(ctx, p, id)
	if err != nil {
		return nil, err
	}
	d := &InstanceDetail{Instance: store.ShowInstance(in), Tasks: []store.Task{}, Incidents: []store.Incident{}}
	for _, t := range in.Tasks {
		d.Tasks = append(d.Tasks, store.ShowTask(in, t))
	}
	for _, i := range in.Incidents {
		d.Incidents = append(d.Incidents, store.ShowIncident(in, i))
	}
	return d, nil
}

// Variables returns the variables of the process scope of an instance that the principal may see.
func (s *Service) Variables(ctx context.Context, p access.Principal, id engine.ID) (engine.Variables, error) {
	in, err := s.instance(ctx, p, id)
	if err != nil {
		return nil, err
	}
	return s.ConcealedAnywhere(ctx, p, in, in.Scopes[0].Variables)
}
