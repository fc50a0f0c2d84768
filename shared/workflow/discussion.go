package workflow

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// Contribution is what a caller gives to write into the thread of a task or an instance. ParentID is the comment that it
// answers, Mentions are the usernames of those who are to be told.
type Contribution struct {
	Text     string    `json:"text" api:"required"`
	ParentID engine.ID `json:"parentId,omitzero"`
	Mentions []string  `json:"mentions,omitempty"`
}

// Why a contribution is refused.
var (
	ErrParent   = fault.New(fault.Invalid, "unknown_comment", "There is no such comment here that could be answered.")
	ErrMentions = fault.New(fault.Invalid, "too_many_mentions", "A comment mentions at most 20 people.")
	ErrMention  = fault.New(fault.Invalid, "mention_cannot_read", "The person who is mentioned may not read this; send a copy first.")
)

const maxMentions = 20

// Teller tells people of a comment: Make says who is told what, which is written with the comment, and Told is called
// with it once it is there.
type Teller struct {
	Make func(context.Context, store.Discussed) (store.Telling, error)
	Told func(context.Context, store.Telling)
}

// Discuss writes about an instance or a task, running or ended, and tells those who are mentioned, and whoever wrote what
// is answered, by the notifications that t makes. Who has to do with it may. The answer is a store.Comment. Errors:
// ErrNoText, ErrBadText, ErrText, ErrParent, ErrMentions, ErrUnknownUser, ErrMention.
func (s *Service) Discuss(ctx context.Context, call Call, of store.Subject, x Contribution, t Teller) (json.RawMessage, error) {
	of, err := s.onto(ctx, call.Principal, of)
	if err == nil {
		err = checkRemark(x.Text)
	}
	if err != nil {
		return nil, err
	}
	d := store.Discussed{Comment: s.newComment(call, of, x.Text)}
	d.ParentID = x.ParentID
	if d.Answered, err = s.answered(ctx, of, x.ParentID); err == nil {
		d.Mentions, err = s.mentioned(ctx, of.Instance, x.Mentions)
	}
	if err == nil {
		err = s.name(ctx, &d)
	}
	if err != nil {
		return nil, err
	}
	told, err := t.Make(ctx, d)
	if err != nil {
		return nil, err
	}
	answer, err := recorded(http.StatusCreated, d.Comment)
	if err != nil {
		return nil, err
	}
	if err := s.store.AddComment(ctx, d.Comment, told, call.Idempotency, answer); err != nil {
		return nil, err
	}
	t.Told(ctx, told)
	return answer.Body, nil
}

// answered returns who wrote the comment that is answered. In the thread of an instance those on its tasks can be.
func (s *Service) answered(ctx context.Context, of store.Subject, parent engine.ID) (string, error) {
	if parent.IsZero() {
		return "", nil
	}
	c, err := s.store.Comment(ctx, parent)
	switch {
	case fault.KindOf(err) == fault.NotFound, err == nil && (c.InstanceID != of.Instance || !of.Task.IsZero() && c.TaskID != of.Task):
		return "", ErrParent.With(fault.Detail{Pointer: "/parentId", Code: ErrParent.Code})
	}
	return c.Author, err
}

// mentioned checks those who are mentioned: each is an active user who may read the instance.
func (s *Service) mentioned(ctx context.Context, instance engine.ID, usernames []string) ([]string, error) {
	if len(usernames) > maxMentions {
		return nil, ErrMentions.With(fault.Detail{Pointer: "/mentions", Code: ErrMentions.Code})
	}
	if err := s.known(ctx, "/mentions", usernames); err != nil {
		return nil, err
	}
	list := []string{}
	for i, username := range usernames {
		p, err := s.principal(ctx, username)
		if err == nil {
			_, err = s.instance(ctx, p, instance)
		}
		if fault.KindOf(err) == fault.Forbidden {
			err = ErrMention.With(fault.Detail{Pointer: fmt.Sprintf("/mentions/%d", i), Code: ErrMention.Code})
		}
		if err != nil {
			return nil, err
		}
		if !slices.Contains(list, username) {
			list = append(list, username)
		}
	}
	return list, nil
}

// principal is a user with his rights, who does not call.
func (s *Service) principal(ctx context.Context, username string) (access.Principal, error) {
	standing, err := s.store.Standing(ctx, username)
	return access.Principal{
		Username: username, Roles: standing.Roles, Groups: standing.Groups, Permissions: slices.Sorted(slices.Values(standing.Permissions)),
	}, err
}

// name finds out how what is discussed is called.
func (s *Service) name(ctx context.Context, d *store.Discussed) error {
	if !d.TaskID.IsZero() {
		task, err := s.store.Task(ctx, d.TaskID)
		d.ProcessKey, d.NodeID, d.Name = task.ProcessKey, task.NodeID, task.Name
		return err
	}
	in, err := s.store.LoadInstance(ctx, d.InstanceID)
	if err != nil {
		return err
	}
	definition, err := s.definition(ctx, in.DefinitionID)
	if err != nil {
		return err
	}
	d.ProcessKey, d.Name = in.ProcessKey, definition.Name
	return nil
}
