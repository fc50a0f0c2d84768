package backup_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/backup"
	"diom.io/workflow/shared/database/databasetest"
)

const damages = 100

// damage is a backup that can be broken again and again.
type damage struct {
	*rig
	dice   *rand.Rand
	id     string
	files  map[string][]byte
	others map[string][]byte // of a backup that somebody else has made, of other rows, for the same recipient
}

func newDamage(t *testing.T) *damage {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed=%d", seed)
	d := &damage{rig: newRig(t, nil), dice: rand.New(rand.NewPCG(seed, 0))}
	dsn := databasetest.Empty(t)
	c := open(t, dsn)
	for i := range 6 {
		run(t, c, fmt.Sprintf("CREATE TABLE t%d (id INT PRIMARY KEY, v VARCHAR(100))", i), fmt.Sprintf("INSERT INTO t%d VALUES (1, 'a'), (%d, RAND())", i, i+2))
	}
	d.id = d.make(dsn).ID
	d.files = d.content(d.settings.Dir, d.id)

	raw, err := d.settings.Secret(backup.SecretIdentity)
	if err != nil {
		t.Fatal(err)
	}
	recipient := strings.TrimSuffix(strings.Fields(raw[strings.Index(raw, "age1"):])[0], ".")
	stranger := newRig(t, func(s *backup.Settings) { s.Recipient = recipient })
	run(t, c, "UPDATE t0 SET v = 'forged'")
	d.others = stranger.content(stranger.settings.Dir, stranger.make(dsn).ID)
	return d
}

func (r *rig) content(dir, id string) map[string][]byte {
	r.Helper()
	files := map[string][]byte{}
	err := fs.WalkDir(os.DirFS(filepath.Join(dir, id)), ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files[path], err = os.ReadFile(filepath.Join(dir, id, path))
		}
		return err
	})
	if err != nil {
		r.Fatal(err)
	}
	return files
}

// put makes the backup what it was, but for changes; nil deletes a file.
func (d *damage) put(changes map[string][]byte) {
	d.Helper()
	dir := filepath.Join(d.settings.Dir, d.id)
	if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o700)); err != nil {
		d.Fatal(err)
	}
	for name, content := range d.files {
		if changed, is := changes[name]; is {
			content = changed
		}
		if content == nil {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			d.Fatal(err)
		}
	}
}

// next breaks the backup in one way or another and says how.
func (d *damage) next() string {
	names := make([]string, 0, len(d.files))
	for name := range d.files {
		names = append(names, name)
	}
	slices.Sort(names)
	objects := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !strings.HasPrefix(name, "rows-") })
	name := names[d.dice.IntN(len(names))]
	content := bytes.Clone(d.files[name])
	switch d.dice.IntN(6) {
	case 0:
		at := d.dice.IntN(len(content))
		content[at] ^= 1 << d.dice.IntN(8)
		d.put(map[string][]byte{name: content})
		return fmt.Sprintf("a bit of %s at %d", name, at)
	case 1:
		size := d.dice.IntN(len(content))
		d.put(map[string][]byte{name: content[:size]})
		return fmt.Sprintf("%s cut to %d", name, size)
	case 2:
		d.put(map[string][]byte{name: nil})
		return name + " deleted"
	case 3:
		i := d.dice.Perm(len(objects))
		a, b := objects[i[0]], objects[i[1]]
		d.put(map[string][]byte{a: d.files[b], b: d.files[a]})
		return a + " and " + b + " swapped"
	case 4:
		return d.edit()
	}
	return d.forge()
}

// edit changes the manifest where it would still be read.
func (d *damage) edit() string {
	lines := bytes.Split(bytes.Clone(d.files["manifest"]), []byte("\n"))
	for {
		i := 1 + d.dice.IntN(len(lines)-1)
		digit := bytes.IndexAny(lines[i], "0123456789")
		if digit < 0 {
			continue
		}
		lines[i][digit] = '0' + (lines[i][digit]-'0'+1)%10
		d.put(map[string][]byte{"manifest": bytes.Join(lines, []byte("\n"))})
		return fmt.Sprintf("line %d of the manifest is %s", i, lines[i])
	}
}

// forge puts the backup of somebody else in the place, under its name: as it is signed, unsigned, or with the
// signature of the one before.
func (d *damage) forge() string {
	changes := map[string][]byte{}
	for name := range d.files {
		changes[name] = d.others[name]
	}
	_, body, _ := bytes.Cut(d.others["manifest"], []byte("\n"))
	i := bytes.Index(body, []byte(`"id": "`)) + len(`"id": "`)
	copy(body[i:], d.id)
	ours, _, _ := bytes.Cut(d.files["manifest"], []byte("\n"))
	theirs, _, _ := bytes.Cut(d.others["manifest"], []byte("\n"))
	way := d.dice.IntN(2)
	changes["manifest"] = append(append(bytes.Clone([][]byte{ours, theirs}[way]), '\n'), body...)
	d.put(changes)
	return []string{"forged under our signature", "forged under their own"}[way]
}

// Of a hundred damages Verify finds a hundred, and a restore does not begin.
func TestDamageIsFound(t *testing.T) {
	t.Parallel()
	d := newDamage(t)
	target := databasetest.Empty(t)
	found := 0
	for range damages {
		what := d.next()
		_, err := d.Verify(t.Context(), d.id, nil)
		if err == nil {
			t.Errorf("not found: %s", what)
			continue
		}
		found++
		if _, err := d.Restore(t.Context(), d.id, backup.Database{DSN: target}, nil); err == nil {
			t.Fatalf("restored: %s", what)
		}
	}
	if left := rows(t, open(t, target), "SHOW TABLES"); len(left) > 0 {
		t.Errorf("a restore has left %q", left)
	}
	d.put(nil)
	if _, err := d.Verify(t.Context(), d.id, nil); err != nil {
		t.Errorf("without damage: %v", err)
	}
	t.Logf("damages=%d found=%d", damages, found)
}

// Without the checksums, and without the signature, something is not found.
func TestDamageWithoutTheGuards(t *testing.T) {
	t.Parallel()
	for name, off := range map[string]func(*backup.Vault){
		"checksums": (*backup.Vault).SetNoChecksum, "signature": (*backup.Vault).SetNoSignature,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDamage(t)
			off(d.Vault)
			for range damages {
				d.next()
				if _, err := d.Verify(t.Context(), d.id, nil); err == nil {
					return
				}
			}
			t.Errorf("all of %d damages were found", damages)
		})
	}
}

// Each damage is called by its name.
func TestDamageIsNamed(t *testing.T) {
	t.Parallel()
	d := newDamage(t)
	object := "rows-000001.zst.age"
	flipped := bytes.Clone(d.files[object])
	flipped[len(flipped)/2] ^= 1
	newer := bytes.Replace(d.files["manifest"], []byte("diom-backup 1 "), []byte("diom-backup 3 "), 1)
	for _, c := range []struct {
		name    string
		changes map[string][]byte
		state   backup.State
		want    error
		text    string
	}{
		{"a flipped bit", map[string][]byte{object: flipped}, backup.Whole, backup.ErrDamaged, object},
		{"cut off", map[string][]byte{object: flipped[:7]}, backup.Damaged, backup.ErrDamaged, "7 bytes of"},
		{"deleted", map[string][]byte{object: nil}, backup.Damaged, backup.ErrMissing, object},
		{"no manifest", map[string][]byte{"manifest": nil}, backup.Partial, backup.ErrPartial, d.id},
		{"an empty manifest", map[string][]byte{"manifest": {}}, backup.Damaged, backup.ErrDamaged, "manifest"},
		{"a newer format", map[string][]byte{"manifest": newer}, backup.Unreadable, backup.ErrNewer, "format 3"},
		{"the manifest of another", map[string][]byte{"manifest": d.others["manifest"]}, backup.Unreadable, backup.ErrWrongKey, "key"},
		{"nothing", nil, backup.Whole, nil, ""},
	} {
		d.put(c.changes)
		_, err := d.Verify(t.Context(), d.id, nil)
		if !errors.Is(err, c.want) || (c.want != nil && !strings.Contains(err.Error(), c.text)) {
			t.Errorf("%s: %v", c.name, err)
		}
		entries, err := d.List(t.Context())
		if err != nil || len(entries) != 1 || entries[0].State != c.state {
			t.Errorf("%s: listed as %+v, %v", c.name, entries, err)
		}
	}
}
