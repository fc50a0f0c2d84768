package database

import (
	"fmt"
	"time"
)

const (
	// connectionLife is the age at which a connection is replaced: where a proxy or a name leads to another
	// server now, a process that only reads notices so late.
	connectionLife = 5 * time.Minute
	// briefLife is that age for a while after a server has refused a write because it takes none; renewal is
	// the while, longer than any call, so that connections which are in use meanwhile are replaced, too.
	briefLife = time.Second
	renewal   = 40 * time.Second
)

// errReadOnly: the server takes no writes: it is a replica, or has become one. Nothing was changed.
var errReadOnly = fmt.Errorf("%w: the server takes no writes", ErrUnavailable)

// renew replaces every connection of both pools within a second. The server that refused a write may
// have been the primary until now; what only reads from it would go on with what it knew then. The
// driver's rejectReadOnly is not used because it drops no connection but that of the write.
func (db *DB) renew() {
	db.renewing.Lock()
	defer db.renewing.Unlock()
	if db.renewed != nil {
		db.renewed.Reset(renewal)
		return
	}
	db.live(briefLife)
	db.renewed = time.AfterFunc(renewal, func() {
		db.renewing.Lock()
		defer db.renewing.Unlock()
		db.live(connectionLife)
		db.renewed = nil
	})
}

func (db *DB) live(life time.Duration) {
	db.reads.SetConnMaxLifetime(life)
	db.batches.SetConnMaxLifetime(life)
}
