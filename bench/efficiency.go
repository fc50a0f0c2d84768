package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

const (
	ratioTarget = 0.45
	cpuTarget   = 12
	// neighbourLimit is the share of all cores that others may take; beyond it there is no verdict.
	neighbourLimit = 0.15
	warmUp         = time.Second
	drainLimit     = 3 * time.Second
)

// turn is what one of the three did in its time.
type turn struct {
	PerSecond float64 `json:"perSecond"`
	CPU       *spent  `json:"cpu,omitempty"`
	Backlog   int     `json:"backlog,omitempty"` // events that no relay had sent at the end
}

// round is a turn of each, one after the other.
type round struct {
	Product turn    `json:"product"`
	Raw     turn    `json:"raw"`
	Commit  turn    `json:"commit"`
	Ratio   float64 `json:"ratio"` // whole instances a second, product ÷ raw
}

// contest is what takes turns: the product in a process of its own, its twin, bare commits.
type contest struct {
	servers *servers
	options options
	rig     *rig
	twin    *twin
	raw     string // the twin's database
	rounds  []round
	bytes   int
}

// measureEfficiency is goals 2 and 3.
func measureEfficiency(ctx context.Context, s *servers, o options) ([]Goal, error) {
	durable, err := s.durable(ctx)
	if err != nil {
		return nil, err
	}
	if !durable {
		return nil, errors.New("innodb_flush_log_at_trx_commit is not 1: durability is never traded")
	}
	c := &contest{servers: s, options: o}
	if err := c.prepare(ctx); err != nil {
		return nil, errors.Join(err, c.close())
	}
	for i := range o.rounds {
		if err := c.round(ctx, i); err != nil {
			return nil, errors.Join(err, c.close())
		}
		r := c.rounds[i]
		say("goal 2: round %d of %d: product %.0f/s, raw %.0f/s, ratio %.3f; bare commits %.0f/s", i+1, o.rounds, r.Product.PerSecond, r.Raw.PerSecond, r.Ratio, r.Commit.PerSecond)
	}
	return c.goals(), c.close()
}

// prepare makes both databases, holds the twin to the product and starts the product.
func (c *contest) prepare(ctx context.Context) error {
	say("goal 2: comparing the product's statements with the twin's")
	mine, err := c.servers.database(ctx, "product")
	if err != nil {
		return err
	}
	if c.raw, err = c.servers.database(ctx, "raw"); err != nil {
		return err
	}
	p, err := openProduct(ctx, c.servers, mine, newWire("diom-bench-product"))
	if err != nil {
		return err
	}
	defer func() { _ = p.close() }() // the served product has its own secrets by then
	if err := c.share(ctx, p); err != nil {
		return err
	}
	learner, err := openTwin(c.servers, c.raw, newWire("diom-bench-twin"), 1)
	if err != nil {
		return err
	}
	if c.bytes, err = learnTwin(ctx, c.servers, p, learner); err != nil {
		return errors.Join(err, learner.db.Close())
	}
	if c.twin, err = openTwin(c.servers, c.raw, nil, c.options.connections); err != nil {
		return err
	}
	c.twin.definition, c.twin.bodies, c.twin.changes = learner.definition, learner.bodies, learner.changes
	if err := learner.db.Close(); err != nil {
		return err
	}
	if c.rig, err = serveRig(ctx, c.servers, c.options, p); err != nil {
		return err
	}
	return c.warm(ctx)
}

// share gives the twin's database the product's definition, which a start reads, and a table for
// bare commits.
func (c *contest) share(ctx context.Context, p *product) error {
	for _, text := range []string{
		"INSERT INTO " + c.raw + ".workflow_definition SELECT * FROM " + p.database + ".workflow_definition",
		"USE " + c.raw, bareTable,
	} {
		c.servers.admin.SetMaxOpenConns(1) // USE is the connection's
		if _, err := c.servers.admin.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

func (c *contest) warm(ctx context.Context) error {
	say("goal 2: warming up")
	for _, operation := range []func(int) error{c.ofProduct(), c.ofTwin(ctx), c.ofBare(ctx)} {
		if _, _, err := timedLoop(ctx, c.options.connections, warmUp, operation); err != nil {
			return err
		}
	}
	return nil
}

func (c *contest) ofProduct() func(int) error {
	return func(worker int) error { return c.rig.callers[worker].instance() }
}

func (c *contest) ofTwin(ctx context.Context) func(int) error {
	return func(int) error { return c.twin.instance(ctx) }
}

func (c *contest) ofBare(ctx context.Context) func(int) error {
	return func(int) error { return bare{c.twin.db}.commit(ctx) }
}

// round lets each have a turn; the product and the twin go first in turn.
func (c *contest) round(ctx context.Context, i int) error {
	var r round
	turns := []func() error{
		func() (err error) { r.Product, err = c.turn(ctx, c.rig.database, c.ofProduct()); return err },
		func() (err error) { r.Raw, err = c.turn(ctx, c.raw, c.ofTwin(ctx)); return err },
	}
	if i%2 == 1 {
		slices.Reverse(turns)
	}
	turns = append(turns, func() (err error) { r.Commit, err = c.turn(ctx, "", c.ofBare(ctx)); return err })
	for _, turn := range turns {
		if err := turn(); err != nil {
			return err
		}
	}
	r.Ratio = r.Product.PerSecond / r.Raw.PerSecond
	c.rounds = append(c.rounds, r)
	return nil
}

// turn counts the instances of a database that are completed, not the answers; with no database it
// counts what was done.
func (c *contest) turn(ctx context.Context, database string, operation func(int) error) (turn, error) {
	var t turn
	before, err := c.completed(ctx, database)
	if err != nil {
		return t, err
	}
	begun, cpuErr := used(c.rig.processes)
	done, took, err := timedLoop(ctx, c.options.connections, c.options.time, operation)
	if err != nil {
		return t, err
	}
	if database != "" {
		after, err := c.completed(ctx, database)
		if err != nil {
			return t, err
		}
		if after-before != done {
			return t, fmt.Errorf("%d instances were answered as completed, %d are found completed in %s", done, after-before, database)
		}
		if t.Backlog, err = c.drain(ctx, database); err != nil {
			return t, err
		}
	}
	t.PerSecond = float64(done) / took.Seconds()
	if now, err := used(c.rig.processes); err == nil && cpuErr == nil {
		cpu := now.since(begun, done)
		t.CPU = &cpu
	}
	return t, nil
}

func (c *contest) completed(ctx context.Context, database string) (n int, err error) {
	if database == "" {
		return 0, nil
	}
	err = c.servers.query(ctx, []any{&n}, "SELECT COUNT(*) FROM "+database+".workflow_instance WHERE state = ?", stateCompleted)
	return n, err
}

// drain waits until the product's relay has sent what the turn left, so that the next turn has the
// machine for itself; its processor time belongs to this turn. It returns the backlog at first.
func (c *contest) drain(ctx context.Context, database string) (int, error) {
	if database != c.rig.database {
		return 0, nil
	}
	first, left := -1, 0
	for end := time.Now().Add(drainLimit); ; time.Sleep(20 * time.Millisecond) {
		if err := c.servers.query(ctx, []any{&left}, "SELECT COUNT(*) FROM "+database+".workflow_history WHERE unsent = 1"); err != nil {
			return 0, err
		}
		if first < 0 {
			first = left
		}
		if left == 0 || time.Now().After(end) {
			return first, nil
		}
	}
}

func (c *contest) close() error {
	var err error
	if c.rig != nil {
		err = c.rig.close()
	}
	if c.twin != nil {
		err = errors.Join(err, c.twin.db.Close())
	}
	return err
}
