package backup

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"diom.io/workflow/shared/database"
)

const (
	dialTimeout = 5 * time.Second
	// lockWait is for how many seconds a lock of ours is waited for, and others wait behind us. lockHold is
	// after how many idle seconds the server takes a lock away from us, should this process hang.
	lockWait = 5
	lockHold = 10
	patience = 86400
)

// Modes of a session. Dumping needs none; loading takes whatever a table may hold: zeros for
// auto-increments, dates that are none.
const (
	dumpMode = "''"
	loadMode = "'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION'"
)

// server is an open database, with one session for each of several workers.
type server struct {
	pool    *sql.DB
	name    string // of the database
	version string
	mode    string
}

type silent struct{}

func (silent) Print(...any) {}

// connect opens a database; mode is the sql_mode of its sessions.
func connect(ctx context.Context, d Database, mode string) (*server, error) {
	cfg, err := mysql.ParseDSN(d.DSN)
	if err != nil {
		return nil, fmt.Errorf("mysql dsn: %w", err)
	}
	if cfg.DBName == "" {
		return nil, errors.New("mysql dsn: it names no database")
	}
	cfg.InterpolateParams, cfg.ParseTime, cfg.MultiStatements = true, false, false
	cfg.MaxAllowedPacket = 0 // what the server says
	cfg.Timeout, cfg.ReadTimeout, cfg.WriteTimeout = dialTimeout, 0, 0
	cfg.Logger = silent{}
	cfg.Params = nil
	if d.Dial != nil {
		cfg.DialFunc = d.Dial
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("mysql dsn: %w", err)
	}
	s := &server{pool: sql.OpenDB(connector), name: cfg.DBName, mode: mode}
	s.pool.SetMaxIdleConns(0) // a session's settings and locks end with its connection
	if err := s.pool.QueryRowContext(ctx, "SELECT VERSION()").Scan(&s.version); err != nil {
		return nil, errors.Join(classify(err), s.pool.Close())
	}
	return s, nil
}

func (s *server) Close() error { return s.pool.Close() }

func (s *server) isMariaDB() bool { return strings.Contains(s.version, "MariaDB") }
func (s *server) isTiDB() bool    { return strings.Contains(s.version, "TiDB") }

// session opens a connection on which bytes come and go as they are stored.
func (s *server) session(ctx context.Context) (*sql.Conn, error) {
	c, err := s.pool.Conn(ctx)
	if err != nil {
		return nil, classify(err)
	}
	statements := []string{
		"SET NAMES binary",
		"SET SESSION sql_mode = " + s.mode,
		"SET SESSION time_zone = '+00:00'",
		fmt.Sprintf("SET SESSION sql_quote_show_create = 1, net_write_timeout = 600, net_read_timeout = 600, wait_timeout = %d", patience),
		"SET SESSION foreign_key_checks = 0, unique_checks = 0",
		fmt.Sprintf("SET SESSION lock_wait_timeout = %d", lockWait),
		"SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
	}
	if s.isMariaDB() {
		statements = append(statements, "SET SESSION max_statement_time = 0")
	}
	for _, statement := range statements {
		if _, err := c.ExecContext(ctx, statement); err != nil {
			return nil, errors.Join(classify(err), c.Close())
		}
	}
	return c, nil
}

// sessions opens n of them.
func (s *server) sessions(ctx context.Context, n int) ([]*sql.Conn, error) {
	list := make([]*sql.Conn, 0, n)
	for range n {
		c, err := s.session(ctx)
		if err != nil {
			closeAll(list)
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

func closeAll(list []*sql.Conn) {
	for _, c := range list {
		_ = c.Close() // the server rolls back what is open
	}
}

// claim takes the lock that lets one backup or restore of a database run at a time; it ends with the
// session. The session of one that was killed may take a moment to end.
func (s *server) claim(ctx context.Context, c *sql.Conn) error {
	return s.claimLock(ctx, c, s.lockName())
}

func (s *server) claimLock(ctx context.Context, c *sql.Conn, lock string) error {
	var got sql.NullInt64
	if err := c.QueryRowContext(ctx, "SELECT GET_LOCK(?, 2)", lock).Scan(&got); err != nil {
		return classify(err)
	}
	if got.Int64 != 1 {
		return ErrRunning
	}
	return nil
}

// release lets go of the lock and closes the session.
func (s *server) release(c *sql.Conn) { s.releaseLock(c, s.lockName()) }

func (s *server) releaseLock(c *sql.Conn, lock string) {
	_, _ = c.ExecContext(context.Background(), "DO RELEASE_LOCK(?)", lock) // it ends with the session anyway
	_ = c.Close()
}

func (s *server) lockName() string { return s.lock("diom_backup_") }

// archiveLock lets one archive of a database run at a time, beside its backups.
func (s *server) archiveLock() string { return s.lock("diom_archive_") }

// copyLock lets one copy to the second place be made at a time, beside its backups.
func (s *server) copyLock() string { return s.lock("diom_copy_") }

func (s *server) lock(of string) string {
	sum := sha256.Sum256([]byte(s.name))
	return of + hex.EncodeToString(sum[:16])
}

// Errors of the server, by number.
const (
	errAccessDatabase  = 1044
	errUnknownTable    = 1146
	errTableChanged    = 1412
	errInvalidView     = 1356
	errUnknownFunction = 1305
)

var rightsErrors = []uint16{errAccessDatabase, 1142, 1143, 1227, 1370, 1419}

// classify gives an error of the server its meaning.
func classify(err error) error {
	var my *mysql.MySQLError
	if !errors.As(err, &my) {
		return database.Classify(err)
	}
	if slices.Contains(rightsErrors, my.Number) {
		return fmt.Errorf("%w (%w)", ErrRights, my)
	}
	return database.Classify(err)
}

// changing says what it means for a backup that a table is another one than before, or gone.
func changing(err error) error {
	if isError(err, errTableChanged, errUnknownTable) {
		return fmt.Errorf("%w (%w)", ErrSchemaChanged, err)
	}
	return err
}

func isError(err error, numbers ...uint16) bool {
	var my *mysql.MySQLError
	return errors.As(err, &my) && slices.Contains(numbers, my.Number)
}

// name quotes an identifier.
func name(identifier string) string { return "`" + strings.ReplaceAll(identifier, "`", "``") + "`" }

// texts reads a query of text columns; NULL is "".
func texts(ctx context.Context, c *sql.Conn, query string, arguments ...any) ([][]string, error) {
	rows, err := c.QueryContext(ctx, query, arguments...)
	if err != nil {
		return nil, classify(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var list [][]string
	for rows.Next() {
		values := make([]sql.NullString, len(columns))
		targets := make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
		row := make([]string, len(columns))
		for i, v := range values {
			row[i] = v.String
		}
		list = append(list, row)
	}
	return list, classify(rows.Err())
}

// name is that of the database.
func (d Database) name() (string, error) {
	cfg, err := mysql.ParseDSN(d.DSN)
	if err != nil {
		return "", fmt.Errorf("mysql dsn: %w", err)
	}
	return cfg.DBName, nil
}
