// Package store holds every SQL statement of the product, one file a table family. A statement
// stands in the method that runs it; there is no interface and no query builder.
package store

import (
	"diom.io/workflow/shared/database"
)

// Store reads and writes the product's tables. It is safe for concurrent use.
type Store struct {
	DB    *database.DB
	codec codec
}

// New returns a Store over db.
func New(db *database.DB) *Store { return &Store{DB: db, codec: newCodec()} }
