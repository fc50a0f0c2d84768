package tasks

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// items is the answer of a list that is not paged.
type items[T any] struct {
	Items []T `json:"items"`
}

// file is the body of an upload, as multipart/form-data.
type file struct {
	// Content is the file.
	Content faas.Binary `json:"content" api:"required"`
	// Name is what it is called; without it the name of the file.
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
}

// discussions are the routes of the threads of comments, and of attachments.
func discussions() []faas.Route {
	const attachments = "/api/v1/tasks/{id}/attachments"
	return []faas.Route{
		comments("/api/v1/tasks/{id}", "a task", access.WorkflowTask, ofTask), contribution("/api/v1/tasks/{id}", "a task", access.WorkflowTask, ofTask),
		comments("/api/v1/instances/{id}", "an instance and its tasks", access.WorkflowInstance, ofInstance),
		contribution("/api/v1/instances/{id}", "an instance", access.WorkflowInstance, ofInstance),
		{
			Method: http.MethodGet, Pattern: attachments, Summary: "List what is attached to a task, the earliest first",
			Permission: access.WorkflowTask, Answer: items[store.Attachment]{}, Serve: listAttachments,
		},
		{
			Method: http.MethodPost, Pattern: attachments, Summary: "Attach a file to a task", Status: http.StatusCreated,
			Permission: access.WorkflowTask, Replayable: true, MaxBody: config.LargestAttachment + aroundFile,
			Body: file{}, Accepts: []string{"multipart/form-data"}, Answer: store.Attachment{}, Serve: upload,
		},
		{
			Method: http.MethodGet, Pattern: attachments + "/{attachment}/content", Summary: "Download an attachment",
			Permission: access.WorkflowTask, Media: faas.FileType, Serve: download,
		},
		{
			Method: http.MethodDelete, Pattern: attachments + "/{attachment}", Summary: "Remove an attachment (its author, operators)", Status: http.StatusNoContent,
			Permission: access.WorkflowTask, Serve: detach,
		},
	}
}

func ofTask(id engine.ID) store.Subject     { return store.Subject{Task: id} }
func ofInstance(id engine.ID) store.Subject { return store.Subject{Instance: id} }

func comments(path, what string, permission access.Permission, of func(engine.ID) store.Subject) faas.Route {
	return faas.Route{
		Method: http.MethodGet, Pattern: path + "/comments", Summary: "List the comments on " + what + ", the latest first",
		Permission: permission, Answer: items[store.Comment]{},
		Serve: func(ctx context.Context, r *faas.Request) (any, error) {
			id, err := r.ID("id")
			if err != nil {
				return nil, err
			}
			return wrap(r.App.Workflow.Comments(ctx, r.Principal, of(id)))
		},
	}
}

func contribution(path, what string, permission access.Permission, of func(engine.ID) store.Subject) faas.Route {
	return faas.Route{
		Method: http.MethodPost, Pattern: path + "/comments", Summary: "Comment on " + what + ", answer a comment, mention people", Status: http.StatusCreated,
		Permission: permission, Replayable: true, Body: workflow.Contribution{}, Answer: store.Comment{},
		Serve: func(ctx context.Context, r *faas.Request) (any, error) {
			id, err := r.ID("id")
			if err != nil {
				return nil, err
			}
			var body workflow.Contribution
			if err := r.Decode(&body); err != nil {
				return nil, err
			}
			return r.App.Workflow.Discuss(ctx, r.Call(), of(id), body, workflow.Teller{Make: r.App.Notifications.Discussed, Told: r.App.Notifications.Told})
		},
	}
}

func wrap[T any](list []T, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	if list == nil {
		list = []T{}
	}
	return items[T]{list}, nil
}

func listAttachments(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	return wrap(r.App.Workflow.Attachments(ctx, r.Principal, ofTask(id)))
}

func upload(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	up, err := readUpload(r)
	if err != nil {
		return nil, err
	}
	return r.App.Workflow.Upload(ctx, r.Call(), id, up)
}

// attachmentOf reads the ids of a task and an attachment of it.
func attachmentOf(r *faas.Request) (store.Subject, engine.ID, error) {
	task, err := r.ID("id")
	if err != nil {
		return store.Subject{}, engine.ID{}, err
	}
	id, err := r.ID("attachment")
	return ofTask(task), id, err
}

func download(ctx context.Context, r *faas.Request) (any, error) {
	of, id, err := attachmentOf(r)
	if err != nil {
		return nil, err
	}
	a, content, err := r.App.Workflow.Attachment(ctx, r.Principal, of, id)
	if err != nil {
		return nil, err
	}
	if content == nil { // it is an address
		return nil, store.ErrNoAttachment
	}
	name := ""
	if a.Name != nil {
		name = *a.Name
	}
	return faas.File(content, name), nil
}

func detach(ctx context.Context, r *faas.Request) (any, error) {
	of, id, err := attachmentOf(r)
	if err != nil {
		return nil, err
	}
	return nil, r.App.Workflow.Detach(ctx, r.Call(), of, id)
}
