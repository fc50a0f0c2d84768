package tasks

import (
	"context"
	"net/http"
	"strings"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/camunda"
	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/faas"
)

// aroundFile is how much larger than its file the body of an upload may be.
const aroundFile = 64 << 10

// attachmentRest are the routes of Camunda 7's REST API about the attachments of tasks.
func attachmentRest() []faas.Route {
	const path = "/task/{id}/attachment"
	create := faas.EngineRest(http.MethodPost, path+"/create", access.WorkflowTask, attach)
	create.MaxBody = config.LargestAttachment + aroundFile
	return []faas.Route{
		create,
		faas.EngineRest(http.MethodGet, path, access.WorkflowTask, func(ctx context.Context, r *faas.Request) (any, error) {
			return r.App.Camunda.Attachments(ctx, r.Principal, task(r))
		}),
		faas.EngineRest(http.MethodGet, path+"/{attachment}", access.WorkflowTask, func(ctx context.Context, r *faas.Request) (any, error) {
			return r.App.Camunda.Attachment(ctx, r.Principal, task(r), r.PathValue("attachment"))
		}),
		faas.EngineRest(http.MethodGet, path+"/{attachment}/data", access.WorkflowTask, func(ctx context.Context, r *faas.Request) (any, error) {
			content, name, err := r.App.Camunda.AttachmentContent(ctx, r.Principal, task(r), r.PathValue("attachment"))
			return faas.Download(content, "application/octet-stream", name), err
		}),
		faas.EngineRest(http.MethodDelete, path+"/{attachment}", access.WorkflowTask, func(ctx context.Context, r *faas.Request) (any, error) {
			return nil, r.App.Camunda.Detach(ctx, r.Call(), task(r), r.PathValue("attachment"))
		}),
	}
}

func task(r *faas.Request) camunda.Thing { return camunda.TaskThing(r.PathValue("id")) }

// attach reads multipart/form-data: attachment-name, attachment-description and attachment-type, and content
// or url.
func attach(ctx context.Context, r *faas.Request) (any, error) {
	parts, err := r.Parts()
	if err != nil {
		return nil, err
	}
	var up camunda.Upload
	texts := map[string]**string{"attachment-name": &up.Name, "attachment-description": &up.Description, "attachment-type": &up.Kind, "url": &up.URL}
	for _, p := range parts {
		switch text := texts[p.Name]; {
		case text != nil:
			*text = new(strings.TrimSpace(string(p.Content)))
		case p.Name == "content":
			up.Content = append([]byte{}, p.Content...) // an empty file is a content, too
			if p.Type != "" {
				up.ContentType = &p.Type
			}
		}
	}
	return r.App.Camunda.Attach(ctx, r.Call(), task(r), up, r.Base())
}
