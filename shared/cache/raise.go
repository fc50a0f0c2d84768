package cache

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// raise keeps the member with the highest order of a key, for as long as it was asked for last.
var raise = redis.NewScript(`redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -2)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 0`)

// Raise keeps value under key for life, unless one of a higher order is there.
func (c *Client) Raise(ctx context.Context, key, value string, order float64, life time.Duration) error {
	return raise.Run(ctx, c.redis, []string{key}, order, value, life.Milliseconds()).Err()
}

// Raised returns the value that Raise has kept under key, "" where there is none, and which of some other keys there are:
// in one round trip.
func (c *Client) Raised(ctx context.Context, key string, others ...string) (value string, there []bool, err error) {
	var highest *redis.StringSliceCmd
	looked := make([]*redis.IntCmd, len(others))
	_, err = c.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		highest = p.ZRange(ctx, key, -1, -1)
		for i, other := range others {
			looked[i] = p.Exists(ctx, other)
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return "", nil, err
	}
	for _, n := range looked {
		there = append(there, n.Val() > 0)
	}
	if list := highest.Val(); len(list) > 0 {
		value = list[0]
	}
	return value, there, nil
}
