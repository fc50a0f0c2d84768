package jobs

import (
	"context"
	"net/http"
	"slices"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/camunda"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/workflow"
)

// engineRest are the routes of Camunda 7's REST API about external tasks and jobs.
func engineRest() []faas.Route {
	work := func(path string, serve serving) faas.Route {
		return faas.EngineRest(http.MethodPost, "/external-task"+path, access.WorkflowJob, serve)
	}
	job := func(method, path string, serve serving) faas.Route {
		return faas.EngineRest(method, "/job/{id}"+path, access.WorkflowOperate, serve)
	}
	past := func(path string, serve serving) faas.Route {
		return faas.EngineRest(http.MethodGet, "/history"+path, access.WorkflowOperate, serve)
	}
	return slices.Concat([]faas.Route{
		work("/fetchAndLock", faas.WithBody(fetchAndLock)),
		faas.EngineRest(http.MethodGet, "/job-definition/{id}", access.WorkflowOperate, reading((*camunda.Service).JobDefinition)),
		work("/{id}/complete", told((*camunda.Service).CompleteExternal)),
		work("/{id}/failure", told((*camunda.Service).FailExternal)),
		work("/{id}/bpmnError", told((*camunda.Service).ThrowExternal)),
		work("/{id}/extendLock", holding((*camunda.Service).ExtendLock)),
		work("/{id}/lock", holding((*camunda.Service).Lock)),
		work("/{id}/unlock", func(ctx context.Context, r *faas.Request) (any, error) {
			return nil, r.App.Camunda.Unlock(ctx, r.PathValue("id"))
		}),
		faas.EngineRest(http.MethodGet, "/external-task/{id}", access.WorkflowOperate, reading((*camunda.Service).ExternalTask)),
		faas.EngineRest(http.MethodGet, "/external-task/{id}/errorDetails", access.WorkflowOperate, telling((*camunda.Service).ErrorDetails)),
		faas.EngineRest(http.MethodGet, "/external-task/topic-names", access.WorkflowOperate, readTopics),
		faas.EngineRest(http.MethodPut, "/external-task/{id}/retries", access.WorkflowOperate, faas.WithBody(setRetries)),
		faas.EngineRest(http.MethodPut, "/external-task/{id}/priority", access.WorkflowOperate, faas.WithBody(setPriority)),
		faas.EngineRest(http.MethodPut, "/external-task/retries", access.WorkflowOperate, faas.WithBody(setManyRetries)),
		past("/job-log/{id}", reading((*camunda.Service).PastEngineJob)), past("/job-log/{id}/stacktrace", telling((*camunda.Service).PastTrace)),
		past("/external-task-log/{id}", reading((*camunda.Service).PastExternal)), past("/external-task-log/{id}/error-details", telling((*camunda.Service).PastErrorDetails)),
		job(http.MethodGet, "", reading((*camunda.Service).Job)), job(http.MethodGet, "/stacktrace", telling((*camunda.Service).Trace)), job(http.MethodPost, "/execute", executeJob),
		job(http.MethodPut, "/retries", told((*camunda.Service).SetJobRetries)), job(http.MethodPut, "/duedate", told((*camunda.Service).SetJobDue)),
		job(http.MethodPut, "/priority", told((*camunda.Service).SetJobPriority)),
		job(http.MethodPost, "/duedate/recalculate", func(context.Context, *faas.Request) (any, error) {
			return nil, camunda.NotImplemented("Recalculating due dates")
		}),
	},
		faas.EngineRestList("/job-definition", access.WorkflowOperate, func(a *faas.App) faas.Listing[camunda.JobDefinition] { return a.Camunda.JobDefinitions }),
		faas.EngineRestList("/external-task", access.WorkflowOperate, func(a *faas.App) faas.Listing[camunda.ExternalTask] { return a.Camunda.ExternalTasks }),
		faas.EngineRestList("/job", access.WorkflowOperate, func(a *faas.App) faas.Listing[camunda.Job] { return a.Camunda.Jobs }),
		faas.EngineRestList("/history/external-task-log", access.WorkflowOperate, func(a *faas.App) faas.Listing[camunda.PastJob] { return a.Camunda.ExternalLog }),
		faas.EngineRestList("/history/job-log", access.WorkflowOperate, func(a *faas.App) faas.Listing[camunda.PastEngineJob] { return a.Camunda.JobLog }),
	)
}

func fetchAndLock(ctx context.Context, r *faas.Request, body camunda.Fetch) (any, error) {
	return r.App.Camunda.FetchAndLock(ctx, body)
}

// told does what a body says about the thing that the path names.
func told[T any](do func(*camunda.Service, context.Context, workflow.Call, string, T) error) serving {
	return faas.WithBody(func(ctx context.Context, r *faas.Request, body T) (any, error) {
		return nil, do(r.App.Camunda, ctx, r.Call(), r.PathValue("id"), body)
	})
}

// holding takes for how long a worker wants an external task.
func holding(do func(*camunda.Service, context.Context, string, camunda.WorkerReport) error) serving {
	return faas.WithBody(func(ctx context.Context, r *faas.Request, body camunda.WorkerReport) (any, error) {
		return nil, do(r.App.Camunda, ctx, r.PathValue("id"), body)
	})
}

// reading reads one thing by its id.
func reading[T any](read func(*camunda.Service, context.Context, access.Principal, string) (T, error)) serving {
	return func(ctx context.Context, r *faas.Request) (any, error) {
		return read(r.App.Camunda, ctx, r.Principal, r.PathValue("id"))
	}
}

// telling reads a text about one thing; 204 where there is none.
func telling(read func(*camunda.Service, context.Context, access.Principal, string) (string, error)) serving {
	return func(ctx context.Context, r *faas.Request) (any, error) {
		text, err := read(r.App.Camunda, ctx, r.Principal, r.PathValue("id"))
		if err != nil || text == "" {
			return nil, err
		}
		return faas.Answer{Header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, Body: []byte(text)}, nil
	}
}

func readTopics(ctx context.Context, r *faas.Request) (any, error) {
	return r.App.Camunda.Topics(ctx, r.Principal, r.Parameters())
}

func setRetries(ctx context.Context, r *faas.Request, body camunda.JobChange) (any, error) {
	if body.Retries == nil {
		return nil, camunda.BadRequest("The number of retries is null")
	}
	return nil, r.App.Camunda.SetRetries(ctx, r.Call(), r.PathValue("id"), *body.Retries)
}

// manyRetries is the body of the change of several external tasks.
type manyRetries struct {
	camunda.JobChange
	IDs []string `json:"externalTaskIds"`
}

func setManyRetries(ctx context.Context, r *faas.Request, body manyRetries) (any, error) {
	if body.Retries == nil || len(body.IDs) == 0 {
		return nil, camunda.BadRequest("externalTaskIds or the number of retries is null")
	}
	for _, id := range body.IDs {
		if err := r.App.Camunda.SetRetries(ctx, r.Call(), id, *body.Retries); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func setPriority(ctx context.Context, r *faas.Request, body camunda.JobChange) (any, error) {
	return nil, r.App.Camunda.SetPriority(ctx, r.Call(), r.PathValue("id"), body.Priority)
}

func executeJob(ctx context.Context, r *faas.Request) (any, error) {
	return nil, r.App.Camunda.ExecuteJob(ctx, r.Call(), r.PathValue("id"))
}
