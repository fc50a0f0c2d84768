package local

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

const redisTimeout = time.Second

// redis prepares the private Redis. It returns the command that runs it and its URL. Nothing is
// saved: what Redis holds is never the only copy.
func (h *Home) redis() (Command, string, error) {
	fail := func(err error) (Command, string, error) { return Command{}, "", err }
	path, err := find("redis-server")
	if err != nil {
		return fail(err)
	}
	port, err := h.port("redis-server")
	if err != nil {
		return fail(err)
	}
	password, err := h.password("diom-redis-password")
	if err != nil {
		return fail(err)
	}
	if err := os.MkdirAll(h.path("redis"), 0o700); err != nil {
		return fail(notWritable(h.Dir, err))
	}
	settings := fmt.Sprintf("bind 127.0.0.1\nport %d\nrequirepass %s\nsave \"\"\nappendonly no\ndatabases 256\n", port, password)
	if err := writeFile(h.path("secrets", "redis.conf"), settings); err != nil {
		return fail(notWritable(h.Dir, err))
	}
	return Command{
		Name: "redis-server", Path: path, Arguments: []string{h.path("secrets", "redis.conf")}, Dir: h.path("redis"), Log: h.Log("redis-server"),
		Ready: func(ctx context.Context) error { return pingRedis(ctx, loopback(port), password) },
	}, "redis://:" + password + "@" + loopback(port) + "/0", nil
}

// pingRedis asks once, with no client of a pool and a breaker that would wait after a refusal.
func pingRedis(ctx context.Context, address, password string) error {
	dialer := net.Dialer{Timeout: redisTimeout}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(redisTimeout)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(conn, "AUTH %s\r\nPING\r\n", password); err != nil {
		return err
	}
	reader := bufio.NewReader(conn)
	for _, want := range []string{"+OK", "+PONG"} {
		line, err := reader.ReadString('\n')
		if err != nil {
			return err
		}
		if strings.TrimSpace(line) != want {
			return fmt.Errorf("redis answers %q", line)
		}
	}
	return nil
}
