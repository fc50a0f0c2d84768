package backup

import (
	"context"
	"net/http"
	"sync"
	"time"

	"diom.io/workflow/shared/access"
	vault "diom.io/workflow/shared/backup"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// ErrChecking: one check at a time; it reads all of a backup.
var ErrChecking = fault.New(fault.Conflict, "backup_checking", "This process checks another backup just now.")

// Accepted names a backup that is made or checked from now on.
type Accepted struct {
	ID string `json:"id"`
}

// catalogueRoutes are those for who looks after the backups.
func catalogueRoutes() []faas.Route {
	const collection = "/api/v1/backups"
	return []faas.Route{
		{
			Method: http.MethodGet, Pattern: collection, Permission: access.SysBackup,
			Summary: "List the backups and increments with what their checks have found, newest first.", List: vault.CopyList, Answer: page.Page[vault.Copy]{}, Serve: listCopies,
		},
		{
			Method: http.MethodPost, Pattern: collection, Permission: access.SysBackup, Status: http.StatusAccepted,
			Summary: "Begin a full backup now; it goes on after the answer.", Answer: Accepted{}, Serve: beginFull,
		},
		{
			Method: http.MethodPost, Pattern: collection + "/{backup}/verify", Permission: access.SysBackup, Status: http.StatusAccepted,
			Summary: "Begin to read all of a backup and to hold it against its checksums; the result is listed with it.", Answer: Accepted{}, Serve: beginCheck,
		},
	}
}

func listCopies(ctx context.Context, r *faas.Request) (any, error) {
	v, _, err := open(r.App)
	if err != nil {
		return nil, err
	}
	asked, err := r.List()
	if err != nil {
		return nil, err
	}
	return v.Catalogue(ctx, asked)
}

func beginFull(ctx context.Context, r *faas.Request) (any, error) {
	v, from, err := open(r.App)
	if err != nil {
		return nil, err
	}
	ctx, began := context.WithoutCancel(ctx), time.Now()
	begun, err := v.Begin(ctx, from, func(id string) error { return note(ctx, r.App, "backup.begin", id) })
	if err != nil {
		return nil, err
	}
	log := r.App.Telemetry.Log
	log.InfoContext(ctx, "backup begun", "id", begun.ID, "by", r.Principal.Username)
	go func() {
		m, err := begun.Wait()
		if err == nil {
			_, err = v.Prune(ctx, time.Now())
		}
		observe(r.App, vault.Round{Made: err == nil, Last: m.Finished, ID: m.ID, Rows: m.Rows(), Bytes: m.Bytes()}, time.Since(began), err)
		if err != nil {
			log.ErrorContext(ctx, "backup", "id", begun.ID, "error", err.Error())
			return
		}
		drill(ctx, r.App, v, begun.ID)
	}()
	return Accepted{begun.ID}, nil
}

// note adds to the audit trail what the caller has begun with a backup.
func note(ctx context.Context, app *faas.App, action, id string) error {
	return app.Store.AddDeed(ctx, store.Audit{Action: action, ObjectType: "backup", ObjectID: id, ObjectName: id})
}

// checking lets one check at a time run in a process.
type checking struct{ sync.Mutex }

func beginCheck(ctx context.Context, r *faas.Request) (any, error) {
	v, _, err := open(r.App)
	if err != nil {
		return nil, err
	}
	id := r.PathValue("backup")
	if err := v.Checkable(ctx, id); err != nil {
		return nil, err
	}
	one, err := faas.Hold(r.App, func() (*checking, error) { return new(checking), nil })
	if err != nil {
		return nil, err
	}
	if !one.TryLock() {
		return nil, ErrChecking
	}
	if err := note(ctx, r.App, "backup.check", id); err != nil {
		one.Unlock()
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	go func() {
		defer one.Unlock()
		switch c, err := v.Check(ctx, id); {
		case err != nil:
			r.App.Telemetry.Log.ErrorContext(ctx, "backup check", "id", id, "error", err.Error())
		default:
			r.App.Telemetry.Log.InfoContext(ctx, "backup check", "id", id, "depth", string(c.Depth), "passed", c.Passed, "problem", c.Problem)
		}
	}()
	return Accepted{id}, nil
}
