package workflow

import (
	"context"
	"sync"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
)

const (
	maxSetback = 10 * time.Minute
	// maxSetbacks bounds the memory; beyond it everything is forgotten, and tried again at once.
	maxSetbacks = 10_000
)

// setbacks remembers which timers and continuations have failed in this process, so that one that
// always fails is tried ever more seldom. The zero value is ready.
type setbacks struct {
	mutex sync.Mutex
	byID  map[engine.ID]setback
}

type setback struct {
	failed int
	until  time.Time
}

// hold reports whether it is too early to try again.
func (b *setbacks) hold(id engine.ID) bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return time.Now().Before(b.byID[id].until)
}

// note keeps what became of an attempt and returns err. An instance that is busy, a database that is
// down and an attempt that was broken off say nothing of the item.
func (b *setbacks) note(ctx context.Context, id engine.ID, err error) error {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if err == nil {
		delete(b.byID, id)
		return nil
	}
	if kind := fault.KindOf(err); kind == fault.Busy || kind == fault.Unavailable || ctx.Err() != nil {
		return err
	}
	if b.byID == nil || len(b.byID) >= maxSetbacks {
		b.byID = map[engine.ID]setback{}
	}
	failed := b.byID[id].failed + 1
	b.byID[id] = setback{failed, time.Now().Add(min(tickLease<<min(failed, 8), maxSetback))}
	return err
}
