package faults_test

import (
	"database/sql"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"diom.io/workflow/test/producttest"
)

// node is one of two servers that replicate to each other by turns. Both start as replicas.
type node struct {
	t       *testing.T
	process *producttest.Process
	address string
	root    *sql.DB
}

// quietly is for a driver whose connections break on purpose.
type quietly struct{}

func (quietly) Print(...any) {}

func newNode(t *testing.T, id int) *node {
	t.Helper()
	process, dsn := ownMariaDB(t, "--log-bin=binlog", fmt.Sprint("--server-id=", id), "--log-slave-updates=ON", "--gtid-strict-mode=ON", "--sync-binlog=1",
		"--read-only=ON", "--rpl-semi-sync-slave-enabled=ON", "--init-rpl-role=SLAVE", "--rpl-semi-sync-master-wait-point=AFTER_SYNC", "--rpl-semi-sync-master-timeout=600000")
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	cfg.DBName, cfg.Logger = "", quietly{}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	root := sql.OpenDB(connector)
	t.Cleanup(func() { _ = root.Close() })
	process.Start()
	return &node{t: t, process: process, address: cfg.Addr, root: root}
}

// do executes statements that hold values of the test's own only.
func (n *node) do(statements ...string) {
	n.t.Helper()
	for _, s := range statements {
		if _, err := n.root.ExecContext(n.t.Context(), s); err != nil {
			n.t.Fatalf("%s: %v", s, err)
		}
	}
}

// variable returns the value of a variable of a SHOW STATUS or SHOW VARIABLES statement.
func (n *node) variable(show string) string {
	n.t.Helper()
	var name, value string
	if err := n.root.QueryRowContext(n.t.Context(), show).Scan(&name, &value); err != nil {
		n.t.Fatalf("%s: %v", show, err)
	}
	return value
}

func (n *node) text(query string, arguments ...any) (value string) {
	n.t.Helper()
	if err := n.root.QueryRowContext(n.t.Context(), query, arguments...).Scan(&value); err != nil {
		n.t.Fatalf("%s: %v", query, err)
	}
	return value
}

// diverged is the error of a replica that asks for what comes after a transaction that its primary does not
// have (ER_MASTER_FATAL_ERROR_READING_BINLOG).
const diverged = "1236"

// follow makes the server a replica of primary, and waits until primary acknowledges nothing that the
// replica does not have. It returns false when the server has transactions that primary has not.
func (n *node) follow(primary *node, demoted bool) bool {
	n.t.Helper()
	host, port, _ := net.SplitHostPort(primary.address) // it was joined
	demote := ""
	if demoted {
		demote = ", MASTER_DEMOTE_TO_SLAVE=1"
	}
	n.do("SET GLOBAL read_only = ON", "SET GLOBAL rpl_semi_sync_master_enabled = OFF",
		fmt.Sprintf("CHANGE MASTER TO MASTER_HOST='%s', MASTER_PORT=%s, MASTER_USER='replica', MASTER_PASSWORD='replica', MASTER_CONNECT_RETRY=1, MASTER_USE_GTID=slave_pos%s", host, port, demote),
		"START SLAVE")
	primary.do("SET GLOBAL rpl_semi_sync_master_enabled = ON")
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		behind := n.text("SELECT MASTER_GTID_WAIT(?, 10)", primary.text("SELECT @@gtid_binlog_pos")) != "0"
		if !behind && primary.variable("SHOW STATUS LIKE 'Rpl_semi_sync_master_clients'") == "1" && primary.variable("SHOW STATUS LIKE 'Rpl_semi_sync_master_status'") == "ON" {
			return true
		}
		if n.status()["Last_IO_Errno"] == diverged {
			return false
		}
		if time.Now().After(deadline) {
			n.t.Fatalf("the replica does not follow: %v", n.status())
		}
	}
}

// status returns SHOW SLAVE STATUS by name of its columns.
func (n *node) status() map[string]string {
	n.t.Helper()
	rows, err := n.root.QueryContext(n.t.Context(), "SHOW SLAVE STATUS")
	if err != nil {
		n.t.Fatal(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil || !rows.Next() {
		n.t.Fatal(err, rows.Err())
	}
	values, into := make([]sql.NullString, len(names)), make([]any, len(names))
	for i := range values {
		into[i] = &values[i]
	}
	if err := rows.Scan(into...); err != nil {
		n.t.Fatal(err)
	}
	all := map[string]string{}
	for i, name := range names {
		all[name] = values[i].String
	}
	return all
}

// promote makes a replica the primary, after it has done all that it has acknowledged.
func (n *node) promote() {
	n.t.Helper()
	n.do("STOP SLAVE IO_THREAD")
	if got := n.text("SELECT MASTER_GTID_WAIT(?, 30)", n.status()["Gtid_IO_Pos"]); got != "0" {
		n.t.Fatalf("the replica does not apply what it has: %v", n.status())
	}
	n.do("STOP SLAVE", "RESET SLAVE ALL", "SET GLOBAL read_only = OFF")
}

// client returns the options with which a client program connects as root.
func (n *node) client() []string {
	host, port, _ := net.SplitHostPort(n.address) // it was joined
	return []string{"--no-defaults", "--host=" + host, "--port=" + port, "--user=root"}
}
