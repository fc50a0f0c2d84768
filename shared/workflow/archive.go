package workflow

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/klauspost/compress/zstd"

	"diom.io/workflow/shared/bucket"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
)

const (
	// archivePatience is how long writing one archive may take: a call of tick ends before a minute.
	archivePatience = 40 * time.Second
	archiveWindow   = 1 << 20
)

// errNotWhole: something of an instance is not to be had, such as the content of an attachment.
var errNotWhole = errors.New("it cannot be archived whole")

// archived writes the archive of an instance and returns what it is the archive of. It is there, whole, when archived has
// returned no error. The name says which instance it is and, by its sum, in which state: what is written later of another
// state cannot take its place, and what is written again is the same.
func (s *Service) archived(ctx context.Context, old store.OldInstance) (store.ArchiveSum, error) {
	ctx, cancel := context.WithTimeout(ctx, archivePatience)
	defer cancel()
	sum, err := s.store.ArchiveSum(ctx, old.ID)
	if err != nil {
		return sum, err
	}
	b, err := s.Archive()
	if err != nil {
		return sum, fmt.Errorf("%w: %w", bucket.ErrStorage, err)
	}
	reader, writer := io.Pipe()
	written := make(chan error, 1)
	go func() {
		err := s.writeArchive(ctx, writer, old.ID, sum)
		_ = writer.CloseWithError(err) // never fails
		written <- err
	}()
	err = b.Put(ctx, archiveName(old, sum), reader, bucket.Unknown)
	_ = reader.CloseWithError(err) // ends who writes
	if failure := <-written; failure != nil {
		return sum, failure
	}
	return sum, err
}

// archiveName is the name of an archive below the bucket's address.
func archiveName(old store.OldInstance, sum store.ArchiveSum) string {
	return fmt.Sprintf("%s/%s/%s-%s.jsonl.zst", old.EndedAt.UTC().Format("2006/01"), old.ProcessKey, old.ID, hex.EncodeToString(sum[:8]))
}

// archive is one that is being written: lines of JSON, compressed.
type archive struct {
	to       io.Writer
	hash     hash.Hash // of all lines
	lines    int
	contents []held
}

// held is an attachment or a file whose content goes behind the lines.
type held struct {
	id   engine.ID
	size int
	read func(context.Context) (store.Content, error)
}

// writeArchive writes the archive of what has the sum, or returns store.ErrChanged.
func (s *Service) writeArchive(ctx context.Context, to io.Writer, id engine.ID, sum store.ArchiveSum) error {
	packed, err := zstd.NewWriter(to, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(archiveWindow))
	if err != nil {
		return err
	}
	a := &archive{to: packed, hash: sha256.New()}
	if err := s.store.EachArchiveLine(ctx, id, func(l store.ArchiveLine) error { s.noteContent(a, l.Row); return a.write(l) }); err != nil {
		return err
	}
	if store.ArchiveSum(a.hash.Sum(nil)) != sum {
		return store.ErrChanged
	}
	for _, h := range a.contents {
		if err := s.archiveContent(ctx, a, h); err != nil {
			return err
		}
	}
	end := store.ArchivedEnd{Lines: a.lines, SHA256: hex.EncodeToString(a.hash.Sum(nil))}
	if err := a.write(store.ArchiveLine{Kind: store.LineEnd, Row: end}); err != nil {
		return err
	}
	return packed.Close()
}

func (a *archive) write(l store.ArchiveLine) error {
	text, err := l.JSON()
	if err != nil {
		return err
	}
	a.lines++
	_, _ = a.hash.Write(text) // never fails
	_, err = a.to.Write(text)
	return err
}

// noteContent remembers which contents there are.
func (s *Service) noteContent(a *archive, row any) {
	switch row := row.(type) {
	case store.ArchivedAttachment:
		if row.Size != nil {
			a.contents = append(a.contents, held{row.ID, *row.Size, func(ctx context.Context) (store.Content, error) {
				_, c, err := s.store.Attachment(ctx, row.ID)
				return c, err
			}})
		}
	case store.ArchivedFile:
		a.contents = append(a.contents, held{row.ID, row.Size, func(ctx context.Context) (store.Content, error) { return s.store.FileContent(ctx, row.ID) }})
	}
}

// archiveContent writes one content: there is never more than one in memory.
func (s *Service) archiveContent(ctx context.Context, a *archive, h held) error {
	c, err := h.read(ctx)
	if err != nil {
		return err
	}
	content, err := s.bytes(ctx, c, h.size)
	if errors.Is(err, ErrContentDamaged) {
		err = fmt.Errorf("%w: %w", errNotWhole, err)
	}
	if err != nil {
		return err
	}
	return a.write(store.ArchiveLine{Kind: store.LineContent, Row: store.ArchivedContent{ID: h.id, Bytes: content}})
}
