package backup

import (
	"cmp"
	"context"
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
	return v.fake(Manifest{ID: newID(started.UTC().Format(idTime)), Started: started, Environment: environment})
}

// FakeOf is Fake of a database.
func (v *Vault) FakeOf(database string, started time.Time) (string, error) {
	return v.fake(Manifest{ID: newID(started.UTC().Format(idTime)), Started: started, Environment: v.settings.Environment, Database: database})
}

// FakeFull is Fake of a backup with a position in the binary log.
func (v *Vault) FakeFull(started time.Time, gtid string) (string, error) {
	return v.fake(Manifest{ID: newID(started.UTC().Format(idTime)), Started: started, Environment: v.settings.Environment, Snapshot: Snapshot{GTID: gtid}})
}

// FakeLog writes an increment that ended at a time.
func (v *Vault) FakeLog(ended time.Time, from, to string) (string, error) {
	return v.fake(Manifest{
		ID: newID(ended.UTC().Format(idTime)) + logSuffix, Started: ended, Finished: ended, Environment: v.settings.Environment,
		Increment: &Increment{From: from, To: to, Until: ended},
	})
}

// Plan returns the name of the full backup and the names of the increments that lead to a point.
func (v *Vault) Plan(ctx context.Context, point Point) (names []string, missing string, err error) {
	j, err := v.plan(ctx, Latest, point)
	if err != nil {
		return nil, "", err
	}
	names = []string{j.full.ID}
	for _, m := range j.links {
		names = append(names, m.ID)
	}
	return names, j.missing, nil
}

func (v *Vault) fake(m Manifest) (string, error) {
	id := m.ID
	dir := filepath.Join(v.settings.Dir, id)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	content := []byte("content of " + id)
	name := schemaName
	if m.Increment != nil {
		name = "binlog-000001"
	}
	object := Object{Name: name + v.suffix(), Bytes: int64(len(content)), SHA256: digest(content)}
	if err := os.WriteFile(filepath.Join(dir, object.Name), content, 0o600); err != nil {
		return "", err
	}
	m.Database, m.Encrypted, m.Objects = cmp.Or(m.Database, "d"), true, []Object{object}
	file, err := v.keys.encode(m)
	if err != nil {
		return "", err
	}
	return id, os.WriteFile(filepath.Join(dir, manifestName), file, 0o600)
}
