package cache

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Entry is one entry of a stream: its id, <milliseconds>-<number>, and what was written.
type Entry struct {
	ID    string
	Value []byte
}

// StreamStart is the id before every entry of a stream.
const StreamStart = "0-0"

// streamField is the one field of our entries.
const streamField = "v"

// Append adds an entry to a stream, of which about keep entries stay, the newest ones.
func (c *Client) Append(ctx context.Context, stream string, value []byte, keep int64) error {
	return c.redis.XAdd(ctx, &redis.XAddArgs{Stream: stream, MaxLen: keep, Approx: true, Values: []any{streamField, value}}).Err()
}

// After returns up to limit entries of a stream behind id, in their order. Where there is none it waits for
// the first one, for wait at most; 0 does not wait.
func (c *Client) After(ctx context.Context, stream, id string, limit int64, wait time.Duration) ([]Entry, error) {
	if wait == 0 {
		wait = -1
	} else { // a Redis that hangs is not waited for
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, wait+timeout)
		defer cancel()
	}
	found, err := c.redis.XRead(ctx, &redis.XReadArgs{Streams: []string{stream, id}, Count: limit, Block: wait}).Result()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return entries(found[0].Messages), nil
}

// Newest returns the id of the newest entry of a stream, StreamStart where it has none.
func (c *Client) Newest(ctx context.Context, stream string) (string, error) {
	found, err := c.redis.XRevRangeN(ctx, stream, "+", "-", 1).Result()
	if err != nil || len(found) == 0 {
		return StreamStart, err
	}
	return found[0].ID, nil
}

// Holds reports whether a stream still has the entry of an id.
func (c *Client) Holds(ctx context.Context, stream, id string) (bool, error) {
	found, err := c.redis.XRangeN(ctx, stream, id, id, 1).Result()
	return len(found) == 1, err
}

// Exists reports whether there is a key.
func (c *Client) Exists(ctx context.Context, key string) (bool, error) {
	n, err := c.redis.Exists(ctx, key).Result()
	return n > 0, err
}

func entries(found []redis.XMessage) []Entry {
	list := make([]Entry, 0, len(found))
	for _, m := range found {
		text, _ := m.Values[streamField].(string) // what has no such field is not ours, and empty
		list = append(list, Entry{ID: m.ID, Value: []byte(text)})
	}
	return list
}

// CompareIDs orders the ids of entries; what is no id comes first.
func CompareIDs(a, b string) int {
	am, an, _ := ParseID(a)
	bm, bn, _ := ParseID(b)
	switch {
	case am != bm && am < bm, am == bm && an < bn:
		return -1
	case am == bm && an == bn:
		return 0
	}
	return 1
}

// ParseID reads the id of an entry.
func ParseID(id string) (milliseconds, number uint64, ok bool) {
	before, after, found := strings.Cut(id, "-")
	milliseconds, err := strconv.ParseUint(before, 10, 64)
	number, failure := strconv.ParseUint(after, 10, 64)
	return milliseconds, number, found && err == nil && failure == nil
}
