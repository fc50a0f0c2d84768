package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	flatTarget = 1.25
	// scanTarget is how many rows an operation may read without a key beside those of its page: small tables that are
	// looked through (settings, a process's versions) and what a sort keeps.
	scanTarget = 200
	loadBatch  = 250 // instances in a statement
	// waitingOf is the share of the loaded instances that wait, one of so many; the others have ended.
	waitingOf = 10
	growTurns = 3
)

// grown is the product over databases of two sizes.
type grown struct {
	options options
	rigs    [2]*rig
	sizes   [2]int
}

// growOperation is what goal 6 measures: each call is one operation.
type growOperation struct {
	name string
	call func(r *rig, worker int) error
}

// measureGrown is goal 6: what an operation costs the database with many instances, ÷ with few, and whether it reads rows
// without a key.
func measureGrown(ctx context.Context, s *servers, o options) ([]Goal, error) {
	g := &grown{options: o, sizes: [2]int{o.small, o.large}}
	defer g.close()
	for i, n := range g.sizes {
		if err := g.open(ctx, s, i, n); err != nil {
			return nil, err
		}
	}
	var goals []Goal
	scans := Goal{ID: 6, Name: "rows that an operation reads without a key, the most", Unit: "rows", Target: fmt.Sprintf("≤ %d", scanTarget), Detail: map[string]float64{}}
	for _, operation := range growOperations() {
		flat, read, err := g.measure(ctx, s, operation)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", operation.name, err)
		}
		goals = append(goals, flat)
		scans.Detail[operation.name] = read
		scans.Value = max(scans.Value, read)
	}
	return append(goals, scans.judged(scans.Value <= scanTarget, "")), nil
}

func (g *grown) close() {
	for _, r := range g.rigs {
		if r != nil {
			_ = r.close() // the answer is known by then
		}
	}
}

// open makes a database with n instances and serves the product over it.
func (g *grown) open(ctx context.Context, s *servers, i, n int) error {
	name, err := s.database(ctx, fmt.Sprintf("grown_%d", i))
	if err != nil {
		return err
	}
	p, err := openProduct(ctx, s, name, newWire(fmt.Sprintf("diom-bench-grown-%d", i)))
	if err != nil {
		return err
	}
	defer func() { _ = p.close() }() // the served product has its own secrets by then
	learned := &twin{}
	if _, _, err := recordInstance(ctx, s, p, learned); err != nil {
		return err
	}
	loader, err := openTwin(s, name, nil, 4)
	if err != nil {
		return err
	}
	defer func() { _ = loader.db.Close() }() // its rows are committed
	learned.db = loader.db
	if err := learned.fill(ctx, n); err != nil {
		return err
	}
	for _, table := range []string{"instance", "history", "task"} {
		if _, err := s.admin.ExecContext(ctx, "ANALYZE TABLE "+name+".workflow_"+table); err != nil {
			return err
		}
	}
	g.rigs[i], err = serveRig(ctx, s, g.options, p, "DIOM_LIMIT_SEARCH=off", "DIOM_REDIS_URL="+s.otherRedis(i+1).String())
	return err
}

// fill writes n instances with their history as the product would have, over the past year: most have ended.
func (t *twin) fill(ctx context.Context, n int) error {
	begun := time.Now()
	say("goal 6: loading %d instances", n)
	told := begun
	for from := 0; from < n; from += loadBatch {
		if err := t.loadBatch(ctx, from, min(from+loadBatch, n), n); err != nil {
			return err
		}
		if time.Since(told) > 10*time.Second {
			told = time.Now()
			say("goal 6: %d of %d instances", from, n)
		}
	}
	say("goal 6: %d instances in %s", n, time.Since(begun).Round(time.Second))
	return nil
}

const (
	loadInstances = `INSERT INTO workflow_instance (id, definition_id, process_key, process_version, business_key, state, version, starter, started_at, ended_at, body) VALUES `
	loadHistory   = `INSERT INTO workflow_history (instance_id, seq, command_id, command, actor, at, changes, unsent) VALUES `
	loadTasks     = `INSERT INTO workflow_task (id, version, instance_id, process_key, node_id, name, state, assignee, priority, created_at, ended_at, ended_by) VALUES `
)

// rows is a statement that inserts many.
type rows struct {
	text      strings.Builder
	arguments []any
}

func (r *rows) add(values ...any) {
	if r.arguments != nil {
		r.text.WriteByte(',')
	}
	r.text.WriteString("(?" + strings.Repeat(",?", len(values)-1) + ")")
	r.arguments = append(r.arguments, values...)
}

func (t *twin) loadBatch(ctx context.Context, from, to, all int) error {
	var instances, history, tasks rows
	year := 365 * 24 * time.Hour
	for i := from; i < to; i++ {
		n := newNames()
		n.started = n.started.Add(-year + time.Duration(float64(year)*float64(i)/float64(all))).Truncate(time.Millisecond)
		n.ended = n.started.Add(time.Hour)
		who, texts := fmt.Sprintf("user%04d", i%5000), n.texts()
		if i%waitingOf == 0 {
			instances.add(n.instance[:], t.definition[:], processKey, 1, fmt.Sprintf("LV-%07d", i), stateActive, 1, starter, n.started, nil, t.bodies[0].fill(texts))
			tasks.add(n.task[:], 1, n.instance[:], processKey, "approve", "Approve", taskOpen, who, 50, n.started, nil, nil)
		} else {
			instances.add(n.instance[:], t.definition[:], processKey, 1, fmt.Sprintf("LV-%07d", i), stateCompleted, 2, starter, n.started, n.ended, t.bodies[1].fill(texts))
			tasks.add(n.task[:], 2, n.instance[:], processKey, "approve", "Approve", taskCompleted, who, 50, n.started, n.ended, who)
			history.add(n.instance[:], 2, n.complete[:], "complete", who, n.ended, t.changes[1].fill(texts), nil)
		}
		history.add(n.instance[:], 1, n.start[:], "start", starter, n.started, t.changes[0].fill(texts), nil)
	}
	tx, err := t.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after the commit
	for _, s := range []struct {
		text string
		rows *rows
	}{{loadInstances, &instances}, {loadHistory, &history}, {loadTasks, &tasks}} {
		if _, err := tx.ExecContext(ctx, s.text+s.rows.text.String(), s.rows.arguments...); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func growOperations() []growOperation {
	list := func(username, path string) func(*rig, int) error {
		return func(r *rig, worker int) error {
			_, err := r.callers[worker].get(path, username)
			return err
		}
	}
	search := func(body string) func(*rig, int) error {
		return func(r *rig, worker int) error {
			_, err := r.callers[worker].post("/api/v1/instances:search", operator, body)
			return err
		}
	}
	return []growOperation{
		{name: "start", call: func(r *rig, worker int) error {
			_, err := r.callers[worker].start(processKey, startBody)
			return err
		}},
		{name: "start and complete", call: func(r *rig, worker int) error { return r.instance(worker) }},
		{name: "inbox page", call: list(approver, inboxPath)},
		{name: "search by business key", call: search(`{"condition":{"field":"businessKey","operator":"eq","value":"LV-0000250"},"limit":20}`)},
		{name: "operator: newest instances", call: list(operator, "/api/v1/instances?limit=20&view=all")},
		{name: "operator: active instances of a process", call: list(operator, "/api/v1/instances?limit=20&view=all&state=active&processKey="+processKey)},
		{name: "operator: ended tasks", call: list(operator, "/api/v1/tasks?view=done&limit=20")},
	}
}

// measure lets both sizes take turns with an operation.
func (g *grown) measure(ctx context.Context, s *servers, op growOperation) (Goal, float64, error) {
	goal := Goal{ID: 6, Name: fmt.Sprintf("%s: CPU of the database with %d instances ÷ %d", op.name, g.sizes[1], g.sizes[0]), Unit: "ratio", Target: "≤ 1.25", Detail: map[string]float64{}}
	var ratios []float64
	var why string
	var most float64
	for range growTurns {
		var cost [2]float64
		for i, r := range g.rigs {
			before, err := s.readWithoutKey(ctx)
			if err != nil {
				return goal, 0, err
			}
			w := look(r.processes)
			n, _, err := timedLoop(ctx, g.options.connections, g.options.time/3, func(worker int) error { return op.call(r, worker) })
			if err != nil {
				return goal, 0, err
			}
			used, doubt := w.spent(n)
			if doubt != "" {
				why = doubt
			}
			after, err := s.readWithoutKey(ctx)
			if err != nil {
				return goal, 0, err
			}
			cost[i], most = used.PerOp["database"], max(most, (after-before)/float64(max(n, 1)))
			goal.Detail[fmt.Sprintf("CPU µs of the database, %d instances", g.sizes[i])] = cost[i]
		}
		ratios = append(ratios, cost[1]/max(cost[0], 1))
	}
	slices.Sort(ratios)
	goal.Value = median(ratios)
	say("goal 6: %s: %.2f, %.0f rows without a key", op.name, goal.Value, most)
	return goal.judged(goal.Value <= flatTarget, why), most, nil
}

// readWithoutKey is how many rows the server has read without a key, of tables that are on disk.
func (s *servers) readWithoutKey(ctx context.Context) (n float64, err error) {
	var name string
	err = s.query(ctx, []any{&name, &n}, "SHOW GLOBAL STATUS LIKE 'Handler_read_rnd_next'")
	return n, err
}
