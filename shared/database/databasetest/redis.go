package databasetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// hold is how long a number stays claimed after the test binary that has it has died.
const hold = 2 * time.Minute

var errRedisBusy = errors.New("every numbered Redis database is in use")

// Redis returns the URL of an empty, numbered Redis database that is the test's alone until the
// test ends. Publish/subscribe channels are the server's: they are shared.
func Redis(t testing.TB) string {
	t.Helper()
	o, err := redis.ParseURL(address(t, redisVariable))
	if err != nil {
		t.Fatalf("%s: %v", redisVariable, err)
	}
	o.DB = 0
	registry := redis.NewClient(o)
	number, err := claimNumber(t.Context(), registry)
	if err != nil {
		t.Fatalf("test redis: %v", errors.Join(err, registry.Close()))
	}
	stop := keepNumber(registry, number)
	t.Cleanup(func() {
		stop()
		if err := errors.Join(registry.Del(context.Background(), claimKey(number)).Err(), registry.Close()); err != nil {
			t.Errorf("release the test redis: %v", err)
		}
	})
	own := *o
	own.DB = number
	client := redis.NewClient(&own)
	if err := errors.Join(client.FlushDB(t.Context()).Err(), client.Close()); err != nil {
		t.Fatalf("test redis %d: %v", number, err)
	}
	return url(&own)
}

// claimNumber takes a database number from 1 on; number 0 holds the claims.
func claimNumber(ctx context.Context, registry *redis.Client) (int, error) {
	settings, err := registry.ConfigGet(ctx, "databases").Result()
	if err != nil {
		return 0, err
	}
	count, err := strconv.Atoi(settings["databases"])
	if err != nil {
		return 0, err
	}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(pause) {
		for number := 1; number < count; number++ {
			err := registry.SetArgs(ctx, claimKey(number), "1", redis.SetArgs{Mode: "NX", TTL: hold}).Err()
			if !errors.Is(err, redis.Nil) {
				return number, err
			}
		}
	}
	return 0, errRedisBusy
}

func claimKey(number int) string { return fmt.Sprintf("diom_test_%d", number) }

func url(o *redis.Options) string {
	credentials := ""
	if o.Password != "" {
		credentials = o.Username + ":" + o.Password + "@"
	}
	return fmt.Sprintf("redis://%s%s/%d", credentials, o.Addr, o.DB)
}

// keepNumber claims a number again and again until stop is called: a test may take longer than a claim holds.
func keepNumber(registry *redis.Client, number int) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(hold / 4)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				_ = registry.Expire(ctx, claimKey(number), hold).Err() // tried again
			}
		}
	}()
	return func() { cancel(); <-done }
}
