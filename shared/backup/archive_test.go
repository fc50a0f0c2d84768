package backup_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/backup"
)

// history is a database with a binary log, and what was in it after each of its transactions.
type history struct {
	*rig
	root  string // the DSN of the server, without a database
	admin *sql.Conn
	dice  *rand.Rand
	made  int // databases that were restored into
	steps []step
}

type step struct {
	gtid  string
	at    time.Time // by the server's clock, after it
	state []string
}

func newHistory(t *testing.T) *history {
	t.Helper()
	root := ownServer(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed=%d", seed)
	h := &history{rig: newRig(t, nil), root: root, admin: open(t, root), dice: rand.New(rand.NewPCG(seed, 0))}
	run(t, h.admin, "CREATE DATABASE diom_source", "CREATE DATABASE neighbour", "CREATE TABLE neighbour.n (id INT PRIMARY KEY AUTO_INCREMENT, v INT)", "USE diom_source",
		"CREATE TABLE schema_migration (id INT PRIMARY KEY AUTO_INCREMENT, version_id BIGINT NOT NULL, is_applied BOOL NOT NULL)", "INSERT INTO schema_migration (version_id, is_applied) VALUES (1, 1)",
		"CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(100) COLLATE utf8mb4_bin, b MEDIUMBLOB, d DECIMAL(20, 6), at DATETIME(3), e ENUM('a', 'b'), j JSON)",
		"CREATE TABLE log (n INT PRIMARY KEY AUTO_INCREMENT, id INT)", "CREATE TRIGGER noted AFTER INSERT ON t FOR EACH ROW INSERT INTO log (id) VALUES (NEW.id)")
	return h
}

func (h *history) source() backup.Database { return backup.Database{DSN: h.root + "diom_source"} }

// change is one random transaction, some of them of another database or of the schema.
func (h *history) change(i int) {
	h.Helper()
	const value = "(CONCAT('流程', ?), REPEAT(CHAR(FLOOR(RAND() * 255)), 2000), RAND() * 1e6, NOW(3), 'b', '{\"a\": 1}')"
	insert := "INSERT INTO t (v, b, d, at, e, j) VALUES " + strings.ReplaceAll(value, "?", fmt.Sprint(i))
	switch h.dice.IntN(8) {
	case 0:
		run(h, h.admin, "START TRANSACTION", insert, "INSERT INTO neighbour.n (v) VALUES (1)", "UPDATE t SET e = 'a' ORDER BY RAND() LIMIT 2", "COMMIT")
	case 1:
		run(h, h.admin, "DELETE FROM t ORDER BY RAND() LIMIT 1")
	case 2:
		run(h, h.admin, "UPDATE t, neighbour.n SET t.v = 'joined', n.v = n.v + 1")
	case 3:
		run(h, h.admin, "INSERT INTO neighbour.n (v) VALUES (2)", fmt.Sprintf("CREATE USER u%d@localhost", i))
	case 4:
		run(h, h.admin, "START TRANSACTION", insert, "SAVEPOINT s", insert, "ROLLBACK TO SAVEPOINT s", "COMMIT")
	case 5:
		run(h, h.admin, fmt.Sprintf("ALTER TABLE t ADD COLUMN c%d INT NOT NULL DEFAULT %d", i, i), fmt.Sprintf("INSERT INTO schema_migration (version_id, is_applied) VALUES (%d, 1)", i+2))
	default:
		run(h, h.admin, insert)
	}
	h.note()
}

// note writes down what is in the database now.
func (h *history) note() {
	h.Helper()
	s := step{state: content(h, h.admin, "diom_source")}
	if err := h.admin.QueryRowContext(h.Context(), "SELECT @@gtid_binlog_pos").Scan(&s.gtid); err != nil {
		h.Fatal(err)
	}
	s.at = time.Now().Truncate(time.Second)
	h.steps = append(h.steps, s)
}

func content(t testing.TB, c *sql.Conn, database string) []string {
	t.Helper()
	var all []string
	for _, table := range []string{"t", "log", "schema_migration"} {
		all = append(all, rows(t, c, "SELECT * FROM "+database+"."+table+" ORDER BY 1")...)
	}
	return all
}

func (h *history) archive() {
	h.Helper()
	if err := h.Archive(h.Context(), h.source(), true, nil); err != nil {
		h.Fatalf("archive: %v", err)
	}
}

// restoreAt restores to a point into a new database of another name and returns what is in it.
func (h *history) restoreAt(point backup.Point) ([]string, backup.Reached, error) {
	h.Helper()
	h.made++
	target := fmt.Sprintf("restored_%d", h.made)
	run(h, h.admin, "CREATE DATABASE "+target)
	_, reached, err := h.RestoreAt(h.Context(), backup.Latest, point, backup.Database{DSN: h.root + target}, nil)
	if err != nil {
		if left := rows(h, h.admin, "SHOW TABLES IN "+target); len(left) > 0 {
			h.Errorf("%v has left %q", err, left)
		}
		return nil, reached, err
	}
	return content(h, h.admin, target), reached, nil
}

// A database is restored to any transaction, any second and the end of what was archived, over several full backups and
// increments; what is beyond them is refused before the first write.
func TestPointInTime(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	h.make(h.source().DSN)
	h.note()
	for i := range 60 {
		h.change(i)
		switch i {
		case 15, 50:
			h.archive()
		case 30:
			time.Sleep(1100 * time.Millisecond)
			h.make(h.source().DSN)
		case 40:
			time.Sleep(2100 * time.Millisecond) // a second in which nothing begins
			h.steps[len(h.steps)-1].at = time.Now().Add(-time.Second).Truncate(time.Second)
		}
	}
	beyond := h.steps[59]
	for _, i := range append([]int{0, 30, 41, 50}, h.dice.Perm(50)[:6]...) {
		s := h.steps[i]
		got, reached, err := h.restoreAt(backup.Point{GTID: s.gtid})
		if err != nil || !slices.Equal(got, s.state) {
			t.Errorf("step %d, %s: %v, reached %+v\n%s", i, s.gtid, err, reached, difference(got, s.state))
		}
	}
	if got, _, err := h.restoreAt(backup.Point{Time: h.steps[41].at}); err != nil || !slices.Equal(got, h.steps[41].state) {
		t.Errorf("at %s: %v\n%s", h.steps[41].at, err, difference(got, h.steps[41].state))
	}
	if _, _, err := h.restoreAt(backup.Point{GTID: beyond.gtid}); !errors.Is(err, backup.ErrNotReached) {
		t.Errorf("beyond: %v", err)
	}
	if _, _, err := h.restoreAt(backup.Point{Time: time.Now().Add(-time.Hour)}); !errors.Is(err, backup.ErrNotReached) {
		t.Errorf("before the first: %v", err)
	}
	h.archive()
	got, reached, err := h.restoreAt(backup.Point{})
	if err != nil || !slices.Equal(got, h.steps[60].state) {
		t.Errorf("the end: %v %+v\n%s", err, reached, difference(got, h.steps[60].state))
	}
}

func difference(got, want []string) string {
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			return fmt.Sprintf("%d rows for %d; the first that differs: %.300q for %.300q", len(got), len(want), got[min(i, len(got)):min(i+1, len(got))], want[min(i, len(want)):min(i+1, len(want))])
		}
	}
	return ""
}

// What was committed is in the archive a moment later, and stays there when the archive is cut off at any time.
func TestArchiveStreams(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	if err := h.Archive(t.Context(), h.source(), false, nil); !errors.Is(err, backup.ErrNoBase) {
		t.Errorf("without a full backup: %v", err)
	}
	h.make(h.source().DSN)
	for i := range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		told := make(chan backup.Archived, 1000)
		ended := make(chan error, 1)
		go func() { ended <- h.Archive(ctx, h.source(), false, func(a backup.Archived) { told <- a }) }()
		h.change(100 + i)
		run(t, h.admin, "INSERT INTO t (v) VALUES ('last')")
		h.note()
		want, began := h.steps[len(h.steps)-1].gtid, time.Now()
		for deadline := time.After(30 * time.Second); ; {
			var last backup.Archived
			select {
			case last = <-told:
			case err := <-ended:
				t.Fatalf("the archive has ended: %v", err)
			case <-deadline:
				t.Fatalf("not archived: %s", want)
			}
			if last.To == want {
				break
			}
		}
		t.Logf("archived after %s", time.Since(began))
		if i == 1 {
			if err := h.Archive(t.Context(), h.source(), true, nil); !errors.Is(err, backup.ErrRunning) {
				t.Errorf("a second archive: %v", err)
			}
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("cut off: %v", err)
		}
	}
	got, reached, err := h.restoreAt(backup.Point{})
	if want := h.steps[len(h.steps)-1]; err != nil || reached.GTID != want.gtid || !slices.Equal(got, want.state) {
		t.Errorf("%v %+v %s", err, reached, difference(got, want.state))
	}
}

// An increment that is damaged, cut off, forged or gone is found, named, and nothing is restored over it.
func TestDamagedIncrements(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	full := h.make(h.source().DSN)
	for i := range 3 {
		h.change(8 * i)
		run(t, h.admin, "INSERT INTO t (v) VALUES ('one')")
		h.archive()
	}
	list, err := h.Increments(t.Context())
	if err != nil || len(list) != 3 {
		t.Fatalf("%+v %v", list, err)
	}
	dir := filepath.Join(h.settings.Dir, list[1].ID)
	files := h.content(h.settings.Dir, list[1].ID)
	const object = "binlog-000001.zst.age"
	for name, c := range map[string]struct {
		file    string
		content []byte
		want    error
	}{
		"a flipped bit":      {object, flipped(files[object]), backup.ErrDamaged},
		"cut off":            {object, files[object][:20], backup.ErrNotReached}, // it is seen at a glance: a gap
		"an edited manifest": {"manifest", flipped(files["manifest"]), backup.ErrNotReached},
		"no manifest":        {"manifest", nil, backup.ErrNotReached},
	} {
		path := filepath.Join(dir, c.file)
		err := os.Remove(path)
		if c.content != nil {
			err = os.WriteFile(path, c.content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := h.restoreAt(backup.Point{}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		_, missing, err := h.VerifyLog(t.Context(), full.ID, nil)
		damaged := errors.Is(c.want, backup.ErrDamaged)
		if damaged && !errors.Is(err, backup.ErrDamaged) || !damaged && missing != list[0].ID {
			t.Errorf("%s: verified: %v, missing %q", name, err, missing)
		}
		if err := os.WriteFile(path, files[c.file], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, missing, err := h.VerifyLog(t.Context(), full.ID, nil); err != nil || missing != "" {
		t.Errorf("whole: %v %q", err, missing)
	}
	if _, err := h.Restore(t.Context(), list[0].ID, h.source(), nil); !errors.Is(err, backup.ErrNotFound) {
		t.Errorf("an increment as a backup: %v", err)
	}
}

func flipped(content []byte) []byte {
	content = slices.Clone(content)
	content[len(content)/2] ^= 1
	return content
}
