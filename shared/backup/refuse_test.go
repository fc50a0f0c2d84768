package backup_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"diom.io/workflow/shared/backup"
	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/database/wiretest"
)

// Keys: who has none, another one, or only a part, is told so.
func TestKeys(t *testing.T) {
	t.Parallel()
	dsn := databasetest.Empty(t)
	run(t, open(t, dsn), "CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
	r := newRig(t, nil)
	made := r.make(dsn)
	other := t.TempDir()
	recipient, err := backup.GenerateKeys(other)
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func(*backup.Settings)) *backup.Vault {
		s := r.settings
		change(&s)
		return r.open(s)
	}
	verify := func(v *backup.Vault) error { _, err := v.Verify(t.Context(), made.ID, nil); return err }
	make := func(v *backup.Vault) error {
		_, err := v.Make(t.Context(), backup.Database{DSN: dsn}, nil)
		return err
	}
	none := with(func(s *backup.Settings) { s.Secret = nil })
	strange := with(func(s *backup.Settings) { s.Secret = secretsIn(other) })
	signer := with(func(s *backup.Settings) {
		s.Recipient = recipient
		s.Secret = only(r.secrets, backup.SecretSigning)
	})
	rotated := with(func(s *backup.Settings) { s.Secret = joined(other, r.secrets) })
	identity := with(func(s *backup.Settings) { s.Secret = only(r.secrets, backup.SecretIdentity) })
	for _, c := range []struct {
		name string
		got  error
		want error
	}{
		{"make without a key", make(none), backup.ErrNoKey},
		{"verify without a key", verify(none), backup.ErrNoKey},
		{"verify with another key", verify(strange), backup.ErrWrongKey},
		{"verify with the signing key alone", verify(signer), backup.ErrNoKey},
		{"verify with the identity alone", verify(identity), nil},
		{"verify after a new key", verify(rotated), nil},
		{"make with the signing key and a recipient", make(signer), nil},
		{"make with the identity alone", make(identity), nil},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v", c.name, c.got)
		}
	}
	if _, err := backup.GenerateKeys(other); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a key is overwritten: %v", err)
	}
	for _, name := range []string{backup.SecretIdentity, backup.SecretSigning} {
		if info, err := os.Stat(filepath.Join(other, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, info, err)
		}
	}
	for name, wrong := range map[string]string{backup.SecretIdentity: "AGE-SECRET-KEY-1X", backup.SecretSigning: "DIOM-BACKUP-SIGNING-KEY-x"} {
		s := r.settings
		s.Secret = func(asked string) (string, error) { return map[string]string{name: wrong}[asked], nil }
		if _, err := backup.Open(s); err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), wrong) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// only reads one secret of a directory, joined the secrets of several, the newest first.
func only(dir, one string) func(string) (string, error) {
	return func(name string) (string, error) {
		if name != one {
			return "", nil
		}
		return secretsIn(dir)(name)
	}
}

func joined(dirs ...string) func(string) (string, error) {
	return func(name string) (string, error) {
		var all strings.Builder
		for _, dir := range dirs {
			text, err := secretsIn(dir)(name)
			if err != nil {
				return "", err
			}
			all.WriteString(text)
		}
		return all.String(), nil
	}
}

// An unencrypted backup is made and read where that is wanted only. Signed or not makes no difference to that.
func TestPlain(t *testing.T) {
	t.Parallel()
	dsn := databasetest.Empty(t)
	run(t, open(t, dsn), "CREATE TABLE t (v VARCHAR(20))", "INSERT INTO t VALUES ('readable')")
	for name, secret := range map[string]bool{"signed": true, "unsigned": false} {
		r := newRig(t, func(s *backup.Settings) {
			s.Plain = true
			if !secret {
				s.Secret = nil
			}
		})
		made := r.make(dsn)
		if _, err := r.Verify(t.Context(), made.ID, nil); err != nil || made.Encrypted {
			t.Errorf("%s: %v %+v", name, err, made)
		}
		if got := rows(t, open(t, r.restore(made.ID)), "SELECT v FROM t"); len(got) != 1 {
			t.Errorf("%s: %q", name, got)
		}
		strict := r.settings
		strict.Plain, strict.Secret = false, secretsIn(r.secrets)
		if _, err := r.open(strict).Verify(t.Context(), made.ID, nil); !errors.Is(err, backup.ErrUnencrypted) {
			t.Errorf("%s: taken although only encrypted ones are: %v", name, err)
		}
	}
}

// What is in the files is not what is in the rows.
func TestFilesTellNothing(t *testing.T) {
	t.Parallel()
	dsn := databasetest.Empty(t)
	run(t, open(t, dsn), "CREATE TABLE t (v VARCHAR(20))", "INSERT INTO t VALUES ('a secret value')")
	r := newRig(t, nil)
	for name, content := range r.content(r.settings.Dir, r.make(dsn).ID) {
		info, err := os.Stat(filepath.Join(r.settings.Dir, r.ids()[0], name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, info, err)
		}
		if strings.Contains(string(content), "secret") || strings.Contains(string(content), "CREATE TABLE") {
			t.Errorf("%s can be read", name)
		}
	}
}

func (r *rig) ids() []string {
	r.Helper()
	entries, err := r.List(r.Context())
	if err != nil {
		r.Fatal(err)
	}
	list := make([]string, len(entries))
	for i, e := range entries {
		list[i] = e.ID
	}
	return list
}

// What cannot be copied as it was at one moment is refused, by name, and leaves nothing.
func TestUnsupported(t *testing.T) {
	t.Parallel()
	for name, statement := range map[string]string{
		"outside":   "CREATE TABLE outside (id INT) ENGINE=MyISAM",
		"versioned": "CREATE TABLE versioned (id INT) WITH SYSTEM VERSIONING",
		"numbers":   "CREATE SEQUENCE numbers",
		"broken":    "CREATE TABLE t (id INT); CREATE VIEW broken AS SELECT id FROM t; DROP TABLE t",
	} {
		r, dsn := newRig(t, nil), databasetest.Empty(t)
		run(t, open(t, dsn), strings.Split(statement, "; ")...)
		_, err := r.Make(t.Context(), backup.Database{DSN: dsn}, nil)
		if !errors.Is(err, backup.ErrUnsupported) || !strings.Contains(err.Error(), name) || len(r.ids()) != 0 {
			t.Errorf("%s: %v, left %q", statement, err, r.ids())
		}
	}
}

// A schema that changes under the backup ends it, also where the rows seem to be as before.
func TestSchemaChanges(t *testing.T) {
	t.Parallel()
	for _, change := range []string{
		"ALTER TABLE t ADD COLUMN v INT", "DROP TABLE t", "CREATE TABLE other (id INT)", "CREATE PROCEDURE p() SELECT 1", "TRUNCATE TABLE t",
		"ALTER TABLE t COMMENT 'another'",
	} {
		r, dsn := newRig(t, nil), databasetest.Empty(t)
		c := open(t, dsn)
		run(t, c, "CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)", "CREATE TABLE u (id INT PRIMARY KEY)")
		var once sync.Once
		wire := &wiretest.Wire{Rewrite: func(text []byte) []byte {
			if bytes.HasPrefix(text, []byte("SAVEPOINT")) { // the snapshot is made, no table has been read
				once.Do(func() { run(t, c, change) })
			}
			return text
		}}
		_, err := r.Make(t.Context(), backup.Database{DSN: dsn, Dial: wire.Dial}, nil)
		if !errors.Is(err, backup.ErrSchemaChanged) || len(r.ids()) != 0 {
			t.Errorf("%s: %v, left %q", change, err, r.ids())
		}
	}
}

// A restore needs an empty database, whatever is in it.
func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	r, dsn := newRig(t, nil), databasetest.Empty(t)
	run(t, open(t, dsn), "CREATE TABLE t (id INT PRIMARY KEY)")
	made := r.make(dsn)
	for _, statement := range []string{
		"CREATE TABLE there (id INT)", "CREATE VIEW there AS SELECT 1", "CREATE PROCEDURE there() SELECT 1",
		"CREATE EVENT there ON SCHEDULE EVERY 1 DAY DO SELECT 1",
	} {
		target := databasetest.Empty(t)
		run(t, open(t, target), statement)
		_, err := r.Restore(t.Context(), made.ID, backup.Database{DSN: target}, nil)
		if !errors.Is(err, backup.ErrNotEmpty) || !strings.Contains(err.Error(), "there") {
			t.Errorf("%s: %v", statement, err)
		}
	}
	for _, id := range []string{"20260101T000000.000Z-00000000", "../etc", "", "x"} {
		if _, err := r.Restore(t.Context(), id, backup.Database{DSN: dsn}, nil); !errors.Is(err, backup.ErrNotFound) {
			t.Errorf("%q: %v", id, err)
		}
	}
	if _, err := newRig(t, nil).Restore(t.Context(), backup.Latest, backup.Database{DSN: dsn}, nil); !errors.Is(err, backup.ErrNotFound) {
		t.Errorf("latest of none: %v", err)
	}
	if _, err := backup.Open(backup.Settings{}); !errors.Is(err, backup.ErrOff) {
		t.Errorf("no directory: %v", err)
	}
}

func TestSpace(t *testing.T) {
	t.Parallel()
	full := fmt.Errorf("write: %w", &fs.PathError{Op: "write", Err: syscall.ENOSPC})
	if err := backup.Space(full); !errors.Is(err, backup.ErrNoSpace) || !errors.Is(err, syscall.ENOSPC) {
		t.Error(err)
	}
	if err := backup.Space(fs.ErrExist); errors.Is(err, backup.ErrNoSpace) || err == nil {
		t.Error(err)
	}
}

func TestRightsOn(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][]string{
		"GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION": {"ALL PRIVILEGES"},
		"GRANT SELECT, SHOW VIEW ON `diom\\_%`.* TO `a`@`%`":                  {"SELECT", "SHOW VIEW"},
		"GRANT SELECT ON `diomxwork`.* TO `a`@`%`":                            nil,
		"GRANT SELECT ON `diom_work`.* TO `a`@`%`":                            {"SELECT"},
		"GRANT SELECT ON `diom\\_work`.`one` TO `a`@`%`":                      nil,
		"GRANT EXECUTE ON PROCEDURE `diom_work`.`p` TO `a`@`%`":               nil,
		"GRANT USAGE ON *.* TO `a`@`%` IDENTIFIED BY PASSWORD '*58CD'":        {"USAGE"},
		"GRANT `role` TO `a`@`%`":                                             nil,
	} {
		if got := backup.RightsOn(line, "diom_work"); !slices.Equal(got, want) {
			t.Errorf("%s: %q", line, got)
		}
	}
}
