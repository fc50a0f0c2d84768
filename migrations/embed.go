// Package migrations holds the database schema as numbered, forward-only files:
// expand, migrate, contract. A commit's code runs before and after its migration.
package migrations

import "embed"

// Files are the migrations in goose's format, one table family a file.
//
//go:embed [0-9]*.sql
var Files embed.FS
