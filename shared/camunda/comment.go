package camunda

import (
	"context"
	"errors"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// Comment is what somebody wrote about a task or a process instance.
type Comment struct {
	Links    []Link  `json:"links"`
	ID       string  `json:"id"`
	User     string  `json:"userId"`
	Time     Date    `json:"time"`
	Task     *string `json:"taskId"`
	Instance string  `json:"processInstanceId"`
	Message  string  `json:"message"`
	Removal  Date    `json:"removalTime"`
	Root     string  `json:"rootProcessInstanceId"`
}

// CommentText is the body that writes a comment, or writes one anew.
type CommentText struct {
	ID      string  `json:"id"`
	Message *string `json:"message"`
}

// Thing is what comments and attachments are about: the path's beginning and its id.
type Thing struct {
	path, id string
	subject  store.Subject
}

// TaskThing is a task, open or ended.
func TaskThing(id string) Thing {
	t := Thing{path: "/task/", id: id}
	t.subject.Task, _ = engine.ParseID(id) // zero names none
	return t
}

// InstanceThing is a process instance, running or ended.
func InstanceThing(id string) Thing {
	t := Thing{path: "/process-instance/", id: id}
	t.subject.Instance, _ = engine.ParseID(id)
	return t
}

// missing is the failure that a thing is not there.
func (t Thing) missing(status int) error {
	kind := "task"
	if t.path != "/task/" {
		kind = "process instance"
	}
	return &Error{Status: status, Type: invalidRequest, Message: "No " + kind + " found for " + kind + " id " + t.id}
}

// known refuses an id that is none: a subject without ids is everything's.
func (t Thing) known(status int) error {
	if t.subject == (store.Subject{}) {
		return t.missing(status)
	}
	return nil
}

// explain words a failure of a use case: Camunda has a status of its own for a thing that is not there, and a
// text for what of it is not.
func (t Thing) explain(err error, status int, what string) error {
	switch {
	case errors.Is(err, store.ErrNoTask), errors.Is(err, store.ErrNoInstance):
		return t.missing(status)
	case fault.KindOf(err) == fault.NotFound:
		return NotFound("%s", what)
	}
	return err
}

func (t Thing) noComment(id string) string {
	if t.path == "/task/" {
		return "Task comment with id " + id + " does not exist for task id '" + t.id + "'."
	}
	return "Comment with id " + id + " does not exist for process instance id '" + t.id + "'."
}

func showComment(c store.Comment) Comment {
	shown := Comment{Links: []Link{}, ID: c.ID.String(), User: c.Author, Time: Date{c.CreatedAt}, Instance: c.InstanceID.String(), Message: c.Text, Root: c.InstanceID.String()}
	if !c.TaskID.IsZero() {
		shown.Task = pointer(c.TaskID.String())
	}
	return shown
}

// Comments lists the comments on a thing, the latest first.
func (s *Service) Comments(ctx context.Context, p access.Principal, t Thing) ([]Comment, error) {
	if err := t.known(http.StatusNotFound); err != nil {
		return nil, err
	}
	found, err := s.workflow.Comments(ctx, p, t.subject)
	list := make([]Comment, len(found))
	for i, c := range found {
		list[i] = showComment(c)
	}
	return list, t.explain(err, http.StatusNotFound, "")
}

// Comment returns one comment on a thing.
func (s *Service) Comment(ctx context.Context, p access.Principal, t Thing, id string) (Comment, error) {
	if err := t.known(http.StatusNotFound); err != nil {
		return Comment{}, err
	}
	parsed, err := engine.ParseID(id)
	if err != nil {
		return Comment{}, NotFound("%s", t.noComment(id))
	}
	c, err := s.workflow.Comment(ctx, p, t.subject, parsed)
	return showComment(c), t.explain(err, http.StatusNotFound, t.noComment(id))
}

// AddComment writes a comment on a thing. base is the address of the product as the caller knows it.
func (s *Service) AddComment(ctx context.Context, call workflow.Call, t Thing, body CommentText, base string) (Comment, error) {
	if err := t.known(http.StatusBadRequest); err != nil {
		return Comment{}, err
	}
	c, err := s.workflow.AddComment(ctx, call, t.subject, textOf(body.Message))
	if errors.Is(err, workflow.ErrNoText) {
		return Comment{}, BadRequest("Not enough parameters submitted")
	}
	if err != nil {
		return Comment{}, t.explain(err, http.StatusBadRequest, "")
	}
	shown := showComment(c)
	shown.Links = self(base, t.path+t.id+"/comment/"+shown.ID)
	return shown, nil
}

// EditComment gives a comment on a thing another text.
func (s *Service) EditComment(ctx context.Context, call workflow.Call, t Thing, body CommentText) error {
	if err := t.known(http.StatusBadRequest); err != nil {
		return err
	}
	if body.ID == "" || body.Message == nil {
		return BadRequest("Not enough parameters submitted")
	}
	id, err := engine.ParseID(body.ID)
	if err != nil {
		return BadRequest("%s", t.noComment(body.ID))
	}
	err = t.explain(s.workflow.EditComment(ctx, call, t.subject, id, *body.Message), http.StatusBadRequest, "")
	return Unknowns(err, BadRequest("%s", t.noComment(body.ID)))
}

// DeleteComment removes a comment on a thing.
func (s *Service) DeleteComment(ctx context.Context, call workflow.Call, t Thing, id string) error {
	if err := t.known(http.StatusNotFound); err != nil {
		return err
	}
	parsed, err := engine.ParseID(id)
	if err != nil {
		return NotFound("%s", t.noComment(id))
	}
	return t.explain(s.workflow.DeleteComment(ctx, call, t.subject, parsed), http.StatusNotFound, t.noComment(id))
}

// DeleteComments removes all comments on a thing that the caller may remove; at one that he may not it stops.
func (s *Service) DeleteComments(ctx context.Context, call workflow.Call, t Thing) error {
	list, err := s.Comments(ctx, call.Principal, t)
	for _, c := range list {
		if err == nil {
			err = s.DeleteComment(ctx, call, t, c.ID)
		}
	}
	return err
}
