package definitions

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/camunda"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// engineRest are the routes of Camunda 7's REST API about deployments and definitions, and what no other
// function serves.
func engineRest() []faas.Route {
	create := faas.EngineRest(http.MethodPost, "/deployment/create", access.WorkflowDeploy, createDeployment)
	create.MaxBody = maxDeployment
	routes := []faas.Route{
		create,
		faas.EngineRest(http.MethodGet, "/deployment/{id}", access.WorkflowDefinition, func(ctx context.Context, r *faas.Request) (any, error) {
			return r.App.Camunda.Deployment(ctx, r.PathValue("id"))
		}),
		faas.EngineRest(http.MethodDelete, "/deployment/{id}", access.WorkflowDeploy, deleteDeployment),
		faas.EngineRest(http.MethodGet, "/deployment/{id}/resources", access.WorkflowDefinition, func(ctx context.Context, r *faas.Request) (any, error) {
			return r.App.Camunda.Resources(ctx, r.PathValue("id"))
		}),
		faas.EngineRest(http.MethodGet, "/deployment/{id}/resources/{resource}", access.WorkflowDefinition, func(ctx context.Context, r *faas.Request) (any, error) {
			return r.App.Camunda.Resource(ctx, r.PathValue("id"), r.PathValue("resource"))
		}),
		faas.EngineRest(http.MethodGet, "/deployment/{id}/resources/{resource}/data", access.WorkflowDefinition, resourceData),

		faas.EngineRest(http.MethodGet, "/process-definition/statistics", access.WorkflowDefinition, func(ctx context.Context, r *faas.Request) (any, error) {
			return r.App.Camunda.DefinitionStatistics(ctx, r.Principal, r.Parameters())
		}),
		faas.EngineRest(http.MethodPut, "/process-definition/suspended", access.WorkflowDeploy, suspendByBody),
		faas.EngineRest(http.MethodGet, "/engine", access.Authenticated, engines),
		faas.EngineRest(http.MethodGet, "/version", access.Authenticated, version),
	}
	for _, at := range []string{"/process-definition/{id}", "/process-definition/key/{key}"} {
		routes = append(routes,
			faas.EngineRest(http.MethodGet, at, access.WorkflowDefinition, readDefinition),
			faas.EngineRest(http.MethodDelete, at, access.WorkflowDeploy, deleteDefinition),
			// One pattern for all of them: /process-definition/key/{key} would not go with one for each.
			faas.EngineRest(http.MethodGet, at+"/{what}", access.WorkflowDefinition, readAspect),
			faas.EngineRest(http.MethodPut, at+"/suspended", access.WorkflowDeploy, suspendOne),
		)
	}
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch} {
		routes = append(routes, faas.EngineRest(method, "/{path...}", access.Authenticated, nothing))
	}
	return slices.Concat(routes, decisionRest(),
		faas.EngineRestList("/deployment", access.WorkflowDefinition, func(a *faas.App) faas.Listing[camunda.Deployment] { return a.Camunda.Deployments }),
		faas.EngineRestList("/process-definition", access.WorkflowDefinition, func(a *faas.App) faas.Listing[camunda.Definition] { return a.Camunda.Definitions }),
	)
}

// plainParts are the parts of a deployment that are not files.
var plainParts = []string{"deployment-name", "deployment-source", "deploy-changed-only", "enable-duplicate-filtering", "tenant-id", "deployment-activation-time"}

func createDeployment(ctx context.Context, r *faas.Request) (any, error) {
	parts, err := r.Parts()
	if err != nil {
		return nil, err
	}
	request := workflow.DeploymentRequest{Other: true}
	for _, p := range parts {
		value := strings.TrimSpace(string(p.Content))
		switch {
		case p.Name == "deployment-name":
			request.Name = value
		case p.Name == "deployment-source":
			request.Source = value
		case p.Name == "deploy-changed-only" && value == "true":
			request.Unchanged = workflow.SkipFiles
		case p.Name == "enable-duplicate-filtering" && value == "true" && request.Unchanged != workflow.SkipFiles:
			request.Unchanged = workflow.SkipDeployment
		case p.Name == "tenant-id" && value != "", p.Name == "deployment-activation-time" && value != "":
			return nil, camunda.NotImplemented("The part " + p.Name)
		case slices.Contains(plainParts, p.Name):
		case p.File == "":
			return nil, camunda.BadRequest("No file name found in the deployment resource described by form parameter '%s'.", p.Name)
		default:
			request.Resources = append(request.Resources, store.Resource{Name: p.File, Kind: camunda.FileKind(p.File), Content: p.Content})
		}
	}
	if len(request.Resources) == 0 {
		return nil, camunda.BadRequest("No deployment resources contained in the form upload.")
	}
	return r.App.Camunda.Deploy(ctx, r.Call(), request, r.Base())
}

func cascades(r *faas.Request) bool { return r.Parameters().Flag("cascade") }

func deleteDeployment(ctx context.Context, r *faas.Request) (any, error) {
	return nil, r.App.Camunda.DeleteDeployment(ctx, r.Call(), r.PathValue("id"), cascades(r))
}

func deleteDefinition(ctx context.Context, r *faas.Request) (any, error) {
	return nil, r.App.Camunda.DeleteDefinition(ctx, r.Call(), r.PathValue("id"), r.PathValue("key"), cascades(r))
}

func resourceData(ctx context.Context, r *faas.Request) (any, error) {
	content, name, err := r.App.Camunda.ResourceContent(ctx, r.PathValue("id"), r.PathValue("resource"))
	return faas.Download(content, "application/octet-stream", name), err
}

func readDefinition(ctx context.Context, r *faas.Request) (any, error) {
	return r.App.Camunda.Definition(ctx, r.PathValue("id"), r.PathValue("key"))
}

func readAspect(ctx context.Context, r *faas.Request) (any, error) {
	id, key, c := r.PathValue("id"), r.PathValue("key"), r.App.Camunda
	switch r.PathValue("what") {
	case "xml":
		return c.XML(ctx, id, key)
	case "startForm":
		return c.StartForm(ctx, id, key)
	case "form-variables":
		return c.StartFormVariables(ctx, id, key, r.Parameters())
	case "statistics":
		return c.ActivityStatistics(ctx, r.Principal, id, key)
	case "deployed-start-form":
		content, err := c.DeployedStartForm(ctx, id, key)
		return content, err
	}
	return nothing(ctx, r)
}

func suspendOne(ctx context.Context, r *faas.Request) (any, error) {
	var body camunda.Suspension
	if err := r.Read(&body); err != nil {
		return nil, err
	}
	return nil, r.App.Camunda.SuspendDefinition(ctx, r.Call(), r.PathValue("id"), r.PathValue("key"), body)
}

func suspendByBody(ctx context.Context, r *faas.Request) (any, error) {
	var body camunda.Suspension
	if err := r.Read(&body); err != nil {
		return nil, err
	}
	if (body.Key == "") == (body.Definition == "") {
		return nil, camunda.BadRequest("Either processDefinitionId or processDefinitionKey has to be set.")
	}
	return nil, r.App.Camunda.SuspendDefinition(ctx, r.Call(), body.Definition, body.Key, body)
}

type named struct {
	Name string `json:"name"`
}

func engines(context.Context, *faas.Request) (any, error) {
	return []named{{camunda.EngineName}}, nil
}

// spoken is the version of Camunda whose API this is.
const spoken = "7.24.0"

func version(context.Context, *faas.Request) (any, error) {
	return struct {
		Version string `json:"version"`
	}{spoken}, nil
}

func nothing(_ context.Context, r *faas.Request) (any, error) {
	return nil, camunda.Nothing(r.HTTP().Method, r.HTTP().URL.Path)
}
