package backup

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"
	"time"
)

const idTime = "20060102T150405.000Z"

var validID = regexp.MustCompile(`^[0-9]{8}T[0-9]{6}\.[0-9]{3}Z-[0-9a-f]{8}$`)

// ids returns the names of all backups, whole ones and others, newest first.
func (v *Vault) ids() ([]string, error) {
	entries, err := os.ReadDir(v.settings.Dir)
	if err != nil {
		return nil, fmt.Errorf("DIOM_BACKUP_DIR: %w", err)
	}
	var list []string
	for _, e := range entries {
		if e.IsDir() && validID.MatchString(e.Name()) {
			list = append(list, e.Name())
		}
	}
	slices.Sort(list)
	slices.Reverse(list)
	return list, nil
}

// begun is when the backup of that name was begun.
func begun(id string) time.Time {
	at, _ := time.Parse(idTime, id[:len(idTime)]) // validID
	return at
}

// create makes the directory of a new backup.
func (v *Vault) create(now time.Time) (string, error) {
	id := newID(now.UTC().Format(idTime))
	if err := os.Mkdir(filepath.Join(v.settings.Dir, id), 0o700); err != nil {
		return "", space(err)
	}
	return id, nil
}

// remove deletes a backup, its manifest first: what is left, if this is cut off, is no backup.
func (v *Vault) remove(id string) error {
	dir := filepath.Join(v.settings.Dir, id)
	if err := os.Remove(filepath.Join(dir, manifestName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := settle(dir); err != nil && !errors.Is(err, fs.ErrNotExist) { // another process deletes it too
		return err
	}
	return os.RemoveAll(dir)
}

// publish writes the manifest, which makes the backup one. Everything else is on the disk by then.
func (v *Vault) publish(m Manifest) error {
	file, err := v.keys.encode(m)
	if err != nil {
		return err
	}
	dir := filepath.Join(v.settings.Dir, m.ID)
	temporary := filepath.Join(dir, manifestName+".new")
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // our own name
	if err != nil {
		return space(err)
	}
	_, err = f.Write(file)
	if err = errors.Join(err, f.Sync(), f.Close(), settle(dir), settle(v.settings.Dir)); err != nil {
		return space(err)
	}
	if err := os.Rename(temporary, filepath.Join(dir, manifestName)); err != nil {
		return space(err)
	}
	return settle(dir)
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

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func readLimited(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // our own name
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = fmt.Errorf("%s: larger than %d bytes: %w", filepath.Base(path), limit, ErrDamaged)
	}
	return content, err
}
