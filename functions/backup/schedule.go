package backup

import (
	"context"
	"errors"
	"time"

	vault "diom.io/workflow/shared/backup"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/fault"
)

const (
	// early is how much too early the scheduler of a platform may call by our clock.
	early = time.Minute
	// look is how often the schedule and the directory are looked at, again how long after a failure.
	look  = time.Minute
	again = 5 * time.Minute
)

// ErrTooLong: the call's time is over, and with it the backup that it was making.
var ErrTooLong = fault.New(fault.TooLarge, "backup_too_long",
	"The database is too large to be backed up within one call; run diom backup as a job.")

// open prepares the vault of the process's settings: vault.ErrOff where there is none.
func open(app *faas.App) (*vault.Vault, vault.Database, error) {
	settings, err := vault.LoadSettings(app.Config)
	if err != nil {
		return nil, vault.Database{}, err
	}
	v, err := vault.Open(settings)
	return v, vault.Database{DSN: settings.DSN}, err
}

// scheduled is one look at the schedule, and a minute's rest. A backup that is due goes on past the end of the
// pass, but not of the process.
func scheduled(ctx context.Context, app *faas.App) error {
	v, from, err := open(app)
	if errors.Is(err, vault.ErrOff) {
		rest(ctx, again)
		return nil
	}
	if err != nil {
		rest(ctx, again)
		return err
	}
	longer, cancel := untilTheProcessEnds(ctx)
	defer cancel()
	begin := time.Now()
	round, err := v.RunDue(longer, from, 0)
	observe(app, round, time.Since(begin), err)
	log := app.Telemetry.Log
	switch {
	case err != nil && longer.Err() == nil && !errors.Is(err, vault.ErrRunning): // another replica makes it
		log.ErrorContext(ctx, "backup", "error", err.Error())
		rest(longer, again)
		return nil
	case round.Made:
		log.InfoContext(ctx, "backup", "id", round.ID, "rows", round.Rows, "bytes", round.Bytes, "deleted", len(round.Deleted))
		drill(longer, app, v, round.ID)
	default:
		proven(longer, app, v)
	}
	rest(ctx, copyUntil(longer, app, v, round.Next))
	return nil
}

// observe tells the metrics what a look at the schedule has come to. A failure that is another replica's
// backup under way is none.
func observe(app *faas.App, round vault.Round, taken time.Duration, err error) {
	m := app.Telemetry.Metrics
	if !round.Last.IsZero() {
		m.BackupLast.Set(float64(round.Last.Unix()))
	}
	switch {
	case err != nil && !errors.Is(err, vault.ErrRunning):
		m.BackupFailures.Inc()
	case round.Made:
		m.BackupTaken.Set(taken.Seconds())
		m.BackupBytes.Set(float64(round.Bytes))
	}
}

// untilTheProcessEnds returns a context that ends when ctx is cancelled, and not by its deadline.
func untilTheProcessEnds(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.Canceled) {
			cancel()
		}
	})
	return longer, func() { stop(); cancel() }
}

func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
