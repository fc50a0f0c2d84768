// Package tick does what waits for time to pass: timers, lost continuations, parked messages, unsent
// events, retention, the seals over the audit trail.
package tick

import (
	"context"
	"net/http"
	"sync"
	"time"

	handler "github.com/openfaas/templates-sdk/go-http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/bucket"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/identity"
	"diom.io/workflow/shared/mailing"
	"diom.io/workflow/shared/workflow"
)

const (
	// pass is how long one call goes on; the next one comes each minute. exec leaves time to finish what
	// is under way.
	pass   = 55 * time.Second
	exec   = 58 * time.Second
	margin = exec - pass
)

// Function describes tick. Its route is public: the schedulers of the platforms cannot sign. A call
// takes no input, and beside one that runs the others get 429.
var Function = faas.Function{
	Name:    "tick",
	Summary: "Fire timers that are due, do jobs whose topic is bound, deliver notifications, and do what other functions have left behind, for a minute.",
	Routes: []faas.Route{{
		Method: http.MethodPost, Pattern: "/{$}", Summary: "Tick for 55 seconds",
		Permission: access.Public, Answer: workflow.Ticked{}, Serve: serve,
	}},
	Schedule:  "* * * * *",
	Scheduled: scheduled,
	Secrets:   []string{"diom-mysql-dsn", "diom-redis-url", "diom-jwt-public", access.SecretInternal, access.SecretData, mailing.Secret, identity.Secret, bucket.SecretAccess, bucket.SecretKey},
	Limits:    faas.Limits{Memory: "128Mi", CPU: "500m", Exec: exec, MaxInflight: 1, Min: 0, Max: 1},
	Internal:  true,
}

// Handle serves tick on OpenFaaS.
func Handle(req handler.Request) (handler.Response, error) { return faas.Serve(Function, req) }

func serve(ctx context.Context, r *faas.Request) (any, error) { return run(ctx, r.App), nil }

func scheduled(ctx context.Context, app *faas.App) error {
	run(ctx, app)
	return nil
}

// run ticks for one pass, less where the call must end before; one round at least.
func run(ctx context.Context, app *faas.App) workflow.Ticked {
	end := time.Now().Add(pass)
	if deadline, limited := ctx.Deadline(); limited && deadline.Add(-margin).Before(end) {
		end = deadline.Add(-margin)
	}
	report := func(err error) { app.Telemetry.Log.WarnContext(ctx, "tick", "error", err.Error()) }
	var watch sync.WaitGroup
	watch.Go(func() { app.Dispatch.Watch(ctx, end, report) })
	watch.Go(func() { app.Access.SealAuditUntil(ctx, end, report) })
	watch.Go(func() { synchronize(ctx, app, end, report) })
	watch.Go(func() { app.Notifications.Watch(ctx, end, report) })
	defer watch.Wait()
	return app.Workflow.TickUntil(ctx, end, report)
}
