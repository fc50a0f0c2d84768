package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// directory is a place on a disk of this machine.
type directory string

func newDirectory(dir, setting string) (directory, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("%s: %w", setting, space(err))
	}
	return directory(dir), nil
}

func (d directory) String() string { return string(d) }

func (d directory) path(folder, name string) string { return filepath.Join(string(d), folder, name) }

func (d directory) folders(context.Context) ([]string, error) {
	entries, err := os.ReadDir(string(d))
	if err != nil {
		return nil, err
	}
	var list []string
	for _, e := range entries {
		if e.IsDir() {
			list = append(list, e.Name())
		}
	}
	return list, nil
}

func (d directory) sizes(_ context.Context, folder string) (map[string]int64, error) {
	entries, err := os.ReadDir(d.path(folder, ""))
	if err != nil {
		return nil, err
	}
	sizes := map[string]int64{}
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) { // deleted just now
			continue
		}
		if err != nil {
			return nil, err
		}
		sizes[e.Name()] = info.Size()
	}
	return sizes, nil
}

func (d directory) create(_ context.Context, folder string) error {
	return space(os.Mkdir(d.path(folder, ""), 0o700))
}

func (d directory) write(_ context.Context, folder, name string) (file, error) {
	f, err := os.CreateTemp(d.path(folder, ""), name+".*.new") // several may write the same one
	if err != nil {
		return nil, space(err)
	}
	return local{f, d.path(folder, name)}, nil
}

func (d directory) read(_ context.Context, folder, name string) (io.ReadCloser, error) {
	return os.Open(d.path(folder, name))
}

func (d directory) publish(ctx context.Context, folder, name string, content []byte) error {
	f, err := d.write(ctx, folder, name)
	if err != nil {
		return err
	}
	dir := d.path(folder, "")
	_, err = f.Write(content)
	if err = errors.Join(err, settle(dir), settle(string(d))); err != nil {
		f.discard()
		return space(err)
	}
	if err := f.commit(); err != nil {
		return space(err)
	}
	return settle(dir)
}

func (d directory) remove(_ context.Context, folder, first string) error {
	dir := d.path(folder, "")
	if err := os.Remove(d.path(folder, first)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := settle(dir); err != nil && !errors.Is(err, fs.ErrNotExist) { // another process deletes it too
		return err
	}
	return os.RemoveAll(dir)
}

// local is a file of a directory; it has its name from commit on.
type local struct {
	*os.File
	name string
}

func (f local) commit() error {
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		_ = os.Remove(f.File.Name()) // the folder is removed at some time
		return err
	}
	return os.Rename(f.File.Name(), f.name)
}

func (f local) discard() {
	_, _ = f.Close(), os.Remove(f.File.Name()) // the folder is removed at some time
}

// settle makes the names in a directory durable.
func settle(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // our own name
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// space names the error of a full disk.
func space(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w (%w)", ErrNoSpace, err)
	}
	return err
}
