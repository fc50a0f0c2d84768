package backup

import (
	"context"
	"errors"
	"time"

	vault "diom.io/workflow/shared/backup"
	"diom.io/workflow/shared/faas"
)

// spare is what a call keeps of its time for its answer, where it copies.
const spare = 15 * time.Second

// copyOut copies what is due to the second place until ctx ends, and tells the metrics. What the time was too short for
// goes on the next time; that is no error, and what another process copies just now is none.
func copyOut(ctx context.Context, app *faas.App, v *vault.Vault, early time.Duration) (*vault.CopyRound, error) {
	last := app.Telemetry.Metrics.BackupCopied.WithLabelValues() // there from now on
	r, err := v.RunCopy(ctx, vault.Database{DSN: v.Settings().DSN}, early)
	if !r.Last.IsZero() {
		last.Set(float64(r.Last.Unix()))
	}
	if err != nil && (ctx.Err() != nil || errors.Is(err, vault.ErrRunning)) {
		err = nil
	}
	if r.Objects > 0 {
		app.Telemetry.Log.InfoContext(ctx, "backup copy", "id", r.ID, "done", r.Done, "objects", r.Objects, "bytes", r.Bytes, "deleted", len(r.Deleted))
	}
	return &r, err
}

// copyWithin copies in what is left of a call.
func copyWithin(ctx context.Context, app *faas.App, v *vault.Vault, round *vault.Round) (err error) {
	if v.Settings().CopyTo == "" {
		return nil
	}
	if deadline, limited := ctx.Deadline(); limited {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-spare))
		defer cancel()
	}
	round.Copy, err = copyOut(ctx, app, v, early)
	return err
}

// copyUntil copies until the next backup is due, and returns how long to rest.
func copyUntil(ctx context.Context, app *faas.App, v *vault.Vault, next time.Time) time.Duration {
	pause := look
	if v.Settings().CopyTo != "" && time.Now().Before(next) {
		bounded, cancel := context.WithDeadline(ctx, next)
		defer cancel()
		if _, err := copyOut(bounded, app, v, 0); err != nil {
			app.Telemetry.Log.ErrorContext(ctx, "backup copy", "error", err.Error())
			pause = again
		}
	}
	return min(pause, max(0, time.Until(next)))
}
