package tasks

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// formFiles are the routes of the files that are uploaded before a form is submitted with them.
func formFiles() []faas.Route {
	const collection, item = "/api/v1/files", "/api/v1/files/{id}"
	return []faas.Route{
		{
			Method: http.MethodPost, Pattern: collection, Summary: "Upload a file for a form; the form then names it by its id", Status: http.StatusCreated,
			Permission: access.WorkflowTask, Replayable: true, MaxBody: config.LargestAttachment + aroundFile,
			Body: file{}, Accepts: []string{"multipart/form-data"}, Answer: store.File{}, Serve: uploadFile,
		},
		{
			Method: http.MethodGet, Pattern: item + "/content", Summary: "Download a file of one's own, or of a form that one may see",
			Permission: access.WorkflowTask, Media: faas.FileType, Serve: downloadFile,
		},
		{
			Method: http.MethodDelete, Pattern: item, Summary: "Remove a file of one's own that no form was submitted with", Status: http.StatusNoContent,
			Permission: access.WorkflowTask, Serve: deleteFile,
		},
	}
}

func uploadFile(ctx context.Context, r *faas.Request) (any, error) {
	up, err := readUpload(r)
	if err != nil {
		return nil, err
	}
	return r.App.Workflow.UploadFile(ctx, r.Call(), up)
}

// readUpload reads multipart/form-data: content, and perhaps name and description.
func readUpload(r *faas.Request) (workflow.Upload, error) {
	up := workflow.Upload{}
	parts, err := r.Form()
	for _, p := range parts {
		switch p.Name {
		case "content":
			up.Content, up.Type = append([]byte{}, p.Content...), p.Type
			if up.Name == "" {
				up.Name = p.File
			}
		case "name":
			up.Name = string(p.Content)
		case "description":
			up.Description = string(p.Content)
		}
	}
	return up, err
}

func downloadFile(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	f, content, err := r.App.Workflow.File(ctx, r.Principal, id)
	if err != nil {
		return nil, err
	}
	return faas.File(content, f.Name), nil
}

func deleteFile(ctx context.Context, r *faas.Request) (any, error) {
	id, err := r.ID("id")
	if err != nil {
		return nil, err
	}
	return nil, r.App.Workflow.DeleteFile(ctx, r.Principal, id)
}
