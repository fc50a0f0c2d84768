package backup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"

	"diom.io/workflow/shared/telemetry"
)

const (
	// segmentAge is how old the oldest change of an object gets before it is written to its end, and with it the
	// time that may be lost. segmentSize ends an object sooner.
	segmentAge  = time.Second
	segmentSize = 32 << 20
	// An increment is begun after so long or so many objects: its manifest is written again with each of them.
	incrementAge     = 15 * time.Minute
	incrementObjects = 600
)

// Archived is what an archive tells after each object that is safe.
type Archived struct {
	ID           string
	To           string
	Until        time.Time
	Transactions int64
}

// Archive copies the transactions of a database from its binary log into increments, from where the last one ends:
// with once up to what has been committed when it begins, else until ctx ends, each about a second after it was
// committed. It needs MariaDB with the binary log on, in the format ROW, REPLICATION SLAVE and BINLOG MONITOR, and a
// full backup to go on from. Errors: ErrNoBase, ErrNoLog, ErrLogGone, ErrRunning, ErrNoKey, ErrRights.
func (v *Vault) Archive(ctx context.Context, from Database, once bool, tell func(Archived)) error {
	if err := v.canWrite(); err != nil {
		return err
	}
	s, err := connect(ctx, from, dumpMode)
	if err != nil {
		return err
	}
	return errors.Join(v.archive(ctx, s, from, once, tell), s.Close())
}

func (v *Vault) archive(ctx context.Context, s *server, from Database, once bool, tell func(Archived)) error {
	lead, err := s.session(ctx)
	if err != nil {
		return err
	}
	defer s.releaseLock(lead, s.archiveLock())
	if err := s.claimLock(ctx, lead, s.archiveLock()); err != nil {
		return err
	}
	present, err := s.logPosition(ctx, lead)
	if err != nil {
		return err
	}
	next, full, err := v.archivedTo(ctx, s.name)
	if err != nil {
		return err
	}
	if !present.covers(next) { // the server is another one than before, or was made anew
		if next = full; !present.covers(full) {
			return fmt.Errorf("the server is at %s, the archive at %s: %w", present, full, ErrNoBase)
		}
	}
	a := &archiver{vault: v, server: s, at: next, safe: next, tell: tell}
	if once {
		a.until = present
	}
	err = a.run(ctx, from)
	if errors.Is(err, ErrLogGone) && !next.covers(full) { // what was between is lost, but not what comes
		a.at, a.safe = full, full
		err = a.run(ctx, from)
	}
	return err
}

// logPosition is how far the log of the server is: ErrNoLog where it has none that can be archived.
func (s *server) logPosition(ctx context.Context, c *sql.Conn) (position, error) {
	if !s.isMariaDB() {
		return nil, fmt.Errorf("%w: only that of MariaDB can be archived", ErrNoLog)
	}
	rows, err := texts(ctx, c, "SELECT @@log_bin, @@binlog_format, @@binlog_row_image, @@log_bin_compress, @@gtid_binlog_pos")
	if err != nil {
		return nil, err
	}
	for i, want := range []struct{ name, value string }{{"log_bin", "1"}, {"binlog_format", "ROW"}, {"binlog_row_image", "FULL"}, {"log_bin_compress", "0"}} {
		if rows[0][i] != want.value {
			return nil, fmt.Errorf("%w: %s is %s, it has to be %s", ErrNoLog, want.name, rows[0][i], want.value)
		}
	}
	return parsePosition(rows[0][4])
}

// archiver writes increments.
type archiver struct {
	vault  *Vault
	server *server
	tell   func(Archived)
	until  position // where it ends; nil is never

	at       position // after the last whole transaction that was read
	safe     position // up to where nothing of the database is missing in the increments
	format   []byte   // the description of the format that the log has now
	manifest *Manifest
	began    time.Time // of the manifest
	writer   *writer
	written  time.Time // when the oldest change of the writer's was
	last     uint32    // when the last transaction began, in seconds since 1970
	inside   int64     // transactions in the writer
	group    group
}

// segment begins an object where there is none, and an increment where that has none.
func (a *archiver) segment(ctx context.Context) error {
	if a.writer != nil {
		return nil
	}
	if a.manifest == nil {
		now := time.Now().UTC()
		id := newID(now.Format(idTime)) + logSuffix
		if err := a.vault.place.create(ctx, id); err != nil {
			return err
		}
		a.began = now
		a.manifest = &Manifest{
			ID: id, Started: now, Product: telemetry.Version(), Environment: a.vault.settings.Environment, Database: a.server.name,
			Server: a.server.version, Encrypted: !a.vault.settings.Plain, Increment: &Increment{From: a.safe.String()},
		}
	}
	var err error
	a.writer, err = a.vault.newObject(ctx, a.manifest.ID, fmt.Sprintf("binlog-%06d", len(a.manifest.Objects)+1))
	if err == nil {
		a.written = time.Now()
		_, err = a.writer.Write(append([]byte(logMagic), a.format...))
	}
	return space(err)
}

// flush makes what was read safe: it ends the object under way, and writes the manifest with it.
func (a *archiver) flush(ctx context.Context) error {
	if a.writer == nil {
		return nil
	}
	object, err := a.writer.finish()
	a.writer = nil
	if err != nil {
		return err
	}
	m := a.manifest
	m.Objects = append(m.Objects, object)
	m.Finished = time.Now().UTC()
	m.Increment.To, m.Increment.Until = a.at.String(), time.Unix(int64(a.last), 0).UTC()
	m.Increment.Transactions += a.inside
	a.inside = 0
	if err := a.vault.publish(ctx, *m); err != nil {
		return err
	}
	a.safe = a.at
	if a.tell != nil {
		a.tell(Archived{ID: m.ID, To: m.Increment.To, Until: m.Increment.Until, Transactions: m.Increment.Transactions})
	}
	if len(m.Objects) >= incrementObjects || time.Since(a.began) >= incrementAge {
		a.manifest = nil
	}
	return nil
}

// full reports whether the object under way is to be ended.
func (a *archiver) full() bool {
	return a.writer != nil && (a.writer.raw.n >= segmentSize || time.Since(a.written) >= segmentAge)
}

// Print writes a line for people.
func (a Archived) Print(w io.Writer) {
	fmt.Fprintf(w, "archived to %s (%s): %d transactions in %s\n", a.To, a.Until.Format(time.RFC3339), a.Transactions, a.ID)
}
