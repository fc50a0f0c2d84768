package access

import (
	"sync"
	"time"
)

// memory stands in for Redis while it is down: counters and marks of this process alone, bounded.
type memory struct {
	mu    sync.Mutex
	limit int
	cells map[string]cell
}

type cell struct {
	count int64
	end   time.Time
}

func newMemory(limit int) *memory { return &memory{limit: limit, cells: map[string]cell{}} }

// increment counts within a window that begins with the first count.
func (m *memory) increment(key string, window time.Duration, now time.Time) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, found := m.cells[key]
	if !found || !now.Before(c.end) {
		m.makeRoom(now)
		c = cell{end: now.Add(window)}
	}
	c.count++
	m.cells[key] = c
	return c.count
}

// mark sets a key for life unless it is set; it reports whether it did.
func (m *memory) mark(key string, life time.Duration, now time.Time) bool {
	return m.increment(key, life, now) == 1
}

// left returns the time until key ends, 0 when it is not set.
func (m *memory) left(key string, now time.Time) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, found := m.cells[key]
	if !found {
		return 0
	}
	return max(c.end.Sub(now), 0)
}

func (m *memory) forget(keys ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, key := range keys {
		delete(m.cells, key)
	}
}

// makeRoom drops what has ended and, when that is not enough, an eighth of the rest, what has been
// counted once before what matters more.
func (m *memory) makeRoom(now time.Time) {
	if len(m.cells) < m.limit {
		return
	}
	m.drop(0, func(c cell) bool { return !now.Before(c.end) })
	least := m.limit - m.limit/8
	m.drop(least, func(c cell) bool { return c.count == 1 })
	m.drop(least, func(cell) bool { return true })
}

// drop removes cells that match until least are left.
func (m *memory) drop(least int, match func(cell) bool) {
	for key, c := range m.cells {
		if len(m.cells) <= least {
			return
		}
		if match(c) {
			delete(m.cells, key)
		}
	}
}
