// Package backup copies the product's database to a directory or a bucket and back: one consistent state of its
// tables, views, routines, triggers and events, in compressed, encrypted objects that a signed manifest
// lists. It needs no client programs.
//
// A backup is a folder of its own in the Vault's place. Its manifest is written last, at once:
// without one it is a part of a backup, and is never taken for more. What is read back is believed only
// as far as the manifest's signature and the checksums reach.
package backup

import (
	"context"
	"net"
	"sync"

	"diom.io/workflow/shared/fault"
)

// Why there is no backup, or none that can be restored.
var (
	ErrOff = fault.New(fault.Precondition, "backup_off",
		"Backups are off: DIOM_BACKUP_DIR names no directory and no bucket.")
	ErrRunning = fault.New(fault.Conflict, "backup_running",
		"Another backup or restore of this database is under way.")
	ErrNoKey = fault.New(fault.Precondition, "backup_no_key",
		"There is no key for backups. Make one with diom backup key and give it as the secrets diom-backup-key or diom-backup-signing-key.")
	ErrWrongKey = fault.New(fault.Forbidden, "backup_wrong_key",
		"The backup was made with another key.")
	ErrUnencrypted = fault.New(fault.Forbidden, "backup_unencrypted",
		"The backup is not encrypted or not signed; only DIOM_BACKUP_PLAIN=true accepts that.")
	ErrNotFound = fault.New(fault.NotFound, "backup_not_found",
		"There is no such backup.")
	ErrPartial = fault.New(fault.Conflict, "backup_partial",
		"The backup was never finished: it has no manifest.")
	ErrDamaged = fault.New(fault.Internal, "backup_damaged",
		"The backup is damaged.")
	ErrMissing = fault.New(fault.Internal, "backup_object_missing",
		"An object of the backup is missing.")
	ErrNewer = fault.New(fault.Precondition, "backup_newer_format",
		"The backup was made by a newer version of the product; restore it with that version.")
	ErrNotEmpty = fault.New(fault.Conflict, "backup_target_not_empty",
		"A backup is restored into an empty database only.")
	ErrNoSpace = fault.New(fault.Unavailable, "backup_no_space",
		"There is no space left in the directory of the backups.").Elsewhere()
	ErrRights = fault.New(fault.Forbidden, "backup_rights_missing",
		"The database account lacks rights for this.")
	ErrUnsupported = fault.New(fault.Invalid, "backup_unsupported",
		"The database holds something that cannot be backed up consistently.")
	ErrSchemaChanged = fault.New(fault.Conflict, "backup_schema_changed",
		"The schema was changed while the backup was made. Make it again.")
	ErrDiffers = fault.New(fault.Internal, "backup_restored_differs",
		"What was restored is not what the backup holds.")
	ErrNoBase = fault.New(fault.Precondition, "backup_no_base",
		"There is no full backup with a position in the binary log to go on from. Make one with diom backup.")
	ErrNoLog = fault.New(fault.Precondition, "backup_no_binlog",
		"The server has no binary log that can be archived.")
	ErrLogGone = fault.New(fault.Conflict, "backup_binlog_gone",
		"The server has no longer the part of its binary log that comes next. Make a full backup.")
	ErrNotReached = fault.New(fault.Conflict, "backup_point_not_reached",
		"The backups do not reach to that point in time.")
	ErrCopyOff = fault.New(fault.Precondition, "backup_copy_off",
		"Copies of backups are off: DIOM_BACKUP_COPY_TO names no directory and no bucket.")
	ErrCopySame = fault.New(fault.Precondition, "backup_copy_same",
		"Backups are not copied to the place where they are.")
	ErrPacket = fault.New(fault.Precondition, "backup_packet_too_small",
		"The server's max_allowed_packet is smaller than the largest value of the backup.")
)

// Database is a MySQL or MariaDB database to copy from or to.
type Database struct {
	// DSN is a go-sql-driver DSN that names the database.
	DSN string
	// Dial replaces the dialer, for faults on the wire.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Progress is told how many bytes of about how many are done; it is called often, by one goroutine at a
// time. nil is told nothing.
type Progress func(done, total int64)

// Vault is the place of the backups of one installation, with the keys to write and to read them. It
// is safe for concurrent use, also by several processes.
type Vault struct {
	settings Settings
	keys     keys
	place    place
	// planted switches guards off, for the tests that show what the guards are for.
	planted struct{ noChecksum, noSignature, noLast bool }
}

// Open returns the vault of the settings, and makes its directory where it is one; ErrOff where they name none. A key that
// cannot be read is an error, a missing one is not until it is needed.
func Open(s Settings) (*Vault, error) {
	if s.Dir == "" {
		return nil, ErrOff
	}
	k, err := s.keys()
	if err != nil {
		return nil, err
	}
	p, err := newPlace(s)
	if err != nil {
		return nil, err
	}
	return &Vault{settings: s, keys: k, place: p}, nil
}

// Settings returns what the vault was opened with.
func (v *Vault) Settings() Settings { return v.settings }

// meter adds up what several goroutines have done.
type meter struct {
	mutex       sync.Mutex
	tell        Progress
	done, total int64
}

func newMeter(tell Progress, total int64) *meter { return &meter{tell: tell, total: total} }

func (m *meter) add(n int64) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.done += n
	if m.tell != nil {
		m.tell(m.done, max(m.total, m.done))
	}
}
