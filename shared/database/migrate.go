package database

import (
	"context"
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
