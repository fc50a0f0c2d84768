package backup_test

import (
	"database/sql"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"diom.io/workflow/shared/backup"
	"diom.io/workflow/test/producttest"
)

// ownServer starts a MariaDB with a binary log, of the test's own, and returns the DSN of its root, which ends
// in /.
func ownServer(t *testing.T) string {
	t.Helper()
	root, _ := mortalServer(t)
	return root
}

// mortalServer is an ownServer that can be killed.
func mortalServer(t *testing.T) (string, *producttest.Process) {
	t.Helper()
	if testing.Short() {
		t.Skip("a server is started")
	}
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	var user []string
	if os.Geteuid() == 0 {
		user = append(user, "--user=root")
	}
	install := exec.Command("mariadb-install-db", append([]string{
		"--no-defaults", "--datadir=" + data, "--auth-root-authentication-method=normal", "--skip-test-db",
	}, user...)...)
	// A server that starts deletes the temporary tables of all servers that share its directory for them.
	install.Env = append(os.Environ(), "TMPDIR="+dir)
	if output, err := install.CombinedOutput(); err != nil {
		t.Fatalf("mariadb-install-db: %v\n%s", err, output)
	}
	path, err := exec.LookPath("mariadbd")
	if err != nil {
		path = "/usr/sbin/mariadbd"
	}
	address := producttest.FreeAddress(t)
	_, port, _ := net.SplitHostPort(address) // it was joined
	root := "root@tcp(" + address + ")/"
	server := producttest.Command(t, func() error { return ping(root) }, path, append([]string{
		"--no-defaults", "--datadir=" + data, "--tmpdir=" + dir, "--socket=" + filepath.Join(dir, "s"), "--bind-address=127.0.0.1", "--port=" + port,
		"--skip-name-resolve", "--innodb-buffer-pool-size=32M", "--log-bin=binlog", "--binlog-format=ROW", "--max-allowed-packet=1M",
	}, user...)...)
	server.Start()
	return root, server
}

func ping(dsn string) error {
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		return err
	}
	return errors.Join(db.Ping(), db.Close())
}

// What an account may do decides how the snapshot is made, and whether there is one; and where there is a
// binary log, the backup says where in it it is.
func TestRights(t *testing.T) {
	t.Parallel()
	root := ownServer(t)
	admin := open(t, root)
	run(t, admin, "CREATE DATABASE diom_source", "USE diom_source", "CREATE TABLE t (id INT PRIMARY KEY, v INT)", "CREATE TABLE u (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1, 1)",
		"CREATE TRIGGER made BEFORE INSERT ON t FOR EACH ROW SET NEW.v = 1", "CREATE VIEW v AS SELECT id FROM t", "CREATE FUNCTION one() RETURNS INT DETERMINISTIC RETURN 1")
	const least = "SELECT, SHOW VIEW, TRIGGER, EVENT, EXECUTE"
	r := newRig(t, nil)
	for i, c := range []struct {
		name, method string
		grants       []string
		missing      string
	}{
		{"everything", "global lock", []string{"ALL ON *.*"}, ""},
		{"RELOAD", "global lock", []string{least + " ON diom_source.*", "RELOAD ON *.*", "SELECT ON mysql.proc"}, ""},
		{"LOCK TABLES", "table locks", []string{least + ", LOCK TABLES ON `diom\\_sourc_`.*", "SELECT ON mysql.proc"}, ""},
		{"the least", "one connection", []string{least + " ON diom_source.*", "SELECT ON mysql.proc"}, ""},
		{"no mysql.proc", "", []string{least + " ON diom_source.*"}, "one"},
		{"no TRIGGER", "", []string{"SELECT, SHOW VIEW, EVENT, EXECUTE ON diom_source.*", "SELECT ON mysql.proc"}, "TRIGGER on diom_source"},
		{"no EVENT, no EXECUTE", "", []string{"SELECT, SHOW VIEW, TRIGGER ON diom_source.*", "SELECT ON mysql.proc"}, "EVENT, EXECUTE"},
		{"one table", "", []string{"SELECT ON diom_source.t"}, "SELECT"},
	} {
		user := "u" + string(rune('a'+i))
		run(t, admin, "CREATE USER "+user+"@'127.0.0.1' IDENTIFIED BY 'p'")
		for _, g := range c.grants {
			run(t, admin, "GRANT "+g+" TO "+user+"@'127.0.0.1'")
		}
		m, err := r.Make(t.Context(), backup.Database{DSN: user + ":p@" + strings.TrimPrefix(root, "root@") + "diom_source"}, nil)
		if c.missing != "" {
			if !errors.Is(err, backup.ErrRights) || !strings.Contains(err.Error(), c.missing) {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if err != nil || m.Snapshot.Method != c.method || m.Triggers+m.Views+m.Routines != 3 {
			t.Errorf("%s: %v %+v", c.name, err, m)
			continue
		}
		var want [2]string
		if err := admin.QueryRowContext(t.Context(), "SELECT @@gtid_binlog_pos, @@gtid_binlog_pos").Scan(&want[0], &want[1]); err != nil {
			t.Fatal(err)
		}
		if s := m.Snapshot; s.GTID != want[0] || s.GTID == "" || s.Position == 0 || !strings.HasPrefix(s.File, "binlog.") {
			t.Errorf("%s: %+v, the server is at %s", c.name, s, want[0])
		}
	}
}

// A restore is refused before it begins where the server would not take the largest value, or the account may
// not make what another one has defined.
func TestRestoreElsewhere(t *testing.T) {
	t.Parallel()
	root := ownServer(t)
	admin := open(t, root)
	run(t, admin, "CREATE DATABASE small", "CREATE DATABASE target", "CREATE DATABASE diom_source", "USE diom_source", "CREATE VIEW v AS SELECT 1 AS x",
		"CREATE USER other@'127.0.0.1' IDENTIFIED BY 'p'", "GRANT ALL ON target.* TO other@'127.0.0.1'")
	r := newRig(t, nil)
	defined := r.make(root + "diom_source")
	other := backup.Database{DSN: "other:p@" + strings.TrimPrefix(root, "root@") + "target"}
	if _, err := r.Restore(t.Context(), defined.ID, other, nil); !errors.Is(err, backup.ErrRights) || !strings.Contains(err.Error(), "view v") || !strings.Contains(err.Error(), "incomplete") {
		t.Errorf("a definer that is somebody else: %v", err)
	}
	large := sourceOfLarge(t)
	made := r.make(large)
	if _, err := r.Restore(t.Context(), made.ID, backup.Database{DSN: root + "small"}, nil); !errors.Is(err, backup.ErrPacket) {
		t.Errorf("a value of two megabytes: %v", err)
	}
	run(t, admin, "USE small")
	if left := rows(t, admin, "SHOW TABLES"); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}
