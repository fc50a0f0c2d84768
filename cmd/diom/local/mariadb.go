package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"diom.io/workflow/shared/database"
)

// Database is the name of the product's database; the user may make others that begin with diom_.
const Database = "diom_workflow"

const (
	mysqlUser     = "diom"
	maxSocketPath = 100 // of 107 bytes that a socket address holds
	maxWait       = 30 * time.Second
)

// mariadb prepares the private MariaDB: its data on the first run, its port, its user. It returns the
// command that runs it and the DSN of its databases, which ends in /.
func (h *Home) mariadb(ctx context.Context) (Command, string, error) {
	fail := func(err error) (Command, string, error) { return Command{}, "", err }
	if err := h.initialize(ctx); err != nil {
		return fail(err)
	}
	if err := h.waitForPredecessor(ctx); err != nil {
		return fail(err)
	}
	port, err := h.port("mariadbd")
	if err != nil {
		return fail(err)
	}
	password, err := h.password("diom-mysql-password")
	if err != nil {
		return fail(err)
	}
	// MariaDB reads the file at each start; the accounts that it was made with stay reachable by the
	// socket alone.
	init := "CREATE DATABASE IF NOT EXISTS " + Database + " CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;\n" +
		"CREATE USER IF NOT EXISTS '" + mysqlUser + "'@'127.0.0.1';\n" +
		"ALTER USER '" + mysqlUser + "'@'127.0.0.1' IDENTIFIED BY '" + password + "';\n" +
		"GRANT ALL ON `diom\\_%`.* TO '" + mysqlUser + "'@'127.0.0.1';\n" +
		"GRANT SELECT ON mysql.innodb_index_stats TO '" + mysqlUser + "'@'127.0.0.1';\n" // how large tables are, for the benchmark
	if err := writeFile(h.path("secrets", "mariadb-init.sql"), init); err != nil {
		return fail(notWritable(h.Dir, err))
	}
	path, err := find("mariadbd")
	if err != nil {
		return fail(err)
	}
	dsn := mysqlUser + ":" + password + "@tcp(" + loopback(port) + ")/"
	return Command{
		Name: "mariadbd", Path: path, Arguments: h.mariadbArguments(port), Dir: h.Dir, Log: h.Log("mariadbd"),
		Ready: func(ctx context.Context) error { return ping(ctx, dsn+Database) },
	}, dsn, nil
}

func (h *Home) mariadbArguments(port int) []string {
	arguments := []string{
		// A MariaDB that starts deletes the temporary tables of every other one that shares its directory for them.
		"--no-defaults", "--datadir=" + h.path("mariadb"), "--tmpdir=" + h.path("tmp"), "--socket=" + h.socket(), "--pid-file=" + h.path("mariadbd.pid"),
		"--init-file=" + h.path("secrets", "mariadb-init.sql"),
		"--skip-networking=0", "--bind-address=127.0.0.1", "--port=" + strconv.Itoa(port), "--skip-name-resolve",
		"--character-set-server=utf8mb4", "--collation-server=utf8mb4_unicode_ci",
		"--max-connections=512", "--innodb-buffer-pool-size=256M", "--innodb-flush-log-at-trx-commit=1",
		"--max-allowed-packet=64M",
	}
	if h.BinaryLog {
		arguments = append(arguments, "--log-bin=binlog", "--binlog-format=ROW", "--sync-binlog=1", "--server-id=1", "--expire-logs-days=1")
	} else {
		arguments = append(arguments, "--skip-log-bin")
	}
	return append(arguments, asRoot()...)
}

// asRoot names the user where mariadbd would refuse to run: as root, unless told so.
func asRoot() []string {
	if os.Geteuid() == 0 {
		return []string{"--user=root"}
	}
	return nil
}

// socket is under the home where its path is short enough for a socket address.
func (h *Home) socket() string {
	if path := h.path("mariadbd.sock"); len(path) <= maxSocketPath {
		return path
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("diom-%d.sock", os.Getpid()))
}

// initialize makes the data of MariaDB, as a whole or not at all.
func (h *Home) initialize(ctx context.Context) error {
	data := h.path("mariadb")
	if _, err := os.Stat(data); err == nil {
		return checkRoom(h.Dir, room)
	}
	if err := checkRoom(h.Dir, newData); err != nil {
		return err
	}
	path, err := find("mariadb-install-db")
	if err != nil {
		return err
	}
	h.say("making a database under %s", h.Dir)
	if err := os.RemoveAll(data + ".new"); err != nil {
		return err
	}
	log, err := os.Create(h.Log("mariadb-install"))
	if err != nil {
		return notWritable(h.Dir, err)
	}
	defer log.Close()
	// Its root is the user who runs this, by the socket alone: no account without a password listens.
	cmd := exec.CommandContext(ctx, path, append([]string{ //nolint:gosec // our own command
		"--no-defaults", "--datadir=" + data + ".new", "--skip-test-db", "--auth-root-authentication-method=socket",
		"--auth-root-socket-user=" + userName(),
	}, asRoot()...)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), "TMPDIR="+h.path("tmp"))
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("making the database: %w: %s", err, explain(tail(log.Name())))
	}
	return os.Rename(data+".new", data)
}

// ping reports whether the database answers.
func ping(ctx context.Context, dsn string) error {
	db, err := database.Open(dsn, database.Options{Pool: 1})
	if err != nil {
		return err
	}
	return errors.Join(db.Ping(ctx), db.Close())
}

// waitForPredecessor waits for the mariadbd of a supervisor that was killed: it got SIGTERM from the
// kernel and may still be writing.
func (h *Home) waitForPredecessor(ctx context.Context) error {
	raw, err := os.ReadFile(h.path("mariadbd.pid"))
	if err != nil {
		return nil //nolint:nilerr // no file, no predecessor
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil {
		return nil //nolint:nilerr // a damaged file names nobody
	}
	if !h.runs(pid) {
		return nil
	}
	h.say("waiting for the mariadbd of the run before (process %d)", pid)
	_ = syscall.Kill(pid, syscall.SIGTERM) // it has ended, or ends already
	for deadline := time.Now().Add(maxWait); h.runs(pid); time.Sleep(poll) {
		if time.Now().After(deadline) || ctx.Err() != nil {
			return fmt.Errorf("mariadbd of the run before (process %d) does not end: kill it", pid)
		}
	}
	return nil
}

// runs reports whether pid is a mariadbd over this home's data.
func (h *Home) runs(pid int) bool {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return err == nil && strings.Contains(string(line), "--datadir="+h.path("mariadb")+"\x00")
}
