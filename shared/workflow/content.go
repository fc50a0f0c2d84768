package workflow

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"diom.io/workflow/shared/bucket"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// Why the content of an attachment or a file is not there.
var (
	ErrContentAway = fault.New(fault.Unavailable, "attachment_storage_unavailable",
		"The storage of files does not answer, or refuses. Nothing was changed; try again later.").Elsewhere().After(contentPause)
	ErrContentDamaged = fault.New(fault.Unavailable, "attachment_content_damaged",
		"The content of the file is not in its storage any more, or not the one that was uploaded. An operator has to look after the storage.").Elsewhere()
)

const (
	contentPause = 10 * time.Second
	// objectPatience is after how long an object that nothing has is given up. A call takes half a minute at most.
	objectPatience = time.Hour
	objectBatch    = 100
)

// keep puts a content where contents are: beside its row, or in the bucket, under a name of its own. What has it claims it
// in its transaction; what is not claimed is removed by removeObjects. Errors: ErrContentAway.
func (s *Service) keep(ctx context.Context, id engine.ID, content []byte) (store.Content, error) {
	if s.Bucket == nil || content == nil {
		return store.NewContent(content, ""), nil
	}
	b, err := s.Bucket()
	if err != nil {
		return store.Content{}, fmt.Errorf("%w: %w", ErrContentAway, err)
	}
	kept := store.NewContent(content, id.String())
	if err := s.store.BeginObject(ctx, kept.Place, instant()); err != nil {
		return store.Content{}, err
	}
	return kept, away(b.PutBytes(ctx, kept.Place, content))
}

// bytes returns a content of size bytes, nil where there is none. Errors: ErrContentAway, ErrContentDamaged.
func (s *Service) bytes(ctx context.Context, c store.Content, size int) ([]byte, error) {
	content, err := c.Bytes, error(nil)
	if c.Place != "" {
		content, err = s.fetch(ctx, c.Place, size)
	}
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(content); len(c.Sum) > 0 && !bytes.Equal(sum[:], c.Sum) {
		return nil, fmt.Errorf("object %q: %w", c.Place, ErrContentDamaged)
	}
	return content, nil
}

func (s *Service) fetch(ctx context.Context, place string, size int) ([]byte, error) {
	if s.Bucket == nil {
		return nil, fmt.Errorf("object %s: DIOM_ATTACHMENT_BUCKET is not set: %w", place, ErrContentAway)
	}
	b, err := s.Bucket()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrContentAway, err)
	}
	content, err := b.GetBytes(ctx, place, int64(size))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("object %s: %w", place, ErrContentDamaged)
	}
	return content, away(err)
}

// away gives a failure of the storage the meaning that it has for who uploads or downloads.
func away(err error) error {
	if errors.Is(err, bucket.ErrStorage) {
		return fmt.Errorf("%w: %w", ErrContentAway, err)
	}
	return err
}

// removeObjects removes from the bucket what nothing has: whose upload was cut off, and whose attachment or file is deleted.
// The storage is told first: an object that is removed twice is removed.
func (s *Service) removeObjects(ctx context.Context) (Ticked, bool, error) {
	if s.Bucket == nil {
		return Ticked{}, false, nil
	}
	names, err := s.store.UnusedObjects(ctx, instant().Add(-objectPatience), objectBatch)
	if err != nil || len(names) == 0 {
		return Ticked{}, false, err
	}
	b, err := s.Bucket()
	if err != nil {
		return Ticked{}, false, err
	}
	n, err := each(ctx, names, func(ctx context.Context, name string) error {
		if err := b.Remove(ctx, name); err != nil {
			return err
		}
		return s.store.ForgetObject(ctx, name)
	})
	return Ticked{Purged: n}, err == nil && len(names) == objectBatch, err
}
