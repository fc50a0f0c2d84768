package faults_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/test/faults/proxytest"
	"diom.io/workflow/test/producttest"
)

// TestConnectionKilledInsideABatch: the server kills the connection of a batch that waits for a row
// which the test holds. The server rolls back, the product makes the command again, the caller
// notices nothing.
func TestConnectionKilledInsideABatch(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	for i := range size(5, 50) {
		task := f.start(fmt.Sprintf("killed-%d", i))
		f.killed(completionOf(task.ID, ""), "UPDATE workflow_instance", "SELECT 1 FROM workflow_instance WHERE id = ? FOR UPDATE", task.InstanceID[:])
		if n := f.judge.Changes(task.InstanceID, engine.TaskCompleted, "approve"); n != 1 {
			t.Errorf("%d completions", n)
		}
		point := fmt.Sprintf("killed-start-%d", i)
		f.killed(startOf(point, ""), "INSERT INTO workflow_instance", "SELECT 1 FROM workflow_definition WHERE process_key = ? FOR UPDATE", "leave")
		if n := len(f.judge.InstancesOf(point)); n != 1 {
			t.Errorf("%d instances of one start", n)
		}
	}
	f.drain()
	n := f.verify()
	if n != 2*size(5, 50) {
		t.Errorf("%d instances", n)
	}
	conclude(t, conclusion{command: "ambiguous", runs: n, faults: []injected{{"connections-killed", n, 2 * size(5, 50)}}})
}

// killed sends a request whose batch waits at a statement for the rows that lock takes, and kills the
// batch's connection there.
func (f *fixture) killed(r request, statement, lock string, argument any) {
	f.t.Helper()
	tx, err := f.judge.SQL.BeginTx(f.t.Context(), nil)
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }() // after an early end; else it has been rolled back
	if _, err := tx.ExecContext(f.t.Context(), lock, argument); err != nil {
		f.t.Fatal(err)
	}
	type outcome struct {
		answer producttest.Answer
		err    error
	}
	result := make(chan outcome, 1)
	go func() {
		answer, err := f.send(r)
		result <- outcome{answer, err}
	}()
	f.killConnection(statement)
	if err := tx.Rollback(); err != nil {
		f.t.Fatal(err)
	}
	if o := <-result; !r.acknowledged(o.answer, o.err) {
		f.t.Errorf("%s: %v %d %s", statement, o.err, o.answer.Status, o.answer.Body)
	}
}

// killConnection ends the connection that runs a statement which begins with text, once it does.
func (f *fixture) killConnection(text string) {
	f.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		var id int
		err := f.judge.SQL.QueryRowContext(f.t.Context(),
			"SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE ?", text+"%").Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			f.t.Fatal(err)
		}
		if _, err := f.judge.SQL.ExecContext(f.t.Context(), fmt.Sprintf("KILL CONNECTION %d", id)); err != nil {
			f.t.Fatal(err)
		}
		return
	}
	f.t.Fatalf("no batch waits at %s", text)
}

// cutter loses the replies to the COMMITs of steps, or of deployments.
type cutter struct {
	on, deployments atomic.Bool
	cuts            atomic.Int64
}

func (c *cutter) decide(request []byte) (proxytest.Fate, func()) {
	step := bytes.HasSuffix(request, []byte(";COMMIT")) && bytes.Contains(request, []byte("INSERT INTO workflow_history"))
	deployment := c.deployments.Load() && bytes.Equal(request, []byte("COMMIT"))
	if !c.on.Load() || !step && !deployment {
		return proxytest.Pass, nil
	}
	return proxytest.Lose, func() { c.cuts.Add(1) }
}

// patient makes a request again while it is told that nothing was done because others are at it: on a busy
// machine a cut transaction may hold its rows for a while.
func (f *fixture) patient(r request) (answer producttest.Answer, err error) {
	for deadline := time.Now().Add(callLimit); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if answer, err = f.send(r); err != nil || answer.Status != http.StatusTooManyRequests {
			break
		}
	}
	return answer, err
}

// cut makes n starts and n completions whose COMMIT replies are lost, every second one with a key, and
// returns what is wrong.
func (f *fixture) cut(n int) (found []string) {
	f.t.Helper()
	c := &cutter{}
	f.mysql.Decide = c.decide
	f.mysql.Break() // connections know the proxy's fields of their first request
	c.on.Store(true)
	for i := range n {
		key := ""
		if i%2 == 0 {
			key = fmt.Sprintf("cut-%d", i)
		}
		point := fmt.Sprintf("cut-%d", i)
		r := startOf(point, key)
		if answer, err := f.patient(r); !r.acknowledged(answer, err) {
			found = append(found, fmt.Sprintf("start %d: %v %d %.300s", i, err, answer.Status, answer.Body))
		}
		ids := f.judge.InstancesOf(point)
		if len(ids) != 1 {
			found = append(found, fmt.Sprintf("start %d: %d instances", i, len(ids)))
			continue
		}
		in, err := f.judge.Store.LoadInstance(f.t.Context(), ids[0])
		if err != nil {
			f.t.Fatal(err)
		}
		if key != "" {
			key += "-complete"
		}
		r = completionOf(in.Tasks[0].ID, key)
		if answer, err := f.patient(r); !r.acknowledged(answer, err) {
			found = append(found, fmt.Sprintf("completion %d: %v %d %.300s", i, err, answer.Status, answer.Body))
		}
		if done := f.judge.Changes(ids[0], engine.TaskCompleted, "approve"); done != 1 {
			found = append(found, fmt.Sprintf("completion %d: %d completions", i, done))
		}
		found = append(found, f.judge.Problems(ids[0])...)
	}
	if cuts := c.cuts.Load(); cuts < int64(2*n) {
		found = append(found, fmt.Sprintf("%d replies were cut of %d", cuts, 2*n))
	}
	c.on.Store(false)
	return found
}

// TestCommitRepliesCut: the replies to COMMIT are lost. What was committed is found, acknowledged, and
// not done again (I7).
func TestCommitRepliesCut(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	n := size(60, 600)
	for _, w := range f.cut(n) {
		t.Error(w)
	}
	f.drain()
	if got := f.verify(); got != n {
		t.Errorf("%d instances of %d starts", got, n)
	}
	conclude(t, conclusion{command: "ambiguous", runs: 2 * n, faults: []injected{{"replies-cut", 2 * n, 2 * size(60, 600)}}}) // cut has counted them
}

// TestCutRepliesOfDeployments: a deployment whose COMMIT reply is lost says that its outcome is
// unknown; its repeat under the same key answers what was done.
func TestCutRepliesOfDeployments(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	c := &cutter{}
	c.deployments.Store(true)
	f.mysql.Decide = c.decide
	n := size(10, 100)
	for i := range n {
		key := fmt.Sprintf("deployment-%d", i)
		c.on.Store(true)
		first := f.tryDeploy(key)
		c.on.Store(false)
		problem, err := first.Problem()
		if err != nil || problem.Code != "outcome_unknown" || first.Status != http.StatusServiceUnavailable || first.Header.Get("Retry-After") == "" {
			if first.Header.Get("Idempotency-Replayed") != "true" { // the product may look by itself
				t.Errorf("first: %v %d %.300s", err, first.Status, first.Body)
			}
		}
		again := f.deploy(key)
		if status, body := f.judge.Recorded("zhouming", key); status != http.StatusCreated || !bytes.Equal(body, again.Body) {
			t.Errorf("recorded %d %.300s\nanswered %.300s", status, body, again.Body)
		}
	}
	if got := f.judge.Count("SELECT COUNT(*) FROM workflow_definition"); got != n+1 {
		t.Errorf("%d definitions of %d deployments", got, n+1)
	}
	conclude(t, conclusion{command: "ambiguous", runs: n, faults: []injected{{"replies-cut", int(c.cuts.Load()), n}}})
}

// TestCutFindsPlantedBugs: without the look whether a step has committed, callers are not told of
// what was done.
func TestCutFindsPlantedBugs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string][2]string{
		"no look-up": {`command_id FROM workflow_history WHERE `, `command_id FROM workflow_history WHERE 1 = 0 AND `},
		"no outbox":  {`changes, unsent\)`, `changes, attempts)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t, planted(c[0], c[1]))
			found := f.cut(4)
			if name == "no outbox" {
				found = nil
				for i := range 4 {
					found = append(found, f.problems(f.judge.InstancesOf(fmt.Sprintf("cut-%d", i))[0])...)
				}
			}
			if len(found) == 0 {
				t.Error("the guard is off and nothing was found")
			}
		})
	}
}
