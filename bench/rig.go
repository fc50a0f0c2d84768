package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
)

// rig is the product in a process of its own, over a database with the demo company and the models, and connections to
// it.
type rig struct {
	*served
	servers   *servers
	tokens    map[string]string
	processes map[string]int
	callers   []*caller
	spare     []*caller // of bursts
}

// openRig makes a database and serves the product over it, with connections; environment is of NAME=value.
func openRig(ctx context.Context, s *servers, o options, purpose string, environment ...string) (*rig, error) {
	p, err := s.product(ctx, purpose, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = p.close() }() // the served product has its own secrets by then
	return serveRig(ctx, s, o, p, environment...)
}

// serveRig serves the product over the database of p.
func serveRig(ctx context.Context, s *servers, o options, p *product, environment ...string) (*rig, error) {
	v, err := serveProduct(ctx, s, p, o.binary, environment...)
	if err != nil {
		return nil, err
	}
	r := &rig{served: v, servers: s, tokens: p.tokens, processes: s.processes(ctx)}
	r.processes["product"], r.processes["load"] = v.command.Process.Pid, os.Getpid()
	if err := r.dial(ctx, o.connections); err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

// dial sees to it that there are so many connections.
func (r *rig) dial(ctx context.Context, n int) error {
	for len(r.callers) < n {
		connection, err := dialCaller(ctx, r.address, r.tokens)
		if err != nil {
			return err
		}
		r.callers = append(r.callers, connection)
	}
	return nil
}

func (r *rig) close() error {
	for _, connection := range slices.Concat(r.callers, r.spare) {
		_ = connection.conn.Close()
	}
	return r.stop()
}

// fill starts n instances of a process; body is that of the nth.
func (r *rig) fill(ctx context.Context, process string, n int, body func(i int) string) ([]started, error) {
	list := make([]started, n)
	return list, each(ctx, len(r.callers), upTo(n), func(worker, i int) (err error) {
		list[i], err = r.callers[worker].start(process, body(i))
		return err
	})
}

// upTo are the numbers below n.
func upTo(n int) []int {
	numbers := make([]int, n)
	for i := range numbers {
		numbers[i] = i
	}
	return numbers
}

// count asks for a number of the rig's database; the text names its tables without the database, as {table}.
func (r *rig) count(ctx context.Context, text string, arguments ...any) (n int, err error) {
	err = r.servers.query(ctx, []any{&n}, strings.NewReplacer("{", r.database+".workflow_", "}", "").Replace(text), arguments...)
	return n, err
}

// metric reads a value without labels that the product shows to those who operate it.
func (r *rig) metric(name string) (float64, error) {
	response, err := http.Get("http://" + r.address + "/metrics") //nolint:noctx // on this machine, in the work of a run
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		if value, found := strings.CutPrefix(lines.Text(), name+" "); found {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, errors.Join(fmt.Errorf("/metrics: no %s", name), lines.Err())
}
