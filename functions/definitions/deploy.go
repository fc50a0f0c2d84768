package definitions

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"path"
	"strings"

	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// maxDeployment bounds the body of a deployment; each model has its own limit (1 MiB).
const maxDeployment = 8 << 20

var errMultipart = fault.New(fault.Malformed, "bad_multipart", "A deployment is multipart/form-data with one part per file and, if wanted, parts called name and listeners.")

// upload is the body for openapi.yaml. Every part with a file name is a file, whatever the part is called.
type upload struct {
	Name string `json:"name"`
	// Listeners says what becomes of listeners that are Java code: refuse, ignore or job. Without it the
	// setting DIOM_LISTENERS does.
	Listeners string   `json:"listeners"`
	File      [][]byte `json:"file" api:"required"`
}

// deploy reads the parts of a multipart body: files are resources by their file name, a plain part
// called name names the deployment, one called listeners says what becomes of Java code.
func deploy(ctx context.Context, r *faas.Request) (any, error) {
	request, err := readDeployment(r)
	if err != nil {
		return nil, err
	}
	return r.App.Workflow.Deploy(ctx, r.Call(), request)
}

func readDeployment(r *faas.Request) (workflow.DeploymentRequest, error) {
	var request workflow.DeploymentRequest
	kind, parameters, err := mime.ParseMediaType(r.HTTP().Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || parameters["boundary"] == "" {
		return request, errMultipart
	}
	body, err := r.Body()
	if err != nil {
		return request, err
	}
	parts := multipart.NewReader(bytes.NewReader(body), parameters["boundary"])
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return request, nil
		}
		if err != nil {
			return request, errMultipart
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return request, errMultipart
		}
		switch file := part.FileName(); {
		case file != "":
			name := path.Base(strings.ReplaceAll(file, `\`, "/"))
			request.Resources = append(request.Resources, store.Resource{Name: name, Content: content})
		case part.FormName() == "name":
			request.Name = string(content)
		case part.FormName() == "listeners":
			request.Listeners = string(content)
		default:
			return request, errMultipart.Withf("The part %q is neither a file nor the name of the deployment nor listeners.", part.FormName())
		}
	}
}
