package backup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// What Snapshot.Method may say.
const (
	globalLock    = "global lock"
	tableLocks    = "table locks"
	oneConnection = "one connection"
)

// snapshot gives each session the same state of the database. Writers wait only while the sessions begin:
// under a global read lock (needs RELOAD), or else under read locks of the tables (LOCK TABLES). Without
// either, and where a lock is not to be had in time, one session alone has a state, which needs no lock.
// The sessions that are not used are closed.
func (s *server) snapshot(ctx context.Context, lead *sql.Conn, workers []*sql.Conn, tables []table) (Snapshot, []*sql.Conn, error) {
	if len(workers) > 1 && !s.isTiDB() { // TiDB takes LOCK TABLES for nothing
		for _, method := range []string{globalLock, tableLocks} {
			shot, err := s.locked(ctx, lead, workers, lockStatement(method, tables))
			if err == nil {
				shot.Method = method
				return shot, workers, nil
			}
			if ctx.Err() != nil {
				return Snapshot{}, workers, classify(err)
			}
		}
	}
	closeAll(workers[1:])
	workers = workers[:1]
	shot := Snapshot{Method: oneConnection, Connections: 1}
	if err := begin(ctx, workers); err != nil {
		return shot, workers, err
	}
	shot.position(ctx, nil, workers[0])
	return shot, workers, nil
}

func lockStatement(method string, tables []table) string {
	if method == globalLock {
		return "FLUSH TABLES WITH READ LOCK"
	}
	list := make([]string, len(tables))
	for i, t := range tables {
		list[i] = name(t.Name) + " READ"
	}
	return "LOCK TABLES " + strings.Join(list, ", ")
}

func (s *server) locked(ctx context.Context, lead *sql.Conn, workers []*sql.Conn, lock string) (Snapshot, error) {
	shot := Snapshot{Connections: len(workers)}
	if err := setWait(ctx, lead, lockHold); err != nil {
		return shot, err
	}
	if _, err := lead.ExecContext(ctx, lock); err != nil {
		return shot, errors.Join(err, setWait(ctx, lead, patience))
	}
	since := time.Now()
	err := begin(ctx, workers)
	if err == nil {
		shot.position(ctx, lead, workers[0])
	}
	// With its own patience: nobody can write until it has happened.
	release, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockWait*time.Second)
	defer cancel()
	if _, failure := lead.ExecContext(release, "UNLOCK TABLES"); err == nil {
		err = failure
	}
	shot.Locked = time.Since(since).Microseconds()
	return shot, errors.Join(err, setWait(ctx, lead, patience))
}

// setWait says after how many idle seconds the server ends a session, and with it its locks.
func setWait(ctx context.Context, c *sql.Conn, seconds int) error {
	return exec(ctx, c, fmt.Sprintf("SET SESSION wait_timeout = %d", seconds))
}

func begin(ctx context.Context, workers []*sql.Conn) error {
	for _, w := range workers {
		if _, err := w.ExecContext(ctx, "START TRANSACTION WITH CONSISTENT SNAPSHOT"); err != nil {
			return classify(err)
		}
	}
	return nil
}

// position notes where the snapshot is in the binary log, where there is one and the account may know.
// MariaDB keeps it with the snapshot; elsewhere it is what holds under the lock of lead, if there is one.
func (shot *Snapshot) position(ctx context.Context, lead, worker *sql.Conn) {
	values := map[string]string{}
	rows, _ := texts(ctx, worker, "SHOW STATUS LIKE 'binlog_snapshot_%'") // without it there is no position
	for _, row := range rows {
		values[strings.ToLower(row[0])] = row[1]
	}
	if shot.File = values["binlog_snapshot_file"]; shot.File != "" {
		shot.Position, _ = strconv.ParseUint(values["binlog_snapshot_position"], 10, 64) // the server's number
		if rows, err := texts(ctx, worker, "SELECT BINLOG_GTID_POS(?, ?)", shot.File, shot.Position); err == nil {
			shot.GTID = rows[0][0]
		}
		return
	}
	if lead != nil {
		shot.masterStatus(ctx, lead)
	}
}

func (shot *Snapshot) masterStatus(ctx context.Context, lead *sql.Conn) {
	for _, query := range []string{"SHOW MASTER STATUS", "SHOW BINARY LOG STATUS"} {
		rows, err := texts(ctx, lead, query)
		if err != nil || len(rows) != 1 {
			continue // no such statement, no right, or no log
		}
		shot.File = rows[0][0]
		shot.Position, _ = strconv.ParseUint(rows[0][1], 10, 64) // the server's number
		if len(rows[0]) > 4 {
			shot.GTID = strings.ReplaceAll(rows[0][4], "\n", "")
		}
		return
	}
}
