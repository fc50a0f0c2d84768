package workflow

import (
	"context"
	"unicode/utf8"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// Why a comment or an attachment is refused.
var (
	ErrNotYourComment = fault.New(fault.Forbidden, "not_your_comment", "Somebody else wrote it.")
	ErrNoText         = fault.New(fault.Invalid, "text_missing", "A comment needs a text.")
	ErrBadText        = fault.New(fault.Invalid, "bad_text", "The text is not valid UTF-8.")
)

const (
	// maxRemark is how many characters a comment has, so that it fits into a TEXT whatever they are.
	maxRemark = 16_000
	// maxRemarks bounds the comments, and the attachments, that one list shows.
	maxRemarks = 1000
)

// onto finds what the principal may add a comment or an attachment to: what he has to do with. A copy lets him read
// alone.
func (s *Service) onto(ctx context.Context, p access.Principal, of store.Subject) (store.Subject, error) {
	if of.Task.IsZero() {
		_, err := s.instanceOf(ctx, p, of.Instance)
		return of, err
	}
	task, _, err := s.taskOf(ctx, p, of.Task)
	return store.Subject{Instance: task.InstanceID, Task: of.Task}, err
}

// about finds what a comment or an attachment is about, where the principal may see it.
func (s *Service) about(ctx context.Context, p access.Principal, of store.Subject) (store.Subject, error) {
	if of.Task.IsZero() {
		_, err := s.instance(ctx, p, of.Instance)
		return of, err
	}
	task, _, err := s.task(ctx, p, of.Task)
	return store.Subject{Instance: task.InstanceID, Task: of.Task}, err
}

// Comments lists what was written about an instance or one of its tasks, the latest first: for those who may
// see it.
func (s *Service) Comments(ctx context.Context, p access.Principal, of store.Subject) ([]store.Comment, error) {
	of, err := s.about(ctx, p, of)
	if err != nil {
		return nil, err
	}
	return s.store.Comments(ctx, of, maxRemarks)
}

// Comment returns one comment about a subject, or store.ErrNoComment.
func (s *Service) Comment(ctx context.Context, p access.Principal, of store.Subject, id engine.ID) (store.Comment, error) {
	of, err := s.about(ctx, p, of)
	if err != nil {
		return store.Comment{}, err
	}
	c, err := s.store.Comment(ctx, id)
	if err == nil && (c.InstanceID != of.Instance || !of.Task.IsZero() && c.TaskID != of.Task) {
		err = store.ErrNoComment
	}
	return c, err
}

// AddComment writes about an instance or a task, running or ended. Who has to do with it may. Errors: ErrNoText,
// ErrBadText, ErrText.
func (s *Service) AddComment(ctx context.Context, call Call, of store.Subject, text string) (store.Comment, error) {
	of, err := s.onto(ctx, call.Principal, of)
	if err == nil {
		err = checkRemark(text)
	}
	if err != nil {
		return store.Comment{}, err
	}
	c := s.newComment(call, of, text)
	return c, s.store.AddComment(ctx, c, store.Telling{}, nil, store.Recorded{})
}

func (s *Service) newComment(call Call, of store.Subject, text string) store.Comment {
	return store.Comment{
		ID: s.newID(), InstanceID: of.Instance, TaskID: of.Task, Kind: store.Remark, Author: call.Principal.Username, Text: text, Mentions: []string{}, CreatedAt: s.instant(),
	}
}

// EditComment gives a comment another text. Its author may, and those who operate.
func (s *Service) EditComment(ctx context.Context, call Call, of store.Subject, id engine.ID, text string) error {
	if err := checkRemark(text); err != nil {
		return err
	}
	if err := s.ownComment(ctx, call, of, id); err != nil {
		return err
	}
	return s.store.EditComment(ctx, id, text, instant())
}

// DeleteComment removes a comment. Its author may, and those who operate.
func (s *Service) DeleteComment(ctx context.Context, call Call, of store.Subject, id engine.ID) error {
	if err := s.ownComment(ctx, call, of, id); err != nil {
		return err
	}
	return s.store.DeleteComment(ctx, id)
}

func (s *Service) ownComment(ctx context.Context, call Call, of store.Subject, id engine.ID) error {
	c, err := s.Comment(ctx, call.Principal, of, id)
	if err != nil {
		return err
	}
	return mayChange(call.Principal, c.Author)
}

func mayChange(p access.Principal, author string) error {
	if author != p.Username && !p.Can(access.WorkflowOperate) {
		return ErrNotYourComment
	}
	return nil
}

func checkRemark(text string) error {
	if text == "" {
		return ErrNoText.With(fault.Detail{Pointer: "/text", Code: ErrNoText.Code})
	}
	return checkLength("/text", text, maxRemark)
}

// checkLength holds that a text is UTF-8 and has at most so many characters.
func checkLength(pointer, text string, most int) error {
	switch {
	case !utf8.ValidString(text):
		return ErrBadText.With(fault.Detail{Pointer: pointer, Code: ErrBadText.Code})
	case utf8.RuneCountInString(text) > most:
		return ErrText.With(fault.Detail{Pointer: pointer, Code: ErrText.Code})
	}
	return nil
}
