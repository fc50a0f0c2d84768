package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"
)

// State is what a glance says of a backup.
type State string

// A whole backup has a manifest with the right signature and every object in its size; what is in them only
// Verify tells. Nobody finished a partial one. An unreadable one has another key or format.
const (
	Whole      State = "whole"
	Partial    State = "partial"
	Damaged    State = "damaged"
	Unreadable State = "unreadable"
)

// Entry is one backup of a list. Manifest is nil where none can be believed.
type Entry struct {
	ID       string    `json:"id"`
	Begun    time.Time `json:"begun"`
	State    State     `json:"state"`
	Problem  string    `json:"problem,omitempty"`
	Manifest *Manifest `json:"manifest,omitempty"`
	// code is that of the problem.
	code string
}

// List returns the backups in the vault, newest first, also those that are none; not their increments.
func (v *Vault) List(ctx context.Context) ([]Entry, error) { return v.entries(ctx, false) }

func (v *Vault) entries(ctx context.Context, increments bool) ([]Entry, error) {
	ids, err := v.ids(ctx, increments)
	if err != nil {
		return nil, err
	}
	list := make([]Entry, 0, len(ids))
	for _, id := range ids {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		list = append(list, v.entry(ctx, id))
	}
	return list, nil
}

func (v *Vault) entry(ctx context.Context, id string) Entry {
	e := Entry{ID: id, Begun: begun(id), State: Whole}
	m, err := v.read(ctx, id)
	if err == nil {
		e.Manifest = &m
		err = v.present(ctx, m)
	}
	switch {
	case err == nil:
		return e
	case errors.Is(err, ErrPartial), errors.Is(err, ErrNotFound): // deleted just now
		e.State = Partial
	case errors.Is(err, ErrWrongKey), errors.Is(err, ErrNoKey), errors.Is(err, ErrUnencrypted), errors.Is(err, ErrNewer):
		e.State = Unreadable
	default:
		e.State = Damaged
	}
	e.Problem, e.code = err.Error(), code(err)
	return e
}

// lacking are the objects of a backup that are not there in their size.
func (v *Vault) lacking(ctx context.Context, m Manifest) ([]Object, error) {
	sizes, err := v.place.sizes(ctx, m.ID)
	if errors.Is(err, fs.ErrNotExist) {
		return m.Objects, nil
	}
	return slices.DeleteFunc(slices.Clone(m.Objects), func(o Object) bool {
		size, is := sizes[o.Name]
		return is && size == o.Bytes
	}), err
}

// present reports whether each object is there in its size.
func (v *Vault) present(ctx context.Context, m Manifest) error {
	sizes, err := v.place.sizes(ctx, m.ID)
	if err != nil {
		return err
	}
	for _, o := range m.Objects {
		switch size, is := sizes[o.Name]; {
		case !is:
			return fmt.Errorf("object %s: %w", o.Name, ErrMissing)
		case size != o.Bytes:
			return fmt.Errorf("object %s: %d bytes of %d: %w", o.Name, size, o.Bytes, ErrDamaged)
		}
	}
	return nil
}

// intact holds the checksum of each object against its file; it needs no identity.
func (v *Vault) intact(ctx context.Context, m Manifest) error {
	for _, o := range m.Objects {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := v.intactObject(ctx, m, o); err != nil {
			return err
		}
	}
	return nil
}

func (v *Vault) intactObject(ctx context.Context, m Manifest, o Object) error {
	return v.pour(ctx, m.ID, o, io.Discard)
}

// pour reads the file of an object into w as it is and holds it against its size and checksum: ErrMissing, ErrDamaged.
// What w has got is to be believed only when there is no error.
func (v *Vault) pour(ctx context.Context, backup string, o Object, w io.Writer) error {
	f, err := v.place.read(ctx, backup, o.Name)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("object %s: %w", o.Name, ErrMissing)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(h, w), f)
	switch {
	case err != nil:
		return fmt.Errorf("object %s: %w", o.Name, err)
	case v.planted.noChecksum:
	case n != o.Bytes:
		return fmt.Errorf("object %s: %d bytes of %d: %w", o.Name, n, o.Bytes, ErrDamaged)
	case hex.EncodeToString(h.Sum(nil)) != o.SHA256:
		return fmt.Errorf("object %s: its checksum is wrong: %w", o.Name, ErrDamaged)
	}
	return nil
}
