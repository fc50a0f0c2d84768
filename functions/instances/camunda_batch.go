package instances

import (
	"context"
	"net/http"
	"slices"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/camunda"
	"diom.io/workflow/shared/faas"
)

// batchRest are the routes of Camunda 7's REST API about operations on many instances.
func batchRest() []faas.Route {
	const may = access.WorkflowOperate
	return slices.Concat([]faas.Route{
		faas.EngineRest(http.MethodGet, "/batch/{id}", may, readBatch),
		faas.EngineRest(http.MethodPut, "/batch/{id}/suspended", may, suspendBatch),
		faas.EngineRest(http.MethodDelete, "/batch/{id}", may, deleteBatch),
		faas.EngineRest(http.MethodGet, "/history/batch/{id}", may, readPastBatch),
		making("/process-instance/delete", func(c *camunda.Service) camunda.BatchMaker { return c.DeleteMany }),
		making("/process-instance/delete-historic-query-based", func(c *camunda.Service) camunda.BatchMaker { return c.DeleteMany }),
		making("/history/process-instance/delete", func(c *camunda.Service) camunda.BatchMaker { return c.DeletePast }),
		making("/process-instance/suspended-async", func(c *camunda.Service) camunda.BatchMaker { return c.SuspendMany }),
		making("/process-instance/job-retries", func(c *camunda.Service) camunda.BatchMaker { return c.RetryMany }),
		making("/process-instance/job-retries-historic-query-based", func(c *camunda.Service) camunda.BatchMaker { return c.RetryMany }),
		making("/job/retries", func(c *camunda.Service) camunda.BatchMaker { return c.RetryMany }),
		making("/external-task/retries-async", func(c *camunda.Service) camunda.BatchMaker { return c.RetryMany }),
		making("/process-instance/message-async", func(c *camunda.Service) camunda.BatchMaker { return c.CorrelateMany }),
		making("/process-instance/variables-async", func(c *camunda.Service) camunda.BatchMaker { return c.SetMany }),
		making("/modification/executeAsync", func(c *camunda.Service) camunda.BatchMaker { return c.ModifyMany }),
		faas.EngineRest(http.MethodPost, "/modification/execute", may, modifyMany),
		faas.EngineRest(http.MethodPost, "/process-instance/{id}/modification-async", may, modifyLater),
		faas.EngineRest(http.MethodPost, "/migration/executeAsync", may, migrateLater),
		faas.EngineRest(http.MethodPost, "/process-definition/{id}/restart-async", may, restartLater),
	},
		faas.EngineRestList("/batch", may, func(a *faas.App) faas.Listing[camunda.Batch] { return a.Camunda.Batches }),
		faas.EngineRestList("/batch/statistics", may, func(a *faas.App) faas.Listing[camunda.BatchStatistics] { return a.Camunda.BatchStatistics }),
		faas.EngineRestList("/history/batch", may, func(a *faas.App) faas.Listing[camunda.PastBatch] { return a.Camunda.PastBatches }),
	)
}

// making is the route that makes one kind of batch.
func making(path string, of func(*camunda.Service) camunda.BatchMaker) faas.Route {
	r := faas.EngineRest(http.MethodPost, path, access.WorkflowOperate, func(ctx context.Context, r *faas.Request) (any, error) {
		var body camunda.BatchBody
		if err := r.Read(&body); err != nil {
			return nil, err
		}
		return of(r.App.Camunda)(ctx, r.Call(), body)
	})
	r.MaxBody = maxBatchBody
	return r
}

func readBatch(ctx context.Context, r *faas.Request) (any, error) {
	return r.App.Camunda.Batch(ctx, r.PathValue("id"))
}

func readPastBatch(ctx context.Context, r *faas.Request) (any, error) {
	return r.App.Camunda.PastBatch(ctx, r.PathValue("id"))
}

func suspendBatch(ctx context.Context, r *faas.Request) (any, error) {
	var body camunda.Suspension
	if err := r.Read(&body); err != nil {
		return nil, err
	}
	return nil, r.App.Camunda.SuspendBatch(ctx, r.Call(), r.PathValue("id"), body.Suspended)
}

func deleteBatch(ctx context.Context, r *faas.Request) (any, error) {
	return nil, r.App.Camunda.DeleteBatch(ctx, r.Call(), r.PathValue("id"))
}

func modifyMany(ctx context.Context, r *faas.Request) (any, error) {
	var body camunda.BatchBody
	if err := r.Read(&body); err != nil {
		return nil, err
	}
	return nil, r.App.Camunda.ModifyAtOnce(ctx, r.Call(), body)
}

func modifyLater(ctx context.Context, r *faas.Request) (any, error) {
	var body camunda.BatchBody
	if err := r.Read(&body); err != nil {
		return nil, err
	}
	return r.App.Camunda.ModifyOne(ctx, r.Call(), r.PathValue("id"), body)
}

func migrateLater(ctx context.Context, r *faas.Request) (any, error) {
	var body camunda.MigrationRequest
	if err := r.Read(&body); err != nil {
		return nil, err
	}
	return r.App.Camunda.MigrateMany(ctx, r.Call(), body)
}

func restartLater(ctx context.Context, r *faas.Request) (any, error) {
	var body camunda.Restart
	if err := r.Read(&body); err != nil {
		return nil, err
	}
	return r.App.Camunda.RestartMany(ctx, r.Call(), r.PathValue("id"), body)
}
