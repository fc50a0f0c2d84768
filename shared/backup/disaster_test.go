package backup_test

import (
	"context"
	"database/sql"
	"slices"
	"sync"
	"testing"
	"time"

	"diom.io/workflow/shared/backup"
)

const (
	// mayLose is the time whose commits may be gone: what an object waits for, and a slow machine.
	mayLose = 10 * time.Second
	// measured is how long the load goes on without a backup.
	measured = 2 * time.Second
)

// load commits rows on one connection until its server is gone, and notes when each was acknowledged.
type load struct {
	mutex sync.Mutex
	acked []time.Time // of the row with the id i+1
	took  []time.Duration
	ended chan struct{}
}

func beginLoad(t *testing.T, c *sql.Conn) *load {
	t.Helper()
	l := &load{ended: make(chan struct{})}
	go func() {
		defer close(l.ended)
		for {
			began := time.Now()
			if _, err := c.ExecContext(context.Background(), "INSERT INTO t (v) VALUES (REPEAT('x', 500))"); err != nil {
				return
			}
			l.mutex.Lock()
			l.acked, l.took = append(l.acked, time.Now()), append(l.took, time.Since(began))
			l.mutex.Unlock()
		}
	}()
	return l
}

// p95 is that of the commits since the last call.
func (l *load) p95() time.Duration {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	took := slices.Sorted(slices.Values(l.took))
	l.took = nil
	if len(took) == 0 {
		return 0
	}
	return took[len(took)*95/100]
}

// The database and the archive are killed under load and the disk is lost: on another server everything is back but what
// was committed in the last moment, and nothing is there that was not.
func TestDisasterRecovery(t *testing.T) {
	t.Parallel()
	root, server := mortalServer(t)
	admin := open(t, root)
	run(t, admin, "CREATE DATABASE diom_source", "USE diom_source", "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v TEXT)", "INSERT INTO t (v) VALUES ('first')", "DELETE FROM t", "ALTER TABLE t AUTO_INCREMENT = 1")
	r := newRig(t, nil)
	source := backup.Database{DSN: root + "diom_source"}
	r.make(source.DSN)
	l := beginLoad(t, open(t, source.DSN))
	time.Sleep(measured)
	alone := l.p95()
	r.make(source.DSN)
	withFull := l.p95()
	archived := make(chan error, 1)
	go func() { archived <- r.Archive(context.Background(), source, false, nil) }()
	time.Sleep(2 * measured)
	withArchive := l.p95()
	server.Kill()
	killed := time.Now()
	<-l.ended
	if err := <-archived; err == nil {
		t.Error("the archive does not notice that its server is gone")
	}
	elsewhere := ownServer(t)
	run(t, open(t, elsewhere), "CREATE DATABASE diom_restored")
	began := time.Now()
	_, reached, err := r.RestoreAt(t.Context(), backup.Latest, backup.Point{}, backup.Database{DSN: elsewhere + "diom_restored"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	rto := time.Since(began)
	var count, last int
	if err := open(t, elsewhere+"diom_restored").QueryRowContext(t.Context(), "SELECT COUNT(*), COALESCE(MAX(id), 0) FROM t").Scan(&count, &last); err != nil {
		t.Fatal(err)
	}
	lost, rpo := 0, time.Duration(0)
	for _, at := range l.acked[min(last, len(l.acked)):] {
		lost++
		rpo = max(rpo, killed.Sub(at))
	}
	violations := 0
	if count != last || last > len(l.acked)+1 || rpo > mayLose || len(l.acked) < 10 || reached.Transactions == 0 {
		violations++
		t.Errorf("%d rows up to %d of %d acknowledged, reached %+v", count, last, len(l.acked), reached)
	}
	t.Logf("dr: acknowledged=%d restored=%d replayed=%d lost=%d rpo=%s rto=%s p95=%s p95-with-full=%s p95-with-archive=%s violations=%d",
		len(l.acked), last, reached.Transactions, lost, rpo.Round(time.Millisecond), rto.Round(time.Millisecond), alone, withFull, withArchive, violations)
}
