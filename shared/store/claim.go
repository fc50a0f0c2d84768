package store

import (
	"context"
	"database/sql"
	"errors"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
)

const (
	// spare is how many candidates a claim looks at beyond those that it wants: others take some of them.
	spare = 100
	// claimRounds is how often it asks for what is missing; claimAttempts how often it begins again.
	claimRounds   = 10
	claimAttempts = 5

	// byPrimary keeps the optimizer from reading, and locking, a small table along another index or whole.
	byPrimary = ` FORCE INDEX (PRIMARY)`
)

// claim leases rows of a queue. A plain read has found the candidates, in their order; what is still
// free of them is locked by primary key, past what others hold, and marked, in a short READ COMMITTED
// transaction that commits before the work. A locking read along the queue's index would lock its
// entries before the rows, and a step that ends a row does it the other way round: a deadlock.
type claim[T any] struct {
	candidates []engine.ID
	limit      int
	read       string // SELECT … FROM …
	free       string // … AND what makes a row free FOR UPDATE SKIP LOCKED, with freeArguments
	mark       string // UPDATE … SET …, with markArguments

	freeArguments, markArguments []any

	scan func(*sql.Rows) (T, error)
	id   func(T) engine.ID
}

// take returns up to limit rows. Contention with steps that end the same rows runs it again.
func (c claim[T]) take(ctx context.Context, s *Store) ([]T, error) {
	if len(c.candidates) == 0 || c.limit <= 0 {
		return nil, nil
	}
	var taken []T
	err := s.inClaim(ctx, func(tx *sql.Tx) error {
		var err error
		if taken, err = c.lock(ctx, tx); err != nil || len(taken) == 0 {
			return err
		}
		_, err = tx.ExecContext(ctx, c.mark+byIDs(len(taken)), append(append([]any(nil), c.markArguments...), arguments16(ids(taken, c.id))...)...)
		return err
	})
	return taken, err
}

func (c claim[T]) lock(ctx context.Context, tx *sql.Tx) ([]T, error) {
	var taken []T
	left := c.candidates
	for round := 0; round < claimRounds && len(left) > 0 && len(taken) < c.limit; round++ {
		these := left[:min(c.limit-len(taken), len(left))]
		left = left[len(these):]
		rows, err := tx.QueryContext(ctx, c.read+byIDs(len(these))+c.free, append(arguments16(these), c.freeArguments...)...)
		locked, err := collect(rows, err, c.scan)
		if err != nil {
			return nil, err
		}
		taken = append(taken, locked...)
	}
	return taken, nil
}

// inClaim runs work at READ COMMITTED, and again after contention.
func (s *Store) inClaim(ctx context.Context, work func(*sql.Tx) error) error {
	for attempt := 1; ; attempt++ {
		err := s.DB.InReadCommitted(ctx, work)
		if attempt == claimAttempts || !errors.Is(err, database.ErrContention) {
			return err
		}
	}
}
