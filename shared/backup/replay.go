package backup

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/go-mysql-org/go-mysql/replication"
)

const (
	logMagic = "\xfebin"
	// together is how many transactions of the log are committed at once: each by itself would wait for the disk.
	together = 500
)

// Point is where a restore ends: with the last transaction that began at Time or before, in whole seconds of the
// database's clock, or with the transaction GTID. Neither is the end of what was archived.
type Point struct {
	Time time.Time
	GTID string
}

// replay carries the transactions of increments out in a database.
type replay struct {
	vault  *Vault
	conn   *sql.Conn
	source string // the name of the database that the log is of
	target string
	after  position // what the full backup holds
	point  Point
	stop   position // of point.GTID
	tables func(string) bool
	meter  *meter

	parser  *replication.BinlogParser
	format  []byte // the description that the server was given
	current group
	skip    bool     // the transaction under way is held by the full backup
	done    bool     // the point is reached
	open    int      // transactions that are not committed yet
	batch   [][]byte // events of the statement under way
	last    Reached
}

// Reached is how far a restore went.
type Reached struct {
	GTID string
	// At is when the last transaction began, by the clock of the source's database.
	At           time.Time
	Transactions int64
}

// object reads one object of an increment and carries it out; conn may be nil to read alone.
func (r *replay) object(ctx context.Context, m Manifest, o Object) error {
	reader, err := r.vault.openObject(ctx, m, o)
	if err != nil {
		return err
	}
	err = r.events(ctx, bufio.NewReaderSize(reader, buffer))
	if r.done { // the rest is not needed, but has to be right
		_, err = io.Copy(io.Discard, reader)
	}
	if err := reader.finish(err); err != nil {
		return err
	}
	r.meter.add(o.Bytes)
	return nil
}

func (r *replay) events(ctx context.Context, from *bufio.Reader) error {
	begin := make([]byte, len(logMagic))
	if _, err := io.ReadFull(from, begin); err != nil || string(begin) != logMagic {
		return fmt.Errorf("no binary log: %w", errors.Join(ErrDamaged, err))
	}
	r.parser = replication.NewBinlogParser()
	r.parser.SetFlavor("mariadb")
	r.parser.SetVerifyChecksum(true)
	r.parser.SetRowsEventDecodeFunc(headerOnly)
	for !r.done && ctx.Err() == nil {
		end, err := r.parser.ParseSingleEvent(from, func(e *replication.BinlogEvent) error { return r.event(ctx, e) })
		if err != nil {
			return err
		}
		if end {
			break
		}
	}
	return ctx.Err()
}

// event takes one event of an object.
func (r *replay) event(ctx context.Context, e *replication.BinlogEvent) error {
	switch body := e.Event.(type) {
	case *replication.FormatDescriptionEvent:
		return r.describe(ctx, e.RawData)
	case *replication.MariadbGTIDEvent:
		return r.begin(ctx, e, body)
	}
	if !r.current.open {
		return fmt.Errorf("an event outside of a transaction: %w", ErrDamaged)
	}
	var err error
	if !r.skip && r.conn != nil {
		err = r.carryOut(ctx, e)
	}
	if err != nil || !ends(e, r.current.alone) {
		return err
	}
	r.current.open = false
	if !r.skip {
		r.last.GTID = position{r.current.domain: r.current.id}.String()
		r.last.Transactions++
	}
	if r.stop[r.current.domain] == r.current.id {
		r.done = true
	}
	return nil
}

// begin judges a transaction: whether it is one of those to carry out.
func (r *replay) begin(ctx context.Context, e *replication.BinlogEvent, body *replication.MariadbGTIDEvent) error {
	if r.current.open {
		return fmt.Errorf("a transaction without an end: %w", ErrDamaged)
	}
	at := time.Unix(int64(e.Header.Timestamp), 0).UTC()
	if !r.point.Time.IsZero() && at.After(r.point.Time) {
		r.done = true
		return nil
	}
	id := transaction{body.GTID.ServerID, body.GTID.SequenceNumber}
	if t, is := r.stop[body.GTID.DomainID]; is && id.sequence > t.sequence { // that one was of another database
		r.done = true
		return nil
	}
	r.current = group{domain: body.GTID.DomainID, id: id, open: true, alone: body.IsStandalone()}
	if r.skip = r.after.has(r.current.domain, id); !r.skip {
		r.last.At = at
		r.open++
	}
	if r.conn != nil && r.open > together {
		return r.commit(ctx)
	}
	return nil
}

// describe gives the server the format of the events that follow.
func (r *replay) describe(ctx context.Context, raw []byte) error {
	if r.conn == nil || string(r.format) == string(raw) {
		return nil
	}
	r.format = slices.Clone(raw)
	return exec(ctx, r.conn, "BINLOG '"+base64.StdEncoding.EncodeToString(raw)+"'")
}

func (r *replay) commit(ctx context.Context) error {
	r.open = 0
	return errors.Join(exec(ctx, r.conn, "COMMIT"), exec(ctx, r.conn, "START TRANSACTION"))
}

// carryOut does in the target what an event says.
func (r *replay) carryOut(ctx context.Context, e *replication.BinlogEvent) error {
	switch body := e.Event.(type) {
	case *replication.TableMapEvent:
		if r.isWanted(body) {
			r.batch = append(r.batch, renamed(e.RawData, r.target, r.sums()))
		}
		return nil
	case *replication.RowsEvent:
		if body.Table != nil && r.isWanted(body.Table) {
			r.batch = append(r.batch, slices.Clone(e.RawData))
		}
		if body.Flags&replication.RowsEventStmtEndFlag == 0 {
			return nil
		}
		return r.rows(ctx)
	case *replication.QueryEvent:
		if isBracket(string(body.Query)) || isSavepoint(string(body.Query)) {
			return nil
		}
		return r.statement(ctx, e, body)
	case *replication.XIDEvent, *replication.MariadbAnnotateRowsEvent:
		return nil
	}
	return fmt.Errorf("an event %s: %w", e.Header.EventType, ErrUnsupported)
}

func (r *replay) isWanted(t *replication.TableMapEvent) bool {
	return string(t.Schema) == r.source && r.tables(string(t.Table))
}

// sums reports whether each event has a checksum at its end.
func (r *replay) sums() bool {
	at := len(r.format) - replication.BinlogChecksumLength - 1
	return at > 0 && r.format[at] == replication.BINLOG_CHECKSUM_ALG_CRC32
}

// rows carries the events of one statement out. The last one has to say that it is.
func (r *replay) rows(ctx context.Context) error {
	batch := r.batch
	r.batch = nil
	isRows := func(raw []byte) bool { return replication.EventType(raw[4]) != replication.TABLE_MAP_EVENT }
	if !slices.ContainsFunc(batch, isRows) {
		return nil
	}
	for !isRows(batch[len(batch)-1]) {
		batch = batch[:len(batch)-1]
	}
	const flags = replication.EventHeaderSize + 6
	last := batch[len(batch)-1]
	binary.LittleEndian.PutUint16(last[flags:], binary.LittleEndian.Uint16(last[flags:])|replication.RowsEventStmtEndFlag)
	sealEvent(last, r.sums())
	return exec(ctx, r.conn, "BINLOG '"+base64.StdEncoding.EncodeToString(slices.Concat(batch...))+"'")
}

// renamed is an event that describes a table, with another name of the database.
func renamed(raw []byte, database string, sums bool) []byte {
	const name = replication.EventHeaderSize + 8
	end := name + 1 + int(raw[name]) // of the name
	event := slices.Concat(raw[:name], []byte{byte(len(database))}, []byte(database), raw[end:])
	binary.LittleEndian.PutUint32(event[9:], uint32(len(event)))
	sealEvent(event, sums)
	return event
}

// sealEvent writes the checksum of an event.
func sealEvent(event []byte, sums bool) {
	if sums {
		end := len(event) - replication.BinlogChecksumLength
		binary.LittleEndian.PutUint32(event[end:], crc32.ChecksumIEEE(event[:end]))
	}
}

func isSavepoint(statement string) bool {
	statement = strings.ToUpper(statement)
	return strings.HasPrefix(statement, "SAVEPOINT ") || strings.HasPrefix(statement, "ROLLBACK TO ")
}

// statement carries a change of the schema out, in a session like that in which it was made.
func (r *replay) statement(ctx context.Context, e *replication.BinlogEvent, q *replication.QueryEvent) error {
	text := string(q.Query)
	upper := strings.ToUpper(text)
	ofServer := func(beginning string) bool { return strings.HasPrefix(upper, beginning) }
	if string(q.Schema) != r.source || !r.tables("") || slices.ContainsFunc(ofTheServer, ofServer) {
		return nil
	}
	if strings.Contains(upper, "DATABASE") && (strings.HasPrefix(upper, "DROP") || strings.HasPrefix(upper, "CREATE")) || strings.HasPrefix(upper, "XA ") {
		return fmt.Errorf("%.40q at %s: %w", text, r.last.At.Format(time.RFC3339), ErrUnsupported)
	}
	if r.source != r.target && strings.Contains(text, name(r.source)+".") {
		return fmt.Errorf("%.40q names the database, which has another name here: %w", text, ErrUnsupported)
	}
	session, err := sessionOf(q.StatusVars)
	if err != nil {
		return err
	}
	if err := r.commit(ctx); err != nil {
		return err
	}
	session = append(session, fmt.Sprintf("SET SESSION timestamp = %d", e.Header.Timestamp))
	for _, s := range append(session, text) {
		if err := exec(ctx, r.conn, s); err != nil {
			return fmt.Errorf("%.40q: %w", s, err)
		}
	}
	return errors.Join(exec(ctx, r.conn, "SET SESSION timestamp = DEFAULT"), exec(ctx, r.conn, "SET SESSION sql_mode = "+loadMode),
		exec(ctx, r.conn, "SET NAMES binary"), exec(ctx, r.conn, "START TRANSACTION"))
}

// ofTheServer is how statements begin that are logged with the database that was the default one, but are not about it.
var ofTheServer = []string{
	"GRANT ", "REVOKE ", "CREATE USER", "CREATE OR REPLACE USER", "ALTER USER", "DROP USER", "RENAME USER", "SET PASSWORD", "SET DEFAULT ROLE", "CREATE ROLE", "DROP ROLE", "FLUSH ",
	"ANALYZE ", "OPTIMIZE ", "REPAIR ",
}

// What the status of a statement says, by its code (MariaDB, Query_event).
const (
	statusFlags, statusMode, statusIncrement, statusCharset, statusCatalog = 0, 1, 3, 4, 6
)

// sessionOf returns the statements that make a session like that of a statement: its mode and its characters.
func sessionOf(status []byte) ([]string, error) {
	var list []string
	for len(status) > 0 {
		code := status[0]
		status = status[1:]
		size := map[byte]int{statusFlags: 4, statusMode: 8, statusIncrement: 4, statusCharset: 6}[code]
		switch {
		case code == statusCatalog && len(status) > 0:
			size = 1 + int(status[0])
		case size == 0:
			return list, nil // what follows does not matter
		}
		if len(status) < size {
			return nil, fmt.Errorf("a statement's session: %w", ErrDamaged)
		}
		switch value := status[:size]; code {
		case statusMode:
			list = append(list, fmt.Sprintf("SET SESSION sql_mode = %d", binary.LittleEndian.Uint64(value)))
		case statusCharset:
			list = append(list, fmt.Sprintf("SET SESSION character_set_client = %d, collation_connection = %d, collation_server = %d",
				binary.LittleEndian.Uint16(value), binary.LittleEndian.Uint16(value[2:]), binary.LittleEndian.Uint16(value[4:])))
		}
		status = status[size:]
	}
	return list, nil
}
