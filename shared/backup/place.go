package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"time"

	"diom.io/workflow/shared/bucket"
)

// place is where backups are: a directory, or a bucket of S3-compatible storage. Each backup is a folder in it, with
// files of fixed names. What is not there is fs.ErrNotExist.
type place interface {
	fmt.Stringer
	// folders returns the names of all folders.
	folders(ctx context.Context) ([]string, error)
	// sizes returns the files of a folder with their sizes.
	sizes(ctx context.Context, folder string) (map[string]int64, error)
	// create makes a folder, or returns fs.ErrExist where it can tell that it is there.
	create(ctx context.Context, folder string) error
	// write begins a file of a folder; it is there, whole, once it was committed, and then in the place of one that was.
	write(ctx context.Context, folder, name string) (file, error)
	read(ctx context.Context, folder, name string) (io.ReadCloser, error)
	// publish writes a whole file of a folder at once, in the place of one that is there, after everything else that was
	// written there, durably.
	publish(ctx context.Context, folder, name string, content []byte) error
	// remove deletes a folder, the file called first first of all.
	remove(ctx context.Context, folder, first string) error
}

// file is a file that is written: it ends with commit, which makes it durable, or with discard.
type file interface {
	io.Writer
	commit() error
	discard()
}

// newPlace returns the place that a setting names: s3://bucket/prefix, or a directory, which is made.
func newPlace(s Settings) (place, error) {
	if !bucket.Is(s.Dir) {
		return newDirectory(s.Dir, s.variable(variableDir, variableCopyTo))
	}
	b, err := bucket.Open(s.Bucket, s.Dir)
	return remote{b}, err
}

const idTime = "20060102T150405.000Z"

var validID = regexp.MustCompile(`^[0-9]{8}T[0-9]{6}\.[0-9]{3}Z-[0-9a-f]{8}(` + logSuffix + `)?$`)

// ids returns the names of all backups, or of all increments, whole ones and others, newest first.
func (v *Vault) ids(ctx context.Context, increments bool) ([]string, error) {
	list, err := v.place.folders(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", v.settings.variable(variableDir, variableCopyTo), err)
	}
	list = slices.DeleteFunc(list, func(name string) bool {
		return !validID.MatchString(name) || strings.HasSuffix(name, logSuffix) != increments
	})
	slices.Sort(list)
	slices.Reverse(list)
	return list, nil
}

// begun is when the backup of that name was begun.
func begun(id string) time.Time {
	at, _ := time.Parse(idTime, id[:len(idTime)]) // validID
	return at
}

// create makes the folder of a new backup.
func (v *Vault) create(ctx context.Context, now time.Time) (string, error) {
	id := newID(now.UTC().Format(idTime))
	return id, v.place.create(ctx, id)
}

// remove deletes a backup, its manifest first: what is left, if this is cut off, is no backup.
func (v *Vault) remove(ctx context.Context, id string) error {
	return v.place.remove(ctx, id, manifestName)
}

// publish writes the manifest, which makes the backup one. Everything else is durable by then.
func (v *Vault) publish(ctx context.Context, m Manifest) error {
	content, err := v.keys.encode(m)
	if err != nil {
		return err
	}
	return v.place.publish(ctx, m.ID, manifestName, content)
}

// readManifest returns the file of a manifest: also ErrNotFound, ErrPartial.
func (v *Vault) readManifest(ctx context.Context, id string) ([]byte, error) {
	r, err := v.place.read(ctx, id, manifestName)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := v.place.sizes(ctx, id); errors.Is(err, fs.ErrNotExist) {
			return nil, ErrNotFound
		} else if err != nil {
			return nil, err
		}
		return nil, ErrPartial
	}
	if err != nil {
		return nil, err
	}
	defer r.Close()
	content, err := io.ReadAll(io.LimitReader(r, maxManifest+1))
	if err == nil && len(content) > maxManifest {
		err = fmt.Errorf("%s: larger than %d bytes: %w", manifestName, maxManifest, ErrDamaged)
	}
	return content, err
}
