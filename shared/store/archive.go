package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
)

// ArchiveVersion is the version of what archives of instances look like.
const ArchiveVersion = 1

// The kinds of the lines of an archive. What a line holds is said by its kind: ArchivedInstance, ArchivedStep, Task and so on.
const (
	LineInstance   = "instance"
	LineStep       = "step"
	LineTask       = "task"
	LineIncident   = "incident"
	LineComment    = "comment"
	LineCopy       = "copy"
	LineLink       = "link"
	LineAttachment = "attachment"
	LineFile       = "file"
	LineContent    = "content"
	LineEnd        = "end"
)

// ErrChanged: an instance is not what was archived of it.
var ErrChanged = fault.New(fault.Busy, "instance_changed", "The instance has changed since it was archived.")

// ArchiveLine is one line of an archive. Version is set in the first one.
type ArchiveLine struct {
	Version int    `json:"version,omitempty"`
	Kind    string `json:"kind"`
	Row     any    `json:"row"`
}

// JSON is the line as it is written.
func (l ArchiveLine) JSON() ([]byte, error) {
	text, err := json.Marshal(l)
	return append(text, '\n'), err
}

// ArchivedInstance is the first line: the instance, its state with all variables, and the model that it ended with.
type ArchivedInstance struct {
	Instance
	Body         json.RawMessage `json:"body"` // an engine.Instance
	DeploymentID engine.ID       `json:"deploymentId"`
	Resource     string          `json:"resource"`
	ModelSHA256  string          `json:"modelSha256"`
}

// ArchivedStep is a step of the history, with its changes as they are stored.
type ArchivedStep struct {
	Row
	Changes json.RawMessage `json:"changes"`
}

// ArchivedCopy is the copy of a task that a person was sent.
type ArchivedCopy struct {
	Username string    `json:"username"`
	TaskID   engine.ID `json:"taskId"`
	CopyNote
}

func (c *ArchivedCopy) fields() []any {
	return []any{&c.Username, &c.TaskID, &c.By, &c.Comment, &c.At, &c.ReadAt}
}

// ArchivedLink says what an instance was linked with.
type ArchivedLink struct {
	InstanceID engine.ID `json:"instanceId"`
	OtherID    engine.ID `json:"otherId"`
	Comment    string    `json:"comment"`
	By         string    `json:"by"`
	At         time.Time `json:"at"`
}

func (l *ArchivedLink) fields() []any {
	return []any{&l.InstanceID, &l.OtherID, &l.Comment, &l.By, &l.At}
}

// ArchivedAttachment is an attachment, without its content. SHA256 is empty where none was kept.
type ArchivedAttachment struct {
	Attachment
	SHA256 string `json:"sha256,omitempty"`
}

// ArchivedFile is a file of a form, without its content.
type ArchivedFile struct {
	File
	SHA256 string `json:"sha256,omitempty"`
}

// ArchivedContent is the content of an attachment or a file.
type ArchivedContent struct {
	ID    engine.ID `json:"id"`
	Bytes []byte    `json:"bytes"`
}

// ArchivedEnd is the last line: how many there are before it, and their SHA-256.
type ArchivedEnd struct {
	Lines  int    `json:"lines"`
	SHA256 string `json:"sha256"`
}

// ArchiveSum is the SHA-256 of the lines of an instance, without contents.
type ArchiveSum [sha256.Size]byte

const (
	archivedModel       = `SELECT d.deployment_id, d.resource_name, LOWER(HEX(r.sha256)) FROM workflow_definition d JOIN workflow_resource r ON r.deployment_id = d.deployment_id AND r.name = d.resource_name WHERE d.id = ?`
	archivedSteps       = historySelect + ` WHERE instance_id = ? ORDER BY seq`
	archivedTasks       = `SELECT ` + taskColumns + ` FROM workflow_task t WHERE t.instance_id = ? ORDER BY t.id`
	archivedIncidents   = `SELECT ` + incidentColumns + ` WHERE instance_id = ? ORDER BY id`
	archivedComments    = commentColumns + ` WHERE instance_id = ? ORDER BY id`
	archivedCopies      = `SELECT username, task_id, copied_by, comment, copied_at, read_at FROM workflow_copy WHERE instance_id = ? ORDER BY username, task_id`
	archivedLinks       = `SELECT instance_id, other_id, comment, linked_by, linked_at FROM workflow_instance_link WHERE instance_id = ? ORDER BY other_id`
	archivedBacklinks   = `SELECT instance_id, other_id, comment, linked_by, linked_at FROM workflow_instance_link WHERE other_id = ? ORDER BY instance_id`
	archivedAttachments = `SELECT IFNULL(sha256, ''), ` + attachmentColumns + ` WHERE instance_id = ? ORDER BY id`
	archivedFiles       = `SELECT IFNULL(sha256, ''), id, owner, instance_id, name, content_type, size, created_at FROM workflow_file WHERE instance_id = ? ORDER BY id`
)

// archiving is how an instance is read for its archive: as it is, or locked by a transaction.
type archiving struct {
	store *Store
	query func(ctx context.Context, text string, arguments ...any) (*sql.Rows, error)
	lock  string // the end of each statement
	visit func(ArchiveLine) error
}

// EachArchiveLine visits all that is known of an instance that has ended, in an order that is always the same; contents
// aside. It returns ErrNoInstance.
func (s *Store) EachArchiveLine(ctx context.Context, id engine.ID, visit func(ArchiveLine) error) error {
	return archiving{store: s, query: s.DB.Query, visit: visit}.all(ctx, id)
}

// ArchiveSum returns the sum of what EachArchiveLine visits.
func (s *Store) ArchiveSum(ctx context.Context, id engine.ID) (ArchiveSum, error) {
	return archiving{store: s, query: s.DB.Query}.sum(ctx, id)
}

// DeleteArchived is DeleteInstance, if all that is known of the instance is what has the sum: else it returns ErrChanged.
func (s *Store) DeleteArchived(ctx context.Context, id engine.ID, archived ArchiveSum) error {
	return s.deletion(ctx, id, func(tx *sql.Tx) error {
		sum, err := archiving{store: s, query: tx.QueryContext, lock: ` FOR UPDATE`}.sum(ctx, id)
		if err != nil {
			return err
		}
		if sum != archived {
			return ErrChanged
		}
		return deleteRows(ctx, tx, id)
	})
}

func (a archiving) sum(ctx context.Context, id engine.ID) (sum ArchiveSum, err error) {
	hash := sha256.New()
	a.visit = func(l ArchiveLine) error {
		text, err := l.JSON()
		_, _ = hash.Write(text) // never fails
		return err
	}
	err = a.all(ctx, id)
	hash.Sum(sum[:0])
	return sum, err
}

func (a archiving) all(ctx context.Context, id engine.ID) error {
	err := a.instance(ctx, id)
	for _, part := range []func() error{
		func() error { return eachLine(ctx, a, LineStep, lookup{archivedSteps, id}, a.scanStep) },
		func() error { return eachLine(ctx, a, LineTask, lookup{archivedTasks, id}, scanTask) },
		func() error {
			return eachLine(ctx, a, LineIncident, lookup{archivedIncidents, id}, into((*Incident).destinations))
		},
		func() error {
			return eachLine(ctx, a, LineComment, lookup{archivedComments, id}, into((*Comment).fields))
		},
		func() error {
			return eachLine(ctx, a, LineCopy, lookup{archivedCopies, id}, into((*ArchivedCopy).fields))
		},
		func() error {
			return eachLine(ctx, a, LineLink, lookup{archivedLinks, id}, into((*ArchivedLink).fields))
		},
		func() error {
			return eachLine(ctx, a, LineLink, lookup{archivedBacklinks, id}, into((*ArchivedLink).fields))
		},
		func() error {
			return eachLine(ctx, a, LineAttachment, lookup{archivedAttachments, id}, scanArchivedAttachment)
		},
		func() error { return eachLine(ctx, a, LineFile, lookup{archivedFiles, id}, scanArchivedFile) },
	} {
		if err == nil {
			err = part()
		}
	}
	return err
}

// lookup is a statement that finds rows by the id of their instance.
type lookup struct {
	text string
	id   engine.ID
}

// eachLine visits one row after the other: a long history is never in memory.
func eachLine[T any](ctx context.Context, a archiving, kind string, l lookup, scan func(*sql.Rows) (T, error)) error {
	rows, err := a.query(ctx, l.text+a.lock, l.id[:])
	_, err = collect(rows, err, func(rows *sql.Rows) (struct{}, error) {
		row, err := scan(rows)
		if err == nil {
			err = a.visit(ArchiveLine{Kind: kind, Row: row})
		}
		return struct{}{}, err
	})
	return err
}

func (a archiving) instance(ctx context.Context, id engine.ID) error {
	rows, err := a.query(ctx, storedInstances+` WHERE id = ?`+a.lock, id[:])
	list, err := collectStored(rows, err)
	if err == nil && len(list) == 0 {
		err = ErrNoInstance
	}
	if err != nil {
		return err
	}
	line := ArchivedInstance{Instance: list[0].Instance}
	if line.Body, err = a.store.codec.expand(list[0].stored); err != nil {
		return err
	}
	rows, err = a.query(ctx, archivedModel, line.DefinitionID[:])
	_, err = collect(rows, err, func(rows *sql.Rows) (struct{}, error) {
		return struct{}{}, rows.Scan(&line.DeploymentID, &line.Resource, &line.ModelSHA256)
	})
	if err != nil {
		return err
	}
	return a.visit(ArchiveLine{Version: ArchiveVersion, Kind: LineInstance, Row: line})
}

func (a archiving) scanStep(rows *sql.Rows) (step ArchivedStep, err error) {
	step.Row, err = a.store.scanInto(rows, &step.Changes)
	return step, err
}

func scanArchivedAttachment(rows *sql.Rows) (a ArchivedAttachment, err error) {
	var sum []byte
	err = rows.Scan(append([]any{&sum}, a.fields()...)...)
	a.SHA256 = hex.EncodeToString(sum)
	return a, err
}

func scanArchivedFile(rows *sql.Rows) (f ArchivedFile, err error) {
	var sum []byte
	err = rows.Scan(append([]any{&sum}, f.fields()...)...)
	f.SHA256 = hex.EncodeToString(sum)
	return f, err
}
