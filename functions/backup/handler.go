// Package backup copies the database to a directory or a bucket when that is due, or an administrator wants it, and
// shows what there is.
package backup

import (
	"context"
	"errors"
	"net/http"
	"time"

	handler "github.com/openfaas/templates-sdk/go-http"

	"diom.io/workflow/shared/access"
	vault "diom.io/workflow/shared/backup"
	"diom.io/workflow/shared/bucket"
	"diom.io/workflow/shared/faas"
)

// exec is just less than the ten minutes that Knative gives a call at most; what takes longer is for
// `diom backup`.
const exec = 590 * time.Second

// inflight lets people look while a backup is made. Of those one is made at a time, whoever begins it.
const inflight = 8

// Function describes backup. Its own route is public: the schedulers of the platforms cannot sign. A call takes
// no input and does what is due, which after a backup is nothing until the next one.
var Function = faas.Function{
	Name:    "backup",
	Summary: "Copy the database to DIOM_BACKUP_DIR when that is due, delete copies that are too old, and list, begin and check copies.",
	Routes: append([]faas.Route{{
		Method: http.MethodPost, Pattern: "/{$}", Summary: "Make a backup if one is due",
		Permission: access.Public, Platform: true, Answer: vault.Round{}, Serve: serve,
	}}, catalogueRoutes()...),
	Schedule:  "0 2 * * *",
	Scheduled: scheduled,
	Secrets:   []string{vault.SecretSigning, bucket.SecretAccess, bucket.SecretKey},
	Limits:    faas.Limits{Memory: "256Mi", CPU: "1000m", Exec: exec, MaxInflight: inflight, Pool: 2, Min: 0, Max: 1},
}

// Handle serves backup on OpenFaaS.
func Handle(req handler.Request) (handler.Response, error) { return faas.Serve(Function, req) }

func serve(ctx context.Context, r *faas.Request) (any, error) {
	v, from, err := open(r.App)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	round, err := v.RunDue(ctx, from, early)
	observe(r.App, round, time.Since(begin), err)
	if err == nil && round.Made {
		drill(ctx, r.App, v, round.ID)
	}
	if err == nil {
		err = copyWithin(ctx, r.App, v, &round)
		return round, err
	}
	if deadline, limited := ctx.Deadline(); limited && !time.Now().Before(deadline) {
		return nil, errors.Join(ErrTooLong, err)
	}
	return round, err
}
