package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"diom.io/workflow/shared/fault"
)

// ErrSchema: the schema is older than the code; `diom migrate` has not run.
var ErrSchema = fault.New(fault.Unavailable, "schema_outdated", "The database schema is older than this version; run diom migrate.")

// Migrate applies the migrations of files that are missing. Several replicas may call it at once: a
// lock row lets one through, the others wait.
func (db *DB) Migrate(ctx context.Context, files fs.FS, log *slog.Logger) error {
	locker, err := lock.NewMySQLTableLocker()
	if err != nil {
		return err
	}
	provider, err := db.provider(files, goose.WithLocker(locker), goose.WithSlog(log))
	if err != nil {
		return err
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", Classify(err))
	}
	for _, r := range results {
		log.Info("migrated", "version", r.Source.Version, "duration", r.Duration.String())
	}
	return nil
}

// CheckSchema returns ErrSchema when a migration of files has not been applied. A newer schema is
// fine: a commit's code runs before and after the next one's migration.
func (db *DB) CheckSchema(ctx context.Context, files fs.FS) error {
	provider, err := db.provider(files)
	if err != nil {
		return err
	}
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return Classify(err)
	}
	if current < target {
		return fmt.Errorf("schema %d of %d: %w", current, target, ErrSchema)
	}
	return nil
}

func (db *DB) provider(files fs.FS, options ...goose.ProviderOption) (*goose.Provider, error) {
	options = append(options, goose.WithTableName("schema_migration"))
	return goose.NewProvider(goose.DialectMySQL, db.reads, files, options...)
}

// patience is how often, for a second each, a process waits for another one that has what it wants to have alone.
const patience = 120

// ErrHeld: another process has been at it for all the time.
var ErrHeld = errors.New("another process holds the lock")

// Alone does something while no other process of the same database does what has the same name. It waits two minutes
// for them, then it returns ErrHeld.
func (db *DB) Alone(ctx context.Context, name string, work func(context.Context) error) error {
	c, err := db.reads.Conn(ctx)
	if err != nil {
		return Classify(err)
	}
	defer func() { _ = c.Close() }()
	var got sql.NullInt64
	for n := 0; got.Int64 != 1; n++ { // one long wait would be longer than a statement may take
		if n == patience {
			return ErrHeld
		}
		if err := c.QueryRowContext(ctx, "SELECT GET_LOCK(CONCAT(DATABASE(), ?), 1)", "."+name).Scan(&got); err != nil {
			return Classify(err)
		}
	}
	defer func() { // the server lets it go with the connection, too
		_, _ = c.ExecContext(context.WithoutCancel(ctx), "SELECT RELEASE_LOCK(CONCAT(DATABASE(), ?))", "."+name)
	}()
	return work(ctx)
}
