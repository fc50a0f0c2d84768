package backup_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/backup"
	"diom.io/workflow/shared/database/databasetest"
)

const childVariable = "DIOM_TEST_BACKUP_CHILD"

// TestMain lets the test binary be a process that makes a backup and is killed.
func TestMain(m *testing.M) {
	child := strings.Split(os.Getenv(childVariable), "|")
	if len(child) < 3 {
		os.Exit(m.Run())
	}
	v, err := backup.Open(backup.Settings{Dir: child[1], Keep: time.Hour, Schedule: "0 2 * * *", Environment: "test", Secret: secretsIn(child[2])})
	if err == nil {
		_, err = v.Make(context.Background(), backup.Database{DSN: child[0]}, nil)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func sourceOfLarge(t *testing.T) string {
	t.Helper()
	dsn := databasetest.Empty(t)
	run(t, open(t, dsn), "CREATE TABLE t (id INT PRIMARY KEY, v LONGBLOB)", "INSERT INTO t VALUES (1, REPEAT('x', 2000000))")
	return dsn
}

// killAt kills a process once its backup, which is not among those before, has so many files, and returns how
// it ended.
func (r *rig) killAt(p *os.Process, before []string, files int, ended <-chan error) error {
	r.Helper()
	for {
		select {
		case err := <-ended:
			return err
		case <-time.After(time.Millisecond):
		}
		for _, id := range r.ids() {
			entries, err := os.ReadDir(filepath.Join(r.settings.Dir, id))
			if err == nil && !slices.Contains(before, id) && len(entries) >= files {
				_ = p.Kill() // it may have ended
				return <-ended
			}
		}
	}
}

// However a backup is killed, what it leaves is not taken for a backup, and the next one is made.
func TestKilled(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	dsn := databasetest.Empty(t)
	c := open(t, dsn)
	for i := range 12 {
		run(t, c, fmt.Sprintf("CREATE TABLE t%d (id INT AUTO_INCREMENT PRIMARY KEY, v VARBINARY(8000))", i),
			fmt.Sprintf("INSERT INTO t%d (v) SELECT RANDOM_BYTES(1000) FROM seq_1_to_2000", i))
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	killed, whole := 0, 0
	for range 12 {
		before := r.ids()
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), childVariable+"="+strings.Join([]string{dsn, r.settings.Dir, r.secrets}, "|"))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		if r.killAt(cmd.Process, before, rand.IntN(15), ended) == nil {
			whole++
		} else {
			killed++
		}
	}
	entries, err := r.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	listed := 0
	for _, e := range entries {
		if e.State == backup.Partial {
			continue
		}
		listed++
		if _, err := r.Verify(t.Context(), e.ID, nil); err != nil || e.State != backup.Whole {
			t.Errorf("%+v: %v", e, err)
		}
	}
	t.Logf("killed=%d finished=%d parts=%d", killed, whole, len(entries)-listed)
	// A kill may come after the rename, and before the exit.
	if listed < whole || listed > whole+killed || killed == 0 || len(entries) == listed {
		t.Errorf("%d are listed as whole, %d were made, %d killed", listed, whole, killed)
	}
	made := r.make(dsn)
	if _, err := r.Prune(t.Context(), time.Now().Add(48*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if left := r.ids(); !slices.Contains(left, made.ID) || len(left) != listed+1 {
		t.Errorf("%d are left, want %d: %q", len(left), listed+1, left)
	}
}
