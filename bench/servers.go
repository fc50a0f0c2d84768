package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/go-sql-driver/mysql"

	"diom.io/workflow/migrations"
	"diom.io/workflow/shared/cache"
	"diom.io/workflow/shared/database"
)

var errNoServers = errors.New("DIOM_TEST_MYSQL_DSN and DIOM_TEST_REDIS_URL are not set: run `make bench`, or `make services` and set what it prints")

// servers are the database and the Redis under the product.
type servers struct {
	config   *mysql.Config // names no database
	admin    *sql.DB
	redisURL string
	redis    *cache.Client
	made     []string // databases, dropped at the end
}

func openServers(ctx context.Context, dsn, redisURL string) (*servers, error) {
	if dsn == "" || redisURL == "" {
		return nil, errNoServers
	}
	s := &servers{redisURL: redisURL}
	var err error
	if s.config, err = mysql.ParseDSN(dsn); err != nil {
		return nil, fmt.Errorf("DIOM_TEST_MYSQL_DSN: %w", err)
	}
	s.config.DBName, s.config.ParseTime, s.config.InterpolateParams = "", true, true
	if s.redis, err = cache.Open(redisURL); err != nil {
		return nil, err
	}
	connector, err := mysql.NewConnector(s.config)
	if err != nil {
		return nil, err
	}
	s.admin = sql.OpenDB(connector)
	return s, errors.Join(s.admin.PingContext(ctx), s.redis.Ping(ctx))
}

// otherRedis is the address of the nth database of Redis: what one product remembers of its people is not true of those
// of another product that serves at the same time.
func (s *servers) otherRedis(n int) *url.URL {
	address, err := url.Parse(s.redisURL)
	if err != nil {
		panic(err) // it was read when it was opened
	}
	address.Path = "/" + strconv.Itoa(n)
	return address
}

func (s *servers) close() {
	for _, name := range s.made {
		if _, err := s.admin.ExecContext(context.Background(), "DROP DATABASE "+name); err != nil {
			say("the database %s stays: %v", name, err)
		}
	}
	_ = s.admin.Close()
	_ = s.redis.Close()
}

// dsn names a database of the server; w, where there is one, sees what is said to it.
func (s *servers) dsn(database string, w *wire) string {
	c := s.config.Clone()
	c.DBName = database
	if w != nil {
		c.Net = w.name
	}
	return c.FormatDSN()
}

// database makes an empty, migrated database, which close drops.
func (s *servers) database(ctx context.Context, purpose string) (string, error) {
	name := fmt.Sprintf("diom_bench_%d_%s", os.Getpid(), purpose)
	if _, err := s.admin.ExecContext(ctx, "CREATE DATABASE "+name+" CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"); err != nil {
		return "", err
	}
	s.made = append(s.made, name)
	db, err := database.Open(s.dsn(name, nil), database.Options{Pool: 2})
	if err != nil {
		return "", err
	}
	return name, errors.Join(db.Migrate(ctx, migrations.Files, slog.New(slog.DiscardHandler)), db.Close())
}

// query scans the one row of a statement.
func (s *servers) query(ctx context.Context, into []any, text string, arguments ...any) error {
	return s.admin.QueryRowContext(ctx, text, arguments...).Scan(into...)
}

func (s *servers) versions(ctx context.Context) (map[string]string, error) {
	var db string
	err := s.query(ctx, []any{&db}, "SELECT version()")
	return map[string]string{"go": runtime.Version(), "database": db, "redis": s.redisInfo(ctx, "redis_version")}, err
}

// variables are those that decide what a commit costs.
func (s *servers) variables(ctx context.Context) (map[string]string, error) {
	found := map[string]string{}
	for _, name := range []string{
		"innodb_flush_log_at_trx_commit", "innodb_buffer_pool_size", "innodb_log_file_size", "innodb_doublewrite",
		"innodb_flush_method", "sync_binlog", "log_bin", "max_connections",
	} {
		var value string
		err := s.query(ctx, []any{&name, &value}, "SHOW GLOBAL VARIABLES WHERE Variable_name = ?", name)
		if errors.Is(err, sql.ErrNoRows) {
			continue // not every server has each of them
		}
		if err != nil {
			return nil, err
		}
		found[name] = value
	}
	return found, nil
}

// durable reports whether a commit is on disk before it is acknowledged.
func (s *servers) durable(ctx context.Context) (bool, error) {
	v, err := s.variables(ctx)
	return v["innodb_flush_log_at_trx_commit"] == "1", err
}

func (s *servers) redisInfo(ctx context.Context, name string) string {
	for text := range strings.Lines(s.redis.Redis().Info(ctx, "server").Val()) {
		if value, ok := strings.CutPrefix(text, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// processes returns the process ids of the servers; none where they run elsewhere.
func (s *servers) processes(ctx context.Context) map[string]int {
	found := map[string]int{}
	if pid, err := strconv.Atoi(s.redisInfo(ctx, "process_id")); err == nil && runs(pid, "redis-server") {
		found["redis"] = pid
	}
	var file, dir string
	if err := s.query(ctx, []any{&file, &dir}, "SELECT @@pid_file, @@datadir"); err != nil {
		return found
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(dir, file)
	}
	raw, err := fs.ReadFile(os.DirFS(filepath.Dir(file)), filepath.Base(file))
	if pid, e := strconv.Atoi(strings.TrimSpace(string(raw))); err == nil && e == nil && (runs(pid, "mariadbd") || runs(pid, "mysqld")) {
		found["database"] = pid
	}
	return found
}

// runs reports whether pid is a process of this machine with that name.
func runs(pid int, name string) bool { return line(fmt.Sprintf("/proc/%d/comm", pid)) == name }
