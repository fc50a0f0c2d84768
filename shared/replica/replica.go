// Package replica says who may read at the replica of the database: never somebody who would see less than what he has
// done himself.
//
// After whatever changes something the position of the primary is kept in Redis, under the name of who did it, for as
// long as a replica that does not have it could be used. While Redis does not say what somebody has done, he reads at
// the primary.
package replica

import (
	"context"
	"math"
	"sync/atomic"
	"time"

	"diom.io/workflow/shared/cache"
	"diom.io/workflow/shared/database"
)

const (
	// beyond the largest lag marks live: for clocks that run differently, and for a look at the replica.
	beyond = 5 * time.Second
	// patience bounds what a mark may take, after the answer is known.
	patience = time.Second

	keep   = "diom:written:keeps" // there unless Redis has forgotten marks
	doubt  = "diom:written:doubt" // there while marks may be missing
	person = "diom:written:by:"
	// unknown is a mark that no replica comes after.
	unknown = "?"
)

// Reads knows who may read at the replica.
type Reads struct {
	db    *database.DB
	cache *cache.Client
	life  time.Duration
	told  func(database.Verdict)

	doubted atomic.Int64 // Unix nanoseconds: when Shown has doubted last
}

// New returns the Reads of a database. told is called with where each request reads.
func New(db *database.DB, c *cache.Client, told func(database.Verdict)) *Reads {
	return &Reads{db: db, cache: c, life: db.MaxLag() + beyond, told: told}
}

// Any reports whether there is a replica: otherwise the others are not to be called. A nil Reads has none.
func (r *Reads) Any() bool { return r != nil && r.db.HasReplica() }

// May lets what is read with the context come from the replica where that has what the user has done; see
// database.DB.MayLag.
func (r *Reads) May(ctx context.Context, username string) (context.Context, context.CancelFunc, bool) {
	own, sure := r.written(ctx, username)
	verdict, cancel := database.OwnWrite, func() {}
	if sure {
		ctx, cancel, verdict = r.db.MayLag(ctx, own)
	}
	r.told(verdict)
	return ctx, cancel, verdict == database.AtReplica
}

// written returns what a user has done lately, and whether that is known. A Redis that has been emptied, or is another
// one, has lost marks: nobody reads at the replica until those would have ended.
func (r *Reads) written(ctx context.Context, username string) (own []string, sure bool) {
	last, there, err := r.cache.Raised(ctx, person+username, keep, doubt)
	switch {
	case err != nil || there[1]:
		return nil, false
	case !there[0]:
		if r.doubt(ctx) == nil {
			_ = r.cache.Set(ctx, keep, []byte("1"), 0) // where that fails the next one doubts
		}
		return nil, false
	case last != "":
		own = []string{last}
	}
	return own, true
}

// doubt lets nobody read at the replica for as long as a mark lives.
func (r *Reads) doubt(ctx context.Context) error { return r.cache.Set(ctx, doubt, []byte("1"), r.life) }

// Wrote notes that a user has changed something: what he reads next is at least as new as the primary is now. It is
// called before he is answered.
func (r *Reads) Wrote(ctx context.Context, username string) {
	if username == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	position, order, err := r.db.Position(ctx)
	mark, rank := position, float64(order)
	if err != nil {
		mark, rank = unknown, math.MaxFloat64
	}
	if r.cache.Raise(ctx, person+username, mark, rank, r.life) != nil && err == nil {
		r.db.Await(ctx, position, patience) // who finds no mark later finds what was written
	}
}

// Shown waits until what has been written so far can be read everywhere: before somebody is told to look. Where that
// takes too long nobody reads at the replica for a while.
func (r *Reads) Shown(ctx context.Context) {
	if time.Now().UnixNano()-r.doubted.Load() < int64(r.life/2) {
		return
	}
	position, _, err := r.db.Position(ctx)
	if err != nil || !r.db.Await(ctx, position, patience/2) {
		if r.doubt(ctx) == nil { // without Redis nobody reads there, and nobody is told
			r.doubted.Store(time.Now().UnixNano())
		}
	}
}
