package designs

import (
	"context"
	"net/http"
	"strconv"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/design"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

func versionRoutes() []faas.Route {
	return []faas.Route{
		{
			Method: http.MethodGet, Pattern: oneDesign + "/versions", Summary: "List the versions of a design: what was done, by whom, when and why",
			Permission: access.WorkflowDesign, List: store.DesignVersionList, Answer: page.Page[store.DesignVersion]{}, Serve: faas.WithID(listVersions),
		},
		{
			Method: http.MethodGet, Pattern: oneDesign + "/versions/{version}", Summary: "Read a version of a design with its content",
			Permission: access.WorkflowDesign, Answer: store.DesignVersion{}, Serve: faas.WithID(readVersion),
		},
		{
			Method: http.MethodGet, Pattern: oneDesign + "/diff", Summary: "Tell what changed from one version to another, and which running instances a publication concerns",
			Permission: access.WorkflowDesign, List: design.DiffList, Answer: design.Diff{}, Serve: faas.WithID(diff),
		},
		{
			Method: http.MethodPost, Pattern: oneDesign + "/validate", Summary: "Check a design as its publication would; nothing is kept",
			Permission: access.WorkflowDesign, Body: design.Options{}, Asks: true, Answer: design.Verdict{}, Serve: faas.WithID(validate),
		},
		{
			Method: http.MethodPost, Pattern: oneDesign + "/publish", Summary: "Deploy a design, in one transaction with its own state",
			Permission: access.WorkflowDeploy, Replayable: true, Guarded: true, Status: http.StatusCreated,
			Body: design.Publishing{}, Answer: workflow.DeploymentAnswer{}, Serve: publish,
		},
		{
			Method: http.MethodPost, Pattern: oneDesign + "/rollback", Summary: "Give a design the content of an earlier version, as a new one",
			Permission: access.WorkflowDesign, Replayable: true, Guarded: true, Status: http.StatusOK,
			Body: design.Rollback{}, Answer: store.Design{}, Versioned: true, Serve: faas.Changing(rollback, func(d store.Design) int64 { return d.Version }),
		},
		{
			Method: http.MethodPost, Pattern: oneDesign + "/shadow-run", Summary: "Replay ended instances on a design, without any effect, and list those that go another way",
			Permission: access.WorkflowDesign, Body: design.ShadowRequest{}, Asks: true, Answer: design.ShadowReport{}, Serve: faas.WithID(shadowRun),
		},
	}
}

func listVersions(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	list, err := r.List()
	if err != nil {
		return nil, err
	}
	return r.App.Design.Versions(ctx, id, list)
}

func readVersion(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	version, err := strconv.ParseInt(r.PathValue("version"), 10, 64)
	if err != nil {
		return nil, store.ErrNoDesignVersion
	}
	return r.App.Design.Version(ctx, id, version)
}

func diff(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	list, err := r.List()
	if err != nil {
		return nil, err
	}
	number := func(name string) int64 {
		n, _ := strconv.ParseInt(list.Filters.Get(name), 10, 64) // the list has checked it; absent is 0
		return n
	}
	return r.App.Design.Diff(ctx, r.Call(), id, number("from"), number("to"))
}

func validate(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	var body design.Options
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return r.App.Design.Validate(ctx, r.Call(), id, body)
}

func publish(ctx context.Context, r *faas.Request) (any, error) {
	id, version, body, err := faas.ReadChange[design.Publishing](r)
	if err != nil {
		return nil, err
	}
	return r.App.Design.Publish(ctx, r.Call(), id, body, version)
}

func rollback(ctx context.Context, r *faas.Request, id engine.ID, body design.Rollback, version int64) (store.Design, error) {
	return r.App.Design.Rollback(ctx, r.Call(), id, body, version)
}

func shadowRun(ctx context.Context, r *faas.Request, id engine.ID) (any, error) {
	var body design.ShadowRequest
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	return r.App.Design.ShadowRun(ctx, r.Call(), id, body)
}
