package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-sql-driver/mysql"
)

// ReplicaOptions say where what is only shown may be read: at a MariaDB server that follows the primary by GTID.
type ReplicaOptions struct {
	// DSN is its address, empty where there is none. User, password and database are those of the primary where it
	// names none.
	DSN string
	// MaxLag is how far behind it may be; 0 means DefaultMaxLag.
	MaxLag time.Duration
	// Observe is told, where it is set, after each look at it how far behind it is at most, and why it is not used.
	Observe func(lag time.Duration, reason error)
}

// DefaultMaxLag is how far behind a replica may be where nothing else is said.
const DefaultMaxLag = 2 * time.Second

// Why a replica is not used.
var (
	errBehind  = errors.New("it is too far behind, or not known to be near")
	errReplica = errors.New("it does not answer")
)

const (
	lookEvery = 250 * time.Millisecond
	lookLimit = time.Second // of each of the two questions
	// mostMarks bounds how many positions of the primary are remembered while the replica does not come after: the lag
	// is an upper bound with any of them.
	mostMarks = 512
)

// mark is where the primary was at a time, or later.
type mark struct {
	at       time.Time
	position gtids
}

// replica follows how far behind a server is. Positions of the primary are noted with the time; what the replica has of
// them says how old it is, by the clock of this process alone.
type replica struct {
	options ReplicaOptions
	reads   *sql.DB
	// Of the looks alone: a pool that is busy says nothing about the lag.
	primary, self *sql.DB

	mutex  sync.Mutex
	marks  []mark          // which it is not known to have, the oldest first
	has    gtids           // nil while it does not answer
	sure   bool            // at is known of the server that answers now
	at     time.Time       // it has all that the primary had acknowledged by then
	serves context.Context //nolint:containedctx // of what is read there: ends when it does not answer
	leave  context.CancelFunc
	stop   context.CancelFunc
	done   sync.WaitGroup
}

// follow opens the replica of a primary and begins to look at it.
func follow(primary *mysql.Config, o Options) (*replica, error) {
	cfg, err := mysql.ParseDSN(o.Replica.DSN)
	if err != nil {
		return nil, fmt.Errorf("mysql replica dsn: %w", err)
	}
	if cfg.User == "" {
		cfg.User, cfg.Passwd = primary.User, primary.Passwd
	}
	if cfg.DBName == "" {
		cfg.DBName = primary.DBName
	}
	if o.Replica.MaxLag <= 0 {
		o.Replica.MaxLag = DefaultMaxLag
	}
	r := &replica{options: o.Replica, at: time.Now()}
	single := o
	single.Pool = 1
	for _, p := range []struct {
		into *(*sql.DB)
		cfg  *mysql.Config
		o    Options
	}{{&r.reads, cfg, o}, {&r.self, cfg, single}, {&r.primary, primary, single}} {
		if *p.into, err = pool(p.cfg, p.o, false); err != nil {
			return nil, err
		}
	}
	r.serves, r.leave = context.WithCancel(context.Background())
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	r.done.Go(func() { r.watch(ctx) })
	return r, nil
}

func (r *replica) close() error {
	r.stop()
	r.done.Wait()
	r.leave()
	return errors.Join(r.reads.Close(), r.self.Close(), r.primary.Close())
}

func (r *replica) watch(ctx context.Context) {
	pause := min(lookEvery, r.options.MaxLag/4)
	for ctx.Err() == nil {
		r.look(ctx)
		if r.options.Observe != nil {
			r.options.Observe(r.lag())
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// look asks both servers where they are.
func (r *replica) look(ctx context.Context) {
	at := time.Now()
	if position, err := ask(ctx, r.primary, primaryPosition); err == nil {
		r.note(mark{at, position})
	}
	has, err := ask(ctx, r.self, replicaPosition)
	if err != nil {
		r.lose()
		return
	}
	r.advance(has)
}

// advance notes what the replica has.
func (r *replica) advance(has gtids) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.has = has
	for len(r.marks) > 0 && has.covers(r.marks[0].position) {
		r.at, r.sure, r.marks = r.marks[0].at, true, r.marks[1:]
	}
}

func (r *replica) note(m mark) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if len(r.marks) < mostMarks {
		r.marks = append(r.marks, m)
	}
}

// lose notes that the replica does not answer: what reads there now is to read at the primary. The next look that has an
// answer lets it be used again.
func (r *replica) lose() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.has == nil {
		return
	}
	r.has, r.sure = nil, false
	r.leave()
	r.serves, r.leave = context.WithCancel(context.Background())
}

// lag returns how far behind the replica is at most, and why it is not used.
func (r *replica) lag() (time.Duration, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.standing()
}

func (r *replica) standing() (time.Duration, error) {
	lag := time.Since(r.at)
	switch {
	case r.has == nil:
		return lag, errReplica
	case !r.sure || lag > r.options.MaxLag:
		return lag, errBehind
	}
	return lag, nil
}

// The statements that say where a server is. A primary that takes no writes is none: it may have been left.
const (
	primaryPosition = `SELECT @@global.gtid_binlog_pos, @@global.read_only`
	replicaPosition = `SELECT @@global.gtid_slave_pos, '0'`
)

func ask(ctx context.Context, db *sql.DB, text string) (gtids, error) {
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	var position, readOnly string
	err := db.QueryRowContext(ctx, text).Scan(&position, &readOnly)
	if err == nil && !writable(readOnly) {
		err = errReadOnly
		db.SetMaxIdleConns(0) // the next question goes to whom the address leads to then
		db.SetMaxIdleConns(1)
	}
	if err != nil {
		return nil, Classify(err)
	}
	return readGTIDs(position)
}

// Verdict says where what is shown is read, and why.
type Verdict string

// The verdicts.
const (
	AtReplica Verdict = "replica" // the replica is near enough
	OwnWrite  Verdict = "own"     // the primary: the replica may not have what the caller has done
	NotNear   Verdict = "away"    // the primary: the replica is too far behind, or does not answer
)

type mayLag struct{}

// MayLag lets what is read with a context that ToShow has marked come from the replica, if that is near enough and has
// what the primary had at each of the positions own. The context ends when the replica is lost. cancel is to be called
// when nothing is read any more.
func (db *DB) MayLag(ctx context.Context, own []string) (_ context.Context, cancel context.CancelFunc, _ Verdict) {
	r := db.replica
	if r == nil {
		return ctx, func() {}, NotNear
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if _, err := r.standing(); err != nil {
		return ctx, func() {}, NotNear
	}
	for _, text := range own {
		if position, err := readGTIDs(text); err != nil || !r.has.covers(position) {
			return ctx, func() {}, OwnWrite
		}
	}
	ctx, end := context.WithCancel(context.WithValue(ctx, mayLag{}, true))
	detach := context.AfterFunc(r.serves, end)
	return ctx, func() { detach(); end() }, AtReplica
}

type toShow struct{}

// ToShow marks a context: what is read with it is shown to somebody, and decides nothing. It may come from the replica
// where the caller allows that; see MayLag.
func ToShow(ctx context.Context) context.Context { return context.WithValue(ctx, toShow{}, true) }

// server returns the pool for a read.
func (db *DB) server(ctx context.Context) *sql.DB {
	if db.replica != nil && ctx.Value(toShow{}) != nil && ctx.Value(mayLag{}) != nil && ctx.Value(toWrite{}) == nil {
		return db.replica.reads
	}
	return db.reads
}

// judge classifies the error of a read, and notes that a replica does not answer.
func (db *DB) judge(ctx context.Context, at *sql.DB, err error) error {
	err = Classify(err)
	if at != db.reads && errors.Is(err, ErrUnavailable) && ctx.Err() == nil {
		db.replica.lose()
	}
	return err
}

// HasReplica reports whether there is a replica, near or not.
func (db *DB) HasReplica() bool { return db != nil && db.replica != nil }

// MaxLag is how old what is shown may be; 0 where there is no replica.
func (db *DB) MaxLag() time.Duration {
	if !db.HasReplica() {
		return 0
	}
	return db.replica.options.MaxLag
}

// Position returns where the primary is, for MayLag and Await, with a number that is larger for a later position: who
// asks has been acknowledged nothing that is behind it.
func (db *DB) Position(ctx context.Context) (text string, order uint64, err error) {
	var readOnly string
	if err := Classify(db.reads.QueryRowContext(ctx, primaryPosition).Scan(&text, &readOnly)); err != nil {
		return "", 0, err
	}
	if !writable(readOnly) {
		return "", 0, errReadOnly
	}
	position, err := readGTIDs(text)
	return text, position.sum(), err
}

// Await waits until the replica has what the primary had at a position. False means that it has not yet, or is not used
// here.
func (db *DB) Await(ctx context.Context, position string, patience time.Duration) bool {
	if !db.HasReplica() {
		return true
	}
	if _, err := db.replica.lag(); err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, patience+lookLimit)
	defer cancel()
	var late sql.NullInt64
	err := db.replica.reads.QueryRowContext(ctx, `SELECT MASTER_GTID_WAIT(?, ?)`, position, patience.Seconds()).Scan(&late)
	return err == nil && late.Valid && late.Int64 == 0
}

type noted struct{}

// NoteWrites returns a context that remembers whether anything was written with it, and what tells so.
func NoteWrites(ctx context.Context) (context.Context, func() bool) {
	wrote := new(atomic.Bool)
	return context.WithValue(ctx, noted{}, wrote), wrote.Load
}

// note remembers that a write begins.
func note(ctx context.Context) {
	if wrote, ok := ctx.Value(noted{}).(*atomic.Bool); ok {
		wrote.Store(true)
	}
}
