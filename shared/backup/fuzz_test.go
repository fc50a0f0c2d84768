package backup

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Whatever a manifest's file holds, it is read or refused by a sentinel; what is read is what was signed.
func FuzzManifest(f *testing.F) {
	dir := f.TempDir()
	if _, err := GenerateKeys(dir); err != nil {
		f.Fatal(err)
	}
	identity, err := os.ReadFile(filepath.Join(dir, SecretIdentity))
	if err != nil {
		f.Fatal(err)
	}
	v, err := Open(Settings{Dir: dir, Secret: func(name string) (string, error) {
		return map[string]string{SecretIdentity: string(identity)}[name], nil
	}})
	if err != nil {
		f.Fatal(err)
	}
	good, err := v.keys.encode(Manifest{ID: "x", Encrypted: true, Objects: []Object{{Name: "schema.zst.age"}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("diom-backup 1 unsigned " + digest(signed(magic, "1", unsigned, []byte("{}"))) + "\n{}"))
	f.Add([]byte("diom-backup 3 a b\n"))
	known := []error{ErrDamaged, ErrNewer, ErrWrongKey, ErrUnencrypted}
	f.Fuzz(func(t *testing.T, file []byte) {
		_, err := v.decode(file)
		if err == nil && !bytes.Equal(file, good) {
			t.Errorf("taken: %q", file)
		}
		if err != nil && !slices.ContainsFunc(known, func(k error) bool { return errors.Is(err, k) }) {
			t.Errorf("%q: %v", file, err)
		}
	})
}

// Whatever an object holds, its rows are read and written again as they were, or it is broken.
func FuzzRows(f *testing.F) {
	f.Add(appendRow(appendRow(nil, [][]byte{[]byte("a"), nil, {}}), [][]byte{{0}, []byte("请"), nil}))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 1})
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := newRowReader(bytes.NewReader(raw), 3)
		var again []byte
		for {
			values, err := r.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if errors.Is(err, errRow) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			again = appendRow(again, values)
		}
		// A length may be written in more bytes than it needs; the rows are the same.
		if len(again) > len(raw) || (len(again) == len(raw) && !bytes.Equal(again, raw)) {
			t.Errorf("%x became %x", raw, again)
		}
	})
}
