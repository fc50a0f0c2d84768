package backup

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"diom.io/workflow/migrations"
	vault "diom.io/workflow/shared/backup"
	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/invariant"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// ErrViolated: what was restored is what was copied, but something in it does not hold.
var ErrViolated = fault.New(fault.Internal, "backup_violations", "diom check finds violations in the restored database.")

// Rehearse is what a drill does in a restored database: it brings the schema up to date, checks what must hold, as it was
// when the backup was made, and goes on with an instance that waits. No event leaves.
func Rehearse(ctx context.Context, m vault.Manifest, dsn string, found *vault.Drill) (err error) {
	db, err := database.Open(dsn, database.Options{Pool: 2})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.Migrate(ctx, migrations.Files, slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	st := store.New(db)
	checker := invariant.Checker{Store: st, Found: func(invariant.Violation) {}, Progress: func(int, int) {}, Grace: time.Since(m.Started) + time.Minute}
	counts, err := checker.Run(ctx)
	if err != nil {
		return err
	}
	if found.Instances, found.Violations = counts.Instances, counts.Violations; counts.Violations > 0 {
		return ErrViolated.Withf("There are %d.", counts.Violations)
	}
	went, ended, err := workflow.New(st, nil, time.UTC, nil).GoOn(ctx)
	if err == nil && !went.IsZero() {
		found.Instance, found.Ended = went.String(), ended
	}
	return err
}

// drill tries a backup that has just been made, where a server for that is set.
func drill(ctx context.Context, app *faas.App, v *vault.Vault, id string) {
	if dsn := v.Settings().DrillDSN; dsn != "" {
		c, err := v.Drill(ctx, id, vault.Database{DSN: dsn}, Rehearse)
		log := app.Telemetry.Log
		switch {
		case err != nil:
			log.ErrorContext(ctx, "backup drill", "id", id, "error", err.Error())
		default:
			log.InfoContext(ctx, "backup drill", "id", id, "tables", c.Drill.Tables, "rows", c.Drill.Rows, "instance", c.Drill.Instance, "ended", c.Drill.Ended, "seconds", c.Finished.Sub(c.Started).Seconds())
		}
	}
	proven(ctx, app, v)
}

// proven tells the metrics what the drills say, wherever they were made.
func proven(ctx context.Context, app *faas.App, v *vault.Vault) {
	p, err := v.Proven(ctx)
	if err != nil {
		app.Telemetry.Log.WarnContext(ctx, "backup drills", "error", err.Error())
		return
	}
	if !p.Last.IsZero() {
		app.Telemetry.Metrics.BackupVerified.Set(float64(p.Last.Unix()))
	}
	failed := 0.0
	if p.Failed {
		failed = 1
	}
	app.Telemetry.Metrics.BackupDrillFailed.Set(failed)
}
