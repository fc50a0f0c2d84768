package backup

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// drillPrefix begins the names of the databases that drills make.
const drillPrefix = "diom_drill_"

// drills begins the names of those of one installation's database, and is the name of the lock that one drill holds.
func (m Manifest) drills() string {
	sum := sha256.Sum256([]byte(m.Environment + "\x00" + m.Database))
	return drillPrefix + hex.EncodeToString(sum[:6]) + "_"
}

// Look is what a drill does in the restored database: it fills in what it has found there, and returns what is wrong.
type Look func(ctx context.Context, m Manifest, dsn string, found *Drill) error

// Drill restores a backup, or Latest, into a database of its own on another server, compares each table with what the
// backup says, looks, drops the database, and leaves the signed result beside the backup. What fails on the way is in the
// result; errors are ErrNotFound, ErrNoKey, ErrRunning while another drill has the server, and what keeps the result
// from being written. scratch is an account of that server that may make and drop databases; the database that it names
// does not matter.
func (v *Vault) Drill(ctx context.Context, id string, scratch Database, look Look) (Check, error) {
	m, err := v.find(ctx, id)
	if err != nil {
		return Check{}, err
	}
	if err := v.canWrite(); err != nil {
		return Check{}, err
	}
	if m.Encrypted && len(v.keys.identities) == 0 {
		return Check{}, ErrNoKey
	}
	c := Check{Backup: m.ID, Depth: Drilled, Started: time.Now().UTC(), Drill: &Drill{}}
	err = v.drill(ctx, m, scratch, func(dsn string) error { return look(ctx, m, dsn, c.Drill) }, c.Drill)
	if errors.Is(err, ErrRunning) || ctx.Err() != nil {
		return c, errors.Join(err, ctx.Err())
	}
	c, failure := v.conclude(ctx, c, err)
	if err != nil {
		err = fmt.Errorf("drill of %s: %w", m.ID, err)
	}
	return c, errors.Join(failure, err)
}

func (v *Vault) drill(ctx context.Context, m Manifest, scratch Database, look func(dsn string) error, found *Drill) error {
	cfg, err := mysql.ParseDSN(scratch.DSN)
	if err != nil {
		return fmt.Errorf("mysql dsn: %w", err)
	}
	cfg.DBName = "information_schema"
	s, err := connect(ctx, Database{DSN: cfg.FormatDSN(), Dial: scratch.Dial}, dumpMode)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }() // what it was for is over by then
	c, err := s.session(ctx)
	if err != nil {
		return err
	}
	defer s.releaseLock(c, m.drills())
	if err := s.claimLock(ctx, c, m.drills()); err != nil {
		return err
	}
	if cfg.DBName, err = makeScratch(ctx, c, m.drills()); err != nil {
		return err
	}
	err = v.restoreAndLook(ctx, m, Database{DSN: cfg.FormatDSN(), Dial: scratch.Dial}, look, found)
	clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUp)
	defer cancel()
	return errors.Join(err, exec(clean, c, "DROP DATABASE "+name(cfg.DBName)))
}

// makeScratch makes an empty database whose name begins so, and returns it.
func makeScratch(ctx context.Context, c *sql.Conn, prefix string) (string, error) {
	// Who has the lock is alone: what is left of drills that were killed is nobody's.
	left, err := texts(ctx, c, "SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE ?", strings.ReplaceAll(prefix, "_", `\_`)+"%")
	if err != nil {
		return "", err
	}
	for _, one := range left {
		if err := exec(ctx, c, "DROP DATABASE "+name(one[0])); err != nil {
			return "", err
		}
	}
	made := prefix + strings.ToLower(rand.Text())
	return made, exec(ctx, c, "CREATE DATABASE "+name(made)+" CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
}

func (v *Vault) restoreAndLook(ctx context.Context, m Manifest, to Database, look func(dsn string) error, found *Drill) error {
	if _, err := v.Restore(ctx, m.ID, to, nil); err != nil {
		return err
	}
	found.Tables, found.Rows = len(m.Tables), m.Rows()
	return look(to.DSN)
}

// Proven is what the drills say of the backups of this installation.
type Proven struct {
	// Last is when the newest backup was made that a drill has restored without fault, or zero.
	Last time.Time
	// Failed says that the newest backup that has had a drill did not pass its last one.
	Failed bool
}

// Proven reads the results of the drills, from the newest backup down to one that has passed.
func (v *Vault) Proven(ctx context.Context) (p Proven, err error) {
	ids, err := v.ids(ctx, false)
	if err != nil {
		return p, err
	}
	newest := true
	for _, id := range ids[:min(len(ids), reach)] {
		checks, err := v.checks(ctx, id)
		if err != nil {
			return p, err
		}
		for _, c := range checks {
			if c.Depth != Drilled {
				continue
			}
			if p.Failed = p.Failed || newest && !c.Passed; c.Passed {
				p.Last = begun(id)
				return p, nil
			}
			newest = false
			break
		}
	}
	return p, nil
}
