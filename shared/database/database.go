// Package database opens MySQL (or MariaDB, TiDB), runs batches and transactions, and migrates. It
// knows no table.
//
// A DB holds two pools. Reads and ordinary transactions use the first. The second alone has
// multiStatements on, and runs nothing but batches of constant text. Where there is a replica, what is only
// shown may be read there.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Options tune Open. The zero value works.
type Options struct {
	// Pool is the number of connections of each pool; 0 means 16. MaxIdle equals MaxOpen.
	Pool int
	// ReadTimeout bounds the wait for any reply of the server, also for that to a COMMIT, which no context
	// can end; 0 means no bound. Migrations need none.
	ReadTimeout time.Duration
	// Observe is told, where it is set, how long each statement or transaction took, by the name of the method
	// of the store that ran it.
	Observe func(ctx context.Context, name string, taken time.Duration)
	// Dial replaces the dialer, for counting round trips and for faults on the wire.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Replica is where what is only shown may be read.
	Replica ReplicaOptions
}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	reads   *sql.DB
	batches *sql.DB
	replica *replica // nil where there is none

	observe func(ctx context.Context, name string, taken time.Duration)
	names   namer

	renewing sync.Mutex
	renewed  *time.Timer // runs while connections live briefly; see renew
}

// Open prepares both pools; it does not connect. dsn is a go-sql-driver DSN, for example
// diom:secret@tcp(127.0.0.1:3306)/diom_workflow.
func Open(dsn string, o Options) (*DB, error) {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, fmt.Errorf("mysql dsn: %w", err)
	}
	if o.Pool == 0 {
		o.Pool = 16
	}
	reads, err := pool(cfg, o, false)
	if err != nil {
		return nil, err
	}
	batches, err := pool(cfg, o, true)
	if err != nil {
		return nil, err
	}
	db := &DB{reads: reads, batches: batches, observe: o.Observe}
	if o.Replica.DSN != "" {
		db.replica, err = follow(cfg, o)
	}
	return db, err
}

func pool(base *mysql.Config, o Options, multi bool) (*sql.DB, error) {
	cfg := base.Clone()
	cfg.InterpolateParams = true
	cfg.MultiStatements = multi
	cfg.ParseTime = true
	cfg.Loc = time.UTC
	cfg.Collation = "utf8mb4_bin"
	cfg.Timeout = 5 * time.Second
	cfg.ReadTimeout = o.ReadTimeout
	cfg.Logger = silent{} // the driver's own lines repeat the errors that it returns
	if cfg.Params == nil {
		cfg.Params = map[string]string{}
	}
	cfg.Params["time_zone"] = "'+00:00'"
	cfg.Params["sql_mode"] = "'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO'"
	cfg.Params["innodb_lock_wait_timeout"] = "5"
	// A page of a list is the first rows of one key. Rows of two keys that are intersected are read whole, and sorted.
	cfg.Params["optimizer_switch"] = "'index_merge_intersection=off'"
	if o.Dial != nil {
		cfg.DialFunc = o.Dial
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("mysql dsn: %w", err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(o.Pool)
	db.SetMaxIdleConns(o.Pool)
	db.SetConnMaxLifetime(connectionLife)
	return db, nil
}

type silent struct{}

func (silent) Print(...any) {}

// Close closes the pools.
func (db *DB) Close() error {
	err := errors.Join(db.reads.Close(), db.batches.Close())
	if db.replica != nil {
		err = errors.Join(err, db.replica.close())
	}
	return err
}

// Ping reports whether the database answers; the error is classified.
func (db *DB) Ping(ctx context.Context) error { return Classify(db.reads.PingContext(ctx)) }

// Query runs a read. Errors are classified; the caller closes the rows.
func (db *DB) Query(ctx context.Context, text string, arguments ...any) (*sql.Rows, error) {
	defer db.measure(ctx)()
	at := db.server(ctx)
	rows, err := at.QueryContext(ctx, text, arguments...) //nolint:sqlclosecheck // the caller does
	return rows, db.judge(ctx, at, err)
}

// QueryRow runs a read of at most one row and scans it into dest: sql.ErrNoRows when there is none. See
// ToWrite.
func (db *DB) QueryRow(ctx context.Context, dest []any, text string, arguments ...any) error {
	defer db.measure(ctx)()
	if ctx.Value(toWrite{}) != nil {
		return db.queryRowToWrite(ctx, dest, text, arguments)
	}
	return db.queryRow(ctx, dest, text, arguments)
}

func (db *DB) queryRow(ctx context.Context, dest []any, text string, arguments []any) error {
	at := db.server(ctx)
	return db.judge(ctx, at, at.QueryRowContext(ctx, text, arguments...).Scan(dest...))
}
