package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// closedLoop lets workers do an operation n times in all; the first error ends it.
func closedLoop(ctx context.Context, workers, n int, operation func(worker int) error) (time.Duration, error) {
	var begun atomic.Int64
	_, took, err := loop(ctx, workers, func() bool { return begun.Add(1) <= int64(n) }, operation)
	return took, err
}

// each lets workers do something with each item; the first error ends it.
func each[T any](ctx context.Context, workers int, items []T, do func(worker int, item T) error) error {
	var next atomic.Int64
	_, err := closedLoop(ctx, workers, len(items), func(worker int) error { return do(worker, items[next.Add(1)-1]) })
	return err
}

// turns lets two rivals, 0 and 1, take turns, round after round. Who begins alternates, so that what the machine does
// meanwhile is on the side of neither.
func turns(rounds int, turn func(rival int) error, ended func(round int)) error {
	for round := range rounds {
		for i := range 2 {
			if err := turn((round + i) % 2); err != nil {
				return err
			}
		}
		ended(round + 1)
	}
	return nil
}

// timedLoop lets workers do an operation for a while and returns how often, and how long that took.
func timedLoop(ctx context.Context, workers int, d time.Duration, operation func(worker int) error) (int, time.Duration, error) {
	end := time.Now().Add(d)
	return loop(ctx, workers, func() bool { return time.Now().Before(end) }, operation)
}

func loop(ctx context.Context, workers int, more func() bool, operation func(worker int) error) (int, time.Duration, error) {
	var done atomic.Int64
	var failed atomic.Bool
	failures := make([]error, workers)
	var group sync.WaitGroup
	began := time.Now()
	for worker := range workers {
		group.Go(func() {
			for ctx.Err() == nil && !failed.Load() && more() {
				if failures[worker] = operation(worker); failures[worker] != nil {
					failed.Store(true)
					return
				}
				done.Add(1)
			}
		})
	}
	group.Wait()
	return int(done.Load()), time.Since(began), errors.Join(append(failures, ctx.Err())...)
}

// caller is one keep-alive connection to the product. It is leaner than net/http's client, whose
// work would be measured too.
type caller struct {
	conn    net.Conn
	reader  *bufio.Reader
	host    string
	tokens  map[string]string
	request []byte
	used    time.Time // last
}

// idle is after how long a connection is made anew: a server ends those that nobody uses.
const idle = 5 * time.Second

func dialCaller(ctx context.Context, address string, tokens map[string]string) (*caller, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &caller{conn: conn, reader: bufio.NewReader(conn), host: address, tokens: tokens, used: time.Now()}, nil
}

// fresh sees to it that the server has not ended the connection meanwhile.
func (c *caller) fresh() error {
	if time.Since(c.used) < idle {
		return nil
	}
	_ = c.conn.Close()
	again, err := dialCaller(context.Background(), c.host, c.tokens)
	if err != nil {
		return err
	}
	c.conn, c.reader = again.conn, again.reader
	return nil
}

// post sends a request and returns the answer's body.
func (c *caller) post(path, username, body string) ([]byte, error) {
	return c.call(http.MethodPost, path, username, body)
}

func (c *caller) get(path, username string) ([]byte, error) {
	return c.call(http.MethodGet, path, username, "")
}

func (c *caller) call(method, path, username, body string) ([]byte, error) {
	c.request = fmt.Appendf(c.request[:0], "%s %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		method, path, c.host, c.tokens[username], len(body), body)
	if err := c.fresh(); err != nil {
		return nil, err
	}
	if _, err := c.conn.Write(c.request); err != nil {
		return nil, err
	}
	response, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(response.Body)
	_ = response.Body.Close() // it has been read to its end
	c.used = time.Now()
	if err == nil && response.StatusCode/100 != 2 {
		err = &statusError{path, response.StatusCode, answer}
	}
	return answer, err
}

// start starts an instance; its answer names the tasks that it has opened.
func (c *caller) start(process, body string) (started, error) {
	var s started
	answer, err := c.post("/api/v1/processes/"+process+"/start", starter, body)
	if err == nil {
		err = json.Unmarshal(answer, &s)
	}
	return s, err
}

// instance starts an instance and completes its task.
func (c *caller) instance() error {
	answer, err := c.post(startPath, starter, startBody)
	if err != nil {
		return err
	}
	const mark = `"tasks":[{"id":"`
	at := bytes.Index(answer, []byte(mark))
	if at < 0 || len(answer) < at+len(mark)+36 {
		return fmt.Errorf("no task in %s", answer)
	}
	task := string(answer[at+len(mark):][:36])
	_, err = c.post(completePath(task), approver, completeBody)
	return err
}
