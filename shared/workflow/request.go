package workflow

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// What is said of requests.
var (
	ErrStartFor       = fault.New(fault.Forbidden, "not_for_others", "Starting for somebody else takes the right WORKFLOW_START_FOR.")
	ErrNotYourPost    = fault.New(fault.Invalid, "not_your_post", "The starter has no post in that department.")
	ErrNotResubmitted = fault.New(fault.Conflict, "not_to_resubmit", "Only a request that was withdrawn, cancelled or rejected is sent in again.")
	ErrOwnLink        = fault.New(fault.Invalid, "linked_to_itself", "An instance is not linked to itself.")
)

// checkStarter checks for whom and in which post somebody starts.
func (s *Service) checkStarter(ctx context.Context, p access.Principal, r StartRequest) error {
	starter := p.Username
	if r.OnBehalfOf != "" && r.OnBehalfOf != starter {
		if !p.Can(access.WorkflowStartFor) {
			return ErrStartFor
		}
		starter = r.OnBehalfOf
		active, err := s.store.Members(ctx, store.Audience{Users: []string{starter}}, 1)
		if err != nil {
			return err
		}
		if len(active) == 0 {
			return ErrUnknownUser.With(fault.Detail{Pointer: "/onBehalfOf", Code: ErrUnknownUser.Code})
		}
	}
	if r.Department == "" {
		return nil
	}
	has, err := s.store.HasPost(ctx, starter, r.Department)
	if err == nil && !has {
		err = ErrNotYourPost.With(fault.Detail{Pointer: "/department", Code: ErrNotYourPost.Code})
	}
	return err
}

// number takes the next number of the process for a beginning, once.
func (s *Service) number(ctx context.Context, b *beginning, p *bpmn.Process) error {
	if p.Request.Number == "" || b.number != "" {
		return nil
	}
	at := s.today()
	n, err := s.store.NextNumber(ctx, p.Key, p.Request.Number.Period(at))
	if err == nil {
		b.number = p.Request.Number.Format(at, n)
	}
	return err
}

// today is now where the installation is.
func (s *Service) today() time.Time {
	if s.location == nil {
		return s.instant()
	}
	return s.instant().In(s.location)
}

// Anew is what a caller gives to send a request in again, or to copy one: the variables go before those that the
// earlier one was started with.
type Anew struct {
	BusinessKey string           `json:"businessKey,omitempty"`
	Variables   engine.Variables `json:"variables,omitempty"`
	Department  string           `json:"department,omitempty"`
}

// Resubmit starts the latest version of a process anew with what one has started it with, where that was withdrawn,
// cancelled or rejected. Errors: ErrNotYourInstance, ErrNotResubmitted and those of StartProcess.
func (s *Service) Resubmit(ctx context.Context, call Call, id engine.ID, a Anew) (json.RawMessage, error) {
	return s.anew(ctx, call, id, a, func(in *engine.Instance) error {
		if in.State != engine.Cancelled && (in.State != engine.Completed || !rejected(in)) {
			return ErrNotResubmitted
		}
		return nil
	})
}

// CopyInstance starts the latest version of a process with what one has started it with. Errors: ErrNotYourInstance and
// those of StartProcess.
func (s *Service) CopyInstance(ctx context.Context, call Call, id engine.ID, a Anew) (json.RawMessage, error) {
	return s.anew(ctx, call, id, a, func(*engine.Instance) error { return nil })
}

func (s *Service) anew(ctx context.Context, call Call, id engine.ID, a Anew, may func(*engine.Instance) error) (json.RawMessage, error) {
	in, err := s.store.LoadInstance(ctx, id)
	if err != nil {
		return nil, err
	}
	if me := call.Principal.Username; in.Starter != me && in.StartedBy != me || !in.ParentID.IsZero() {
		return nil, ErrNotYourInstance
	}
	if err := may(in); err != nil {
		return nil, err
	}
	first, err := s.store.History(ctx, id, 0, 1)
	if err != nil {
		return nil, err
	}
	variables := engine.Variables{}
	if len(first) > 0 {
		variables = begunWith(first[0].Changes)
	}
	maps.Copy(variables, a.Variables)
	r := StartRequest{BusinessKey: a.BusinessKey, Variables: variables, Department: a.Department}
	if in.Starter != call.Principal.Username {
		r.OnBehalfOf = in.Starter
	}
	return s.start(ctx, call, beginning{request: r, key: in.ProcessKey, origin: id})
}

// begunWith are the variables of the process that the changes of a start set before a token moves.
func begunWith(changes []engine.Change) engine.Variables {
	variables := engine.Variables{}
	for _, c := range changes {
		if c.Kind == engine.TokenCreated {
			break
		}
		if c.Kind == engine.VariablesSet && c.Scope == 0 {
			maps.Copy(variables, c.Variables)
		}
	}
	return variables
}

// rejected reports whether the decision of some approval that stands is a rejection.
func rejected(in *engine.Instance) bool {
	for _, value := range in.Scopes[0].Variables {
		decided, ok := value.(map[string]any)
		if ok && decided["result"] == engine.Rejected && decided["votes"] != nil {
			return true
		}
	}
	return false
}

// NewLink is what a caller gives to link an instance with another one.
type NewLink struct {
	InstanceID string `json:"instanceId" api:"required"`
	Comment    string `json:"comment,omitempty"`
}

// Link links two instances that the caller may see. Errors: store.ErrNoInstance, ErrNotYourInstance, ErrOwnLink,
// store.ErrLinked.
func (s *Service) Link(ctx context.Context, call Call, id engine.ID, n NewLink) (json.RawMessage, error) {
	if err := checkTexts("", n.Comment); err != nil {
		return nil, err
	}
	other, err := engine.ParseID(n.InstanceID)
	if err != nil {
		return nil, ErrOwnLink.Withf("instanceId is the id of another instance.")
	}
	if id == other {
		return nil, ErrOwnLink
	}
	if _, err := s.instance(ctx, call.Principal, id); err != nil {
		return nil, err
	}
	in, err := s.instance(ctx, call.Principal, other)
	if err != nil {
		return nil, err
	}
	l := store.Link{Instance: store.ShowInstance(in), Comment: n.Comment, By: call.Principal.Username, At: instant()}
	answer, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	return answer, s.store.AddLink(ctx, id, l, call.Idempotency, store.Recorded{Status: 201, Body: answer})
}

// Unlink removes the link of two instances of which the caller may see one. Errors: those of Instance, store.ErrNoLink.
func (s *Service) Unlink(ctx context.Context, p access.Principal, id, other engine.ID) error {
	if _, err := s.instance(ctx, p, id); err != nil {
		return err
	}
	return s.store.RemoveLink(ctx, id, other)
}

// Links returns what an instance is linked with, either way, as far as the caller may see it.
func (s *Service) Links(ctx context.Context, p access.Principal, id engine.ID) ([]store.Link, error) {
	if _, err := s.instance(ctx, p, id); err != nil {
		return nil, err
	}
	found, err := s.store.Links(ctx, id)
	if err != nil {
		return nil, err
	}
	list := []store.Link{}
	for other, link := range found {
		in, err := s.instance(ctx, p, other)
		if fault.KindOf(err) == fault.Forbidden || fault.KindOf(err) == fault.NotFound {
			continue // not the caller's to know
		}
		if err != nil {
			return nil, err
		}
		link.Instance = store.ShowInstance(in)
		list = append(list, link)
	}
	slices.SortFunc(list, func(a, b store.Link) int { return b.At.Compare(a.At) })
	return list, nil
}
