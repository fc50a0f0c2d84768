package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

const (
	hotCallers   = 16
	hotTasks     = 160 // of each hot instance
	wastedTarget = 0.10
	hotTarget    = 3
)

// measureHot is goal 9: many callers complete the tasks of one instance. What they wait is held against SELECT … FOR
// UPDATE by hand on one row of the same size.
func measureHot(ctx context.Context, s *servers, o options) ([]Goal, error) {
	o.connections = hotCallers
	r, err := openRig(ctx, s, o, "hot")
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.close() }() // the answer is known by then
	rival, err := openRival(ctx, s, r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rival.db.Close() }() // the answer is known by then
	w := look(r.processes)
	detail, steps := map[string]float64{}, 0
	var tails, wasted []float64
	for i := range o.rounds {
		before, err := r.conflicts()
		if err != nil {
			return nil, err
		}
		mine, err := r.hot(ctx)
		if err != nil {
			return nil, err
		}
		after, err := r.conflicts()
		if err != nil {
			return nil, err
		}
		theirs := rival.hot(ctx)
		if theirs.failed > 0 {
			return nil, theirs.first
		}
		steps += len(mine.times)
		tails, wasted = append(tails, mine.at(0.99)/theirs.at(0.99)), append(wasted, (after-before)/float64(len(mine.times)))
		mine.into(detail, "product")
		theirs.into(detail, "FOR UPDATE")
		say("goal 9: round %d of %d: P99 %.1f ms, FOR UPDATE %.1f ms, %.1f %% of the attempts wasted", i+1, o.rounds, mine.at(0.99), theirs.at(0.99), 100*wasted[i])
	}
	_, why := w.spent(steps)
	attempts := Goal{ID: 9, Name: "16 callers on one instance: attempts wasted at the fence", Value: median(wasted), Unit: "share", Target: "≤ 0.10", Detail: detail}
	tail := Goal{ID: 9, Name: "16 callers on one instance: P99 ÷ FOR UPDATE's", Value: median(tails), Unit: "ratio", Target: "≤ 3"}
	return []Goal{attempts.judged(attempts.Value <= wastedTarget, why), tail.judged(tail.Value <= hotTarget, why)}, nil
}

// hot starts an instance with many tasks, lets all callers complete them, and holds that each was completed once.
func (r *rig) hot(ctx context.Context) (latencies, error) {
	begun, err := r.callers[0].start("hot", fmt.Sprintf(`{"variables":{"tasks":%d,"reason":%q}}`, hotTasks, strings.Repeat("a reason ", 40)))
	if err != nil {
		return latencies{}, err
	}
	if len(begun.Tasks) != hotTasks {
		return latencies{}, fmt.Errorf("%d tasks, not %d", len(begun.Tasks), hotTasks)
	}
	var watch stopwatch
	began := time.Now()
	if err := each(ctx, hotCallers, begun.Tasks, func(worker int, task startedTask) error {
		at := time.Now()
		_, err := r.callers[worker].post(completePath(task.ID), approver, completeBody)
		watch.note(time.Since(at), err)
		return err
	}); err != nil {
		return latencies{}, err
	}
	n, err := r.count(ctx, `SELECT COUNT(*) FROM {history} WHERE instance_id = ?`, bytesOf(begun.Instance.ID))
	if err == nil && n != hotTasks+1 {
		err = fmt.Errorf("%d steps of a hot instance, not %d", n, hotTasks+1)
	}
	return watch.end(began), err
}

// conflicts is how often the product has made a step again.
func (r *rig) conflicts() (float64, error) { return r.metric("diom_fence_conflicts_total") }

// rival advances one row under its lock, with a body as large as a hot instance's and a row of history.
type rival struct {
	db   *sql.DB
	body []byte
}

const (
	rivalTables = `CREATE TABLE bench_hot (id INT PRIMARY KEY, version BIGINT NOT NULL, body MEDIUMBLOB NOT NULL) ENGINE = InnoDB;
CREATE TABLE bench_step (id INT, seq BIGINT, changes BLOB NOT NULL, PRIMARY KEY (id, seq)) ENGINE = InnoDB; INSERT INTO bench_hot VALUES (1, 0, '')`
	rivalLock = `SELECT version, body FROM bench_hot WHERE id = 1 FOR UPDATE`
	rivalStep = `INSERT INTO bench_step VALUES (1, ?, ?); UPDATE bench_hot SET version = ?, body = ? WHERE id = 1; COMMIT`
)

func openRival(ctx context.Context, s *servers, r *rig) (*rival, error) {
	begun, err := r.callers[0].start("hot", fmt.Sprintf(`{"variables":{"tasks":%d}}`, hotTasks))
	if err != nil {
		return nil, err
	}
	v := &rival{}
	if err := s.query(ctx, []any{&v.body}, "SELECT body FROM "+r.database+".workflow_instance WHERE id = ?", bytesOf(begun.Instance.ID)); err != nil {
		return nil, err
	}
	t, err := openTwin(s, r.database, nil, hotCallers)
	if err != nil {
		return nil, err
	}
	v.db = t.db
	_, err = v.db.ExecContext(ctx, rivalTables)
	return v, err
}

func (v *rival) hot(ctx context.Context) latencies {
	var watch stopwatch
	began := time.Now()
	_, _ = closedLoop(ctx, hotCallers, hotTasks, func(int) error {
		at := time.Now()
		err := v.step(ctx)
		watch.note(time.Since(at), err)
		return err
	})
	return watch.end(began)
}

func (v *rival) step(ctx context.Context) error {
	conn, err := v.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "BEGIN"); err != nil {
		return err
	}
	var version int64
	var body []byte
	if err := conn.QueryRowContext(ctx, rivalLock).Scan(&version, &body); err != nil {
		return err
	}
	_, err = conn.ExecContext(ctx, rivalStep, version+1, v.body[:min(len(v.body), 1000)], version+1, v.body)
	return err
}
