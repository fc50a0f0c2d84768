package camunda

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// Attachment is a file that belongs to a task, or where one is.
type Attachment struct {
	Links       []Link  `json:"links"`
	ID          string  `json:"id"`
	Name        *string `json:"name"`
	Description *string `json:"description"`
	Task        *string `json:"taskId"`
	Type        *string `json:"type"`
	URL         *string `json:"url"`
	Created     Date    `json:"createTime"`
	Removal     Date    `json:"removalTime"`
	Root        string  `json:"rootProcessInstanceId"`
}

func showAttachment(a store.Attachment) Attachment {
	shown := Attachment{
		Links: []Link{}, ID: a.ID.String(), Name: a.Name, Description: a.Description, Type: a.Kind, URL: a.URL, Created: Date{a.CreatedAt}, Root: a.InstanceID.String(),
	}
	if !a.TaskID.IsZero() {
		shown.Task = pointer(a.TaskID.String())
	}
	return shown
}

func (t Thing) noAttachment(id string) string {
	return "Task attachment with id " + id + " does not exist for task id '" + t.id + "'."
}

// Attachments lists what is attached to a task, the earliest first.
func (s *Service) Attachments(ctx context.Context, p access.Principal, t Thing) ([]Attachment, error) {
	if err := t.known(http.StatusNotFound); err != nil {
		return nil, err
	}
	found, err := s.workflow.Attachments(ctx, p, t.subject)
	list := make([]Attachment, len(found))
	for i, a := range found {
		list[i] = showAttachment(a)
	}
	return list, t.explain(err, http.StatusNotFound, "")
}

// attachment reads the id of an attachment of a task.
func (t Thing) attachment(id, missing string) (engine.ID, error) {
	if err := t.known(http.StatusNotFound); err != nil {
		return engine.ID{}, err
	}
	parsed, err := engine.ParseID(id)
	if err != nil {
		return parsed, NotFound("%s", missing)
	}
	return parsed, nil
}

// Attachment returns one attachment of a task.
func (s *Service) Attachment(ctx context.Context, p access.Principal, t Thing, id string) (Attachment, error) {
	missing := t.noAttachment(id)
	parsed, err := t.attachment(id, missing)
	if err != nil {
		return Attachment{}, err
	}
	a, err := s.workflow.Attached(ctx, p, t.subject, parsed)
	return showAttachment(a), t.explain(err, http.StatusNotFound, missing)
}

// AttachmentContent returns the content of an attachment of a task, and its file name.
func (s *Service) AttachmentContent(ctx context.Context, p access.Principal, t Thing, id string) (content []byte, name string, err error) {
	missing := "Attachment content for attachment with id '" + id + "' does not exist for task id '" + t.id + "'."
	parsed, err := t.attachment(id, missing)
	if err != nil {
		return nil, "", err
	}
	a, content, err := s.workflow.Attachment(ctx, p, t.subject, parsed)
	if err == nil && content == nil {
		err = NotFound("%s", missing)
	}
	return content, textOf(a.Name), t.explain(err, http.StatusNotFound, missing)
}

// Upload is what is attached: a content, nil where there is none, or a URL.
type Upload struct {
	store.Attachment
	Content []byte
}

// Attach adds an attachment to a task. base is the address of the product as the caller knows it.
func (s *Service) Attach(ctx context.Context, call workflow.Call, t Thing, up Upload, base string) (Attachment, error) {
	if err := t.known(http.StatusBadRequest); err != nil {
		return Attachment{}, err
	}
	made, err := s.workflow.Attach(ctx, call, t.subject, up.Attachment, up.Content)
	if err != nil {
		return Attachment{}, t.explain(err, http.StatusBadRequest, "")
	}
	shown := showAttachment(made)
	shown.Links = self(base, t.path+t.id+"/attachment/"+shown.ID)
	return shown, nil
}

// Detach removes an attachment of a task.
func (s *Service) Detach(ctx context.Context, call workflow.Call, t Thing, id string) error {
	missing := "Deletion is not possible. No attachment exists for the task id '" + t.id + "' and attachment id '" + id + "'."
	parsed, err := t.attachment(id, missing)
	if err != nil {
		return err
	}
	if _, err := s.workflow.Attached(ctx, call.Principal, t.subject, parsed); err != nil {
		return t.explain(err, http.StatusNotFound, missing)
	}
	return s.workflow.Detach(ctx, call, t.subject, parsed)
}
