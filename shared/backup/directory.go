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

func newDirectory(dir string) (directory, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("DIOM_BACKUP_DIR: %w", err)
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
	f, err := os.OpenFile(d.path(folder, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, space(err)
	}
	return local{f}, nil
}

func (d directory) read(_ context.Context, folder, name string) (io.ReadCloser, error) {
	return os.Open(d.path(folder, name))
}

func (d directory) publish(_ context.Context, folder, name string, content []byte) error {
	dir := d.path(folder, "")
	temporary := d.path(folder, name+".new")
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // our own name
	if err != nil {
		return space(err)
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close(), settle(dir), settle(string(d))); err != nil {
		return space(err)
	}
	if err := os.Rename(temporary, d.path(folder, name)); err != nil {
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

// local is a file of a directory.
type local struct{ *os.File }

func (f local) commit() error { return errors.Join(f.Sync(), f.Close()) }
func (f local) discard()      { _ = f.Close() } // its folder is removed

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
