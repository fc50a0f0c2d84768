package backup

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"time"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"
	"github.com/go-sql-driver/mysql"
)

const (
	// pending is how many events are read ahead of what is written.
	pending   = 16
	heartbeat = 10 * time.Second
	silence   = 30 * time.Second // without an event or a heartbeat the connection is dead
	// firstServer is the least number that we call ourselves by, beyond those that people give their servers.
	firstServer = 1 << 31

	errLogGone = 1236 // ER_MASTER_FATAL_ERROR_READING_BINLOG
)

// run reads the log until ctx ends, or a.until. What it has read is safe when it returns.
func (a *archiver) run(ctx context.Context, from Database) error {
	syncer, err := newSyncer(from)
	if err != nil {
		return err
	}
	defer syncer.Close()
	start, err := gomysql.ParseMariadbGTIDSet(a.at.String())
	if err != nil {
		return err
	}
	stream, err := syncer.StartSyncGTID(start)
	if err != nil {
		return explainLog(err)
	}
	err = a.read(ctx, stream)
	// Whole transactions that were read are written, also when the end has come.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUp)
	defer cancel()
	if a.group.writing { // a part of a transaction is in the object: it ends before that
		a.abandon(last)
	}
	err = errors.Join(explainLog(err), a.flush(last))
	a.manifest = nil
	return err
}

// abandon gives up the object under way, which ends within a transaction.
func (a *archiver) abandon(ctx context.Context) {
	if a.writer == nil {
		return
	}
	a.writer.file.discard()
	a.writer, a.inside = nil, 0
	if len(a.manifest.Objects) == 0 {
		_ = a.vault.remove(ctx, a.manifest.ID) // else pruning does
	}
}

func (a *archiver) read(ctx context.Context, stream *replication.BinlogStreamer) error {
	for a.until == nil || !a.at.covers(a.until) {
		wait, cancel := context.WithTimeout(ctx, segmentAge/4)
		event, err := stream.GetEvent(wait)
		cancel()
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // that is how it ends
		case errors.Is(err, context.DeadlineExceeded):
		case err != nil:
			return err
		default:
			if err := a.event(ctx, event); err != nil {
				return err
			}
		}
		if a.full() && !a.group.writing {
			if err := a.flush(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// group is one transaction of the log under way: what was read of it before it is known whether any of it is ours.
type group struct {
	domain  uint32
	id      transaction
	open    bool
	alone   bool // it is one statement, which nothing ends
	writing bool // it is ours; what comes goes to the object at once
	held    [][]byte
}

// event takes one event of the log.
func (a *archiver) event(ctx context.Context, e *replication.BinlogEvent) error {
	switch body := e.Event.(type) {
	case *replication.FormatDescriptionEvent:
		return a.reformat(ctx, e.RawData)
	case *replication.MariadbGTIDEvent:
		a.group = group{domain: body.GTID.DomainID, id: transaction{body.GTID.ServerID, body.GTID.SequenceNumber}, open: true, alone: body.IsStandalone()}
		a.last = e.Header.Timestamp
	case *replication.RotateEvent, *replication.MariadbGTIDListEvent, *replication.MariadbBinlogCheckPointEvent, *replication.MariadbAnnotateRowsEvent:
		return nil
	}
	if !a.group.open || e.Header.EventType == replication.HEARTBEAT_EVENT {
		return nil // what the log says of itself
	}
	if err := a.take(ctx, e); err != nil {
		return err
	}
	if !ends(e, a.group.alone) {
		return nil
	}
	if a.group.writing {
		a.inside++
	}
	a.at, a.group = a.at.with(a.group.domain, a.group.id), group{}
	return nil
}

// reformat goes on with events of another format, in an object of its own.
func (a *archiver) reformat(ctx context.Context, format []byte) error {
	if a.format != nil && !sameFormat(a.format, format) {
		if err := a.flush(ctx); err != nil {
			return err
		}
	}
	a.format = format
	return nil
}

// take writes an event of a transaction that is ours, or holds it until that is known.
func (a *archiver) take(ctx context.Context, e *replication.BinlogEvent) error {
	if !a.group.writing && a.isOurs(e) {
		if err := a.segment(ctx); err != nil {
			return err
		}
		a.group.writing = true
		for _, raw := range a.group.held {
			if _, err := a.writer.Write(raw); err != nil {
				return space(err)
			}
		}
		a.group.held = nil
	}
	if a.group.writing {
		_, err := a.writer.Write(e.RawData)
		return space(err)
	}
	if isHeld(e) {
		a.group.held = append(a.group.held, e.RawData)
	}
	return nil
}

// isHeld: of a transaction that may not be ours its rows are not kept.
func isHeld(e *replication.BinlogEvent) bool {
	_, rows := e.Event.(*replication.RowsEvent)
	return !rows
}

// isOurs reports whether an event changes the database.
func (a *archiver) isOurs(e *replication.BinlogEvent) bool {
	switch body := e.Event.(type) {
	case *replication.TableMapEvent:
		return string(body.Schema) == a.server.name
	case *replication.QueryEvent:
		return string(body.Schema) == a.server.name && !isBracket(string(body.Query))
	}
	return false
}

// isBracket reports whether a statement only begins or ends a transaction.
func isBracket(statement string) bool {
	switch strings.ToUpper(strings.TrimSpace(statement)) {
	case "BEGIN", "COMMIT", "ROLLBACK":
		return true
	}
	return false
}

// ends reports whether a transaction is over with an event.
func ends(e *replication.BinlogEvent, alone bool) bool {
	switch body := e.Event.(type) {
	case *replication.XIDEvent:
		return true
	case *replication.QueryEvent:
		return alone || isBracket(string(body.Query)) && !strings.EqualFold(strings.TrimSpace(string(body.Query)), "BEGIN")
	}
	return e.Header.EventType == replication.XA_PREPARE_LOG_EVENT
}

// sameFormat compares two descriptions of the format but for their headers, the time of the server's start and the
// checksum.
func sameFormat(a, b []byte) bool {
	const created, after, sum = replication.EventHeaderSize + 2 + 50, replication.EventHeaderSize + 2 + 50 + 4, replication.BinlogChecksumLength
	return len(a) == len(b) && len(a) > after+sum &&
		string(a[replication.EventHeaderSize:created]) == string(b[replication.EventHeaderSize:created]) && string(a[after:len(a)-sum]) == string(b[after:len(b)-sum])
}

// newSyncer is a replica of the server. It does not connect again by itself: where it goes on is ours to say.
func newSyncer(d Database) (*replication.BinlogSyncer, error) {
	cfg, err := mysql.ParseDSN(d.DSN)
	if err != nil {
		return nil, fmt.Errorf("mysql dsn: %w", err)
	}
	host, port, err := net.SplitHostPort(cfg.Addr)
	number, wrong := strconv.ParseUint(port, 10, 16)
	if err != nil || wrong != nil || cfg.Net != "tcp" {
		return nil, errors.New("mysql dsn: the binary log is read over tcp only")
	}
	var secure *tls.Config
	if cfg.TLS != nil {
		secure = cfg.TLS
	}
	return replication.NewBinlogSyncer(replication.BinlogSyncerConfig{
		ServerID: firstServer + rand.Uint32N(firstServer), //nolint:gosec // a name, no secret
		Flavor:   gomysql.MariaDBFlavor, Host: host, Port: uint16(number), User: cfg.User, Password: cfg.Passwd, TLSConfig: secure,
		HeartbeatPeriod: heartbeat, ReadTimeout: silence, DisableRetrySync: true, VerifyChecksum: true, DiscardGTIDSet: true, EventCacheCount: pending,
		RowsEventDecodeFunc: headerOnly, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}), nil
}

// headerOnly reads which table an event of rows is about.
func headerOnly(e *replication.RowsEvent, data []byte) error {
	_, err := e.DecodeHeader(data)
	return err
}

// explainLog gives an error of the log its meaning.
func explainLog(err error) error {
	var my *gomysql.MyError
	if errors.As(err, &my) && my.Code == errLogGone {
		return fmt.Errorf("%w (%w)", ErrLogGone, my)
	}
	return err
}
