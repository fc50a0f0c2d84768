package backup

import (
	"os"
	"path/filepath"
	"time"
)

// SetNoChecksum switches the checksums, sizes and counts off, to show what they are for.
func (v *Vault) SetNoChecksum() { v.planted.noChecksum = true }

// SetNoSignature switches the check of the manifest's signature off.
func (v *Vault) SetNoSignature() { v.planted.noSignature = true }

// SetNoLast lets Prune delete whatever is old.
func (v *Vault) SetNoLast() { v.planted.noLast = true }

// Space and RightsOn are the parts that no server of a test can be brought to use.
var (
	Space    = space
	RightsOn = rightsOn
)

// Fake writes a small backup that was made at a time, without a database.
func (v *Vault) Fake(started time.Time, environment string) (string, error) {
	id := newID(started.UTC().Format(idTime))
	dir := filepath.Join(v.settings.Dir, id)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	content := []byte("content of " + id)
	object := Object{Name: schemaName + v.suffix(), Bytes: int64(len(content)), SHA256: digest(content)}
	if err := os.WriteFile(filepath.Join(dir, object.Name), content, 0o600); err != nil {
		return "", err
	}
	file, err := v.keys.encode(Manifest{ID: id, Started: started, Environment: environment, Database: "d", Encrypted: true, Objects: []Object{object}})
	if err != nil {
		return "", err
	}
	return id, os.WriteFile(filepath.Join(dir, manifestName), file, 0o600)
}
