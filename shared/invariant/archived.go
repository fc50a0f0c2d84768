package invariant

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/klauspost/compress/zstd"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
)

const (
	maxArchiveLine   = 32 << 20
	maxArchiveMemory = 16 << 20
)

// Archive is what the archive of an instance holds.
type Archive struct {
	store.Instance
	Lines map[string]int `json:"lines"` // of each kind
}

// archived is an archive that is being looked at.
type archived struct {
	Checker
	Archive
	body     json.RawMessage
	history  history
	hash     hash.Hash            // of the lines so far
	sums     map[engine.ID]string // of contents that are still to come; empty where none was kept
	lines    int
	finished bool
}

// Archived returns what the archive of an instance holds, and what of that does not hold: every line is as it was written and
// none is missing, contents are those of their attachments and files, and the history folds to the state. An archive that
// breaks off or cannot be read is a violation, too. One line of it is in memory at a time.
func Archived(r io.Reader) (Archive, []Violation) {
	var found []Violation
	a := &archived{hash: sha256.New(), sums: map[engine.ID]string{}}
	a.Lines, a.Found = map[string]int{}, func(v Violation) { found = append(found, v) }
	if err := a.read(r); err != nil {
		a.violation("archive_unreadable", a.ID, "line %d: %v", a.lines+1, err)
		return a.Archive, found
	}
	in := &engine.Instance{}
	if err := json.Unmarshal(a.body, in); err != nil {
		a.violation("state_unreadable", a.ID, "%v", err)
		return a.Archive, found
	}
	a.state(store.StoredInstance{Instance: a.Instance}, in, &a.history)
	for id := range a.sums {
		a.violation("content_missing", a.ID, "the content of %s is not there", id)
	}
	return a.Archive, found
}

func (a *archived) read(r io.Reader) error {
	unpacked, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxArchiveMemory))
	if err != nil {
		return err
	}
	defer unpacked.Close()
	lines := bufio.NewScanner(unpacked)
	lines.Buffer(nil, maxArchiveLine)
	for lines.Scan() {
		if err := a.line(lines.Bytes()); err != nil {
			return err
		}
		a.lines++
	}
	if lines.Err() == nil && !a.finished {
		return errors.New("the archive breaks off")
	}
	return lines.Err()
}

func (a *archived) line(text []byte) error {
	var row json.RawMessage
	l := store.ArchiveLine{Row: &row}
	if err := json.Unmarshal(text, &l); err != nil {
		return err
	}
	first := a.lines == 0
	switch {
	case a.finished:
		return errors.New("something is behind the end")
	case first != (l.Kind == store.LineInstance):
		return fmt.Errorf("it is of the kind %q", l.Kind)
	case first && l.Version != store.ArchiveVersion:
		return fmt.Errorf("version %d is not known here", l.Version)
	case l.Kind == store.LineEnd:
		a.finished = true
		return a.end(row)
	}
	_, _ = a.hash.Write(append(text, '\n')) // never fails
	a.Lines[l.Kind]++
	return a.row(l.Kind, row)
}

// row reads the lines that prove something; what else there is, is for people.
func (a *archived) row(kind string, row json.RawMessage) error {
	switch kind {
	case store.LineInstance:
		var i store.ArchivedInstance
		err := json.Unmarshal(row, &i)
		a.Instance, a.body = i.Instance, bytes.Clone(i.Body)
		return err
	case store.LineStep:
		var step store.Row
		err := json.Unmarshal(row, &step)
		a.step(&a.history, step, err)
	case store.LineAttachment:
		var attachment store.ArchivedAttachment
		err := json.Unmarshal(row, &attachment)
		if attachment.Size != nil {
			a.sums[attachment.ID] = attachment.SHA256
		}
		return err
	case store.LineFile:
		var file store.ArchivedFile
		err := json.Unmarshal(row, &file)
		a.sums[file.ID] = file.SHA256
		return err
	case store.LineContent:
		return a.content(row)
	}
	return nil
}

func (a *archived) content(row json.RawMessage) error {
	var c store.ArchivedContent
	if err := json.Unmarshal(row, &c); err != nil {
		return err
	}
	sum := sha256.Sum256(c.Bytes)
	if want, known := a.sums[c.ID]; !known || want != "" && want != hex.EncodeToString(sum[:]) {
		a.violation("content_differs", a.ID, "the content of %s is not the one that was uploaded", c.ID)
	}
	delete(a.sums, c.ID)
	return nil
}

func (a *archived) end(row json.RawMessage) error {
	var end store.ArchivedEnd
	if err := json.Unmarshal(row, &end); err != nil {
		return err
	}
	if got := hex.EncodeToString(a.hash.Sum(nil)); end.Lines != a.lines || end.SHA256 != got {
		a.violation("archive_differs", a.ID, "%d lines with the sum %s are there instead of %d with %s", a.lines, got, end.Lines, end.SHA256)
	}
	return nil
}
