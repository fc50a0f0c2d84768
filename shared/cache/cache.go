// Package cache opens Redis and keeps small values there for a short time. Nothing in it is a source
// of truth: every caller goes on without Redis.
//
// A Redis that does not answer costs one caller at most a short time-out a second: after a failure
// every command fails at once with ErrDown until one command, a second later, tries again.
package cache

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	timeout = 250 * time.Millisecond
	// connections bounds the pool: whoever waits for an instance's lock holds one of them, and the
	// others must still find one. idle is how many are kept.
	connections, idle = 256, 32
)

var (
	// ErrMiss: Redis answers and has no such key.
	ErrMiss = errors.New("no such key")
	// ErrDown: there is no Redis, or it did not answer a moment ago.
	ErrDown = errors.New("redis does not answer")
)

// Client reads and writes Redis. It is safe for concurrent use.
type Client struct {
	redis   redis.UniversalClient
	breaker *breaker
}

// Open prepares a client; it does not connect. The URL is one of
//
//	redis://user:password@host:6379/0, rediss://… (TLS)
//	redis+sentinel://host:26379/0?master_name=diom&addr=host2:26379&username=u&password=p
//	redis+cluster://user:password@host:6379?addr=host2:6379, rediss+cluster://…
//
// and may carry go-redis' own parameters (what stands before the @ of a sentinel is the sentinel's). An empty URL gives a client whose every command fails with
// ErrDown. Nothing is tried twice: a caller that goes on without Redis is faster than a second try.
func Open(url string) (*Client, error) {
	b := &breaker{disabled: url == ""}
	client, err := connect(url)
	if err != nil {
		return nil, fmt.Errorf("redis url: %w", err)
	}
	client.AddHook(b)
	return &Client{redis: client, breaker: b}, nil
}

func connect(url string) (redis.UniversalClient, error) {
	off := &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	scheme, rest, _ := strings.Cut(url, "+")
	switch {
	case strings.HasPrefix(rest, "cluster:"):
		o, err := redis.ParseClusterURL(scheme + strings.TrimPrefix(rest, "cluster"))
		if err != nil {
			return nil, err
		}
		o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = timeout, timeout, timeout, timeout
		o.DialerRetries, o.MaxRedirects, o.MaxRetries = 1, 2, -1
		o.PoolSize, o.MaxIdleConns = connections, idle
		o.ContextTimeoutEnabled, o.MaintNotificationsConfig = true, off
		return redis.NewClusterClient(o), nil
	case strings.HasPrefix(rest, "sentinel:"):
		o, err := redis.ParseFailoverURL(scheme + strings.TrimPrefix(rest, "sentinel"))
		if err != nil {
			return nil, err
		}
		o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = timeout, timeout, timeout, timeout
		o.DialerRetries, o.MaxRetries, o.ContextTimeoutEnabled = 1, -1, true
		o.PoolSize, o.MaxIdleConns = connections, idle
		return redis.NewFailoverClient(o), nil
	}
	return single(url, off)
}

func single(url string, off *maintnotifications.Config) (redis.UniversalClient, error) {
	if url == "" {
		url = "redis://127.0.0.1:0"
	}
	o, err := redis.ParseURL(url)
	if err != nil {
		return nil, err
	}
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = timeout, timeout, timeout, timeout
	o.DialerRetries, o.MaxRetries, o.ContextTimeoutEnabled, o.MaintNotificationsConfig = 1, -1, true, off
	o.PoolSize, o.MaxIdleConns = connections, idle
	return redis.NewClient(o), nil
}

// Redis returns the client itself, for the instance lock and the rate limit; the breaker guards it
// too.
func (c *Client) Redis() redis.UniversalClient { return c.redis }

// Close closes the connections.
func (c *Client) Close() error { return c.redis.Close() }

// Ping reports whether Redis answers: nil, ErrDown or the failure itself.
func (c *Client) Ping(ctx context.Context) error { return c.redis.Ping(ctx).Err() }

// Get returns the value of key: ErrMiss when there is none.
func (c *Client) Get(ctx context.Context, key string) ([]byte, error) {
	value, err := c.redis.Get(ctx, key).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, ErrMiss
	}
	return value, err
}

// Set keeps value under key for life, which is rounded up to a millisecond.
func (c *Client) Set(ctx context.Context, key string, value []byte, life time.Duration) error {
	return c.redis.Set(ctx, key, value, life).Err()
}

// SetNX keeps value under key for life unless the key exists; it reports whether it did.
func (c *Client) SetNX(ctx context.Context, key string, value []byte, life time.Duration) (bool, error) {
	err := c.redis.SetArgs(ctx, key, value, redis.SetArgs{Mode: "NX", TTL: life}).Err()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	return err == nil, err
}

// Delete removes keys; a key that is not there is no error.
func (c *Client) Delete(ctx context.Context, keys ...string) error {
	_, err := c.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, key := range keys {
			p.Del(ctx, key) // one a command: the keys of a cluster live in different slots
		}
		return nil
	})
	return err
}

// Left returns how long key will live, 0 when it is not there.
func (c *Client) Left(ctx context.Context, key string) (time.Duration, error) {
	left, err := c.redis.PTTL(ctx, key).Result()
	return max(left, 0), err
}

// increment counts and, on the first of a window, sets the window's end: one script, so that no
// counter is left without an end.
var increment = redis.NewScript(`local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return n`)

// Increment adds one to the counter key, whose window began with its first increment and lasts for
// window, and returns it.
func (c *Client) Increment(ctx context.Context, key string, window time.Duration) (int64, error) {
	return increment.Run(ctx, c.redis, []string{key}, window.Milliseconds()).Int64()
}

// Kept is a member of a set that Keep keeps, and when it was kept last.
type Kept struct {
	Member string
	At     time.Time
}

// keep adds a member by time, drops the oldest beyond the bound, and sets the end of the whole.
var keep = redis.NewScript(`redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -tonumber(ARGV[4]) - 1)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 0`)

// Recent is a set of what happened last: of more than Most members the newest stay, and all end Life after the last.
type Recent struct {
	Key  string
	Life time.Duration
	Most int
}

// Keep adds a member to a set, or renews it.
func (c *Client) Keep(ctx context.Context, set Recent, member string, at time.Time) error {
	return keep.Run(ctx, c.redis, []string{set.Key}, at.UnixMilli(), member, set.Life.Milliseconds(), set.Most).Err()
}

// Kept returns the members of the set key that were kept since a time, the newest first.
func (c *Client) Kept(ctx context.Context, key string, since time.Time) ([]Kept, error) {
	list, err := c.redis.ZRangeArgsWithScores(ctx, redis.ZRangeArgs{Key: key, Start: "+inf", Stop: since.UnixMilli(), ByScore: true, Rev: true}).Result()
	kept := make([]Kept, 0, len(list))
	for _, z := range list {
		if member, text := z.Member.(string); text {
			kept = append(kept, Kept{Member: member, At: time.UnixMilli(int64(z.Score)).UTC()})
		}
	}
	return kept, err
}

// Drop takes a member out of the set key.
func (c *Client) Drop(ctx context.Context, key, member string) error {
	return c.redis.ZRem(ctx, key, member).Err()
}
