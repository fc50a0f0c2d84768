package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	vault "diom.io/workflow/shared/backup"
	"diom.io/workflow/shared/database/databasetest"
)

// TestBackupCommands goes from the keys to the restored database, and through what can go wrong on the way.
func TestBackupCommands(t *testing.T) {
	secrets, dir, source := t.TempDir(), t.TempDir(), databasetest.DSN(t)
	t.Setenv("DIOM_SECRETS_DIR", secrets)
	t.Setenv("DIOM_MYSQL_DSN", source)
	t.Setenv("DIOM_BACKUP_DIR", "")
	do := func(line, want string) string {
		t.Helper()
		out, err := execute(t, strings.Fields(line)...)
		if err != nil {
			out += err.Error()
		}
		if !strings.Contains(out, want) {
			t.Errorf("diom %s: %q, want %q", line, out, want)
		}
		return out
	}
	for _, line := range []string{"backup", "backup list", "backup verify", "restore latest"} {
		do(line, "backup_off")
	}
	t.Setenv("DIOM_BACKUP_DIR", dir)
	do("backup", "backup_no_key")
	if key := do("backup key", "DIOM_BACKUP_RECIPIENT=age1"); strings.Contains(key, "SECRET") {
		t.Errorf("the identity is printed: %q", key)
	}
	do("backup key", "file exists")
	do("backup verify", "There is no backup in")
	var made vault.Manifest
	if err := json.Unmarshal([]byte(do("backup --json", `"tables"`)), &made); err != nil || made.Schema == 0 {
		t.Fatalf("%+v %v", made, err)
	}
	do("backup --if-due", "none is due before")
	do("backup --to "+filepath.Join(dir, "elsewhere"), "made ")
	do("backup list", made.ID+"  whole")
	do("backup list --json", `"state": "whole"`)
	do("backup list --from "+filepath.Join(dir, "elsewhere"), "whole")
	do("backup copy", "backup_copy_off")
	do("backup copy --if-due", "backup_copy_off")
	do("backup copy --to "+dir, "backup_copy_same")
	t.Setenv("DIOM_BACKUP_COPY_TO", filepath.Join(dir, "offsite"))
	do("backup copy --if-due --to x", "none of the others can be")
	do("backup copy --if-due "+made.ID, "not one that is named")
	do("backup copy --if-due", made.ID+" is copied with 0 increments")
	do("backup copy --if-due", "none is due before")
	do("backup copy --if-due --json", `"done": false`)
	do("backup copy", made.ID+" is copied with 0 increments; 0 files, 0 B, were not there before")
	do("backup copy --json "+made.ID+" --to "+filepath.Join(dir, "third"), `"id": "`+made.ID)
	do("backup copy 20260101T000000.000Z-00000000", "backup_not_found")
	do("backup list --from "+filepath.Join(dir, "offsite"), made.ID+"  whole")
	do("backup verify --from "+filepath.Join(dir, "offsite"), made.ID+" is whole")
	do("backup verify", made.ID+" is whole")
	do("backup verify 20260101T000000.000Z-00000000", "backup_not_found")
	do("backup drill", "DIOM_BACKUP_DRILL_DSN is not set")
	t.Setenv("DIOM_BACKUP_DRILL_DSN", databasetest.Empty(t))
	do("backup drill "+made.ID, made.ID+" passes")
	do("backup drill --from "+filepath.Join(dir, "offsite"), made.ID+" passes")
	do("backup drill 20260101T000000.000Z-00000000", "backup_not_found")
	do("restore "+made.ID, "backup_target_not_empty")
	t.Setenv("DIOM_SECRETS_DIR", t.TempDir()) // without the key
	do("restore latest", "is unreadable: backup_no_key")
	t.Setenv("DIOM_SECRETS_DIR", secrets)
	t.Setenv("DIOM_MYSQL_DSN", "nobody:x@tcp(127.0.0.1:1)/elsewhere")
	t.Setenv("DIOM_BACKUP_MYSQL_DSN", source) // an account of its own
	do("backup", "made ")
	t.Setenv("DIOM_BACKUP_MYSQL_DSN", "")
	t.Setenv("DIOM_MYSQL_DSN", source)
	do("restore", "accepts 1 arg")

	t.Setenv("DIOM_MYSQL_DSN", databasetest.Empty(t))
	if err := os.Rename(filepath.Join(secrets, vault.SecretIdentity), filepath.Join(secrets, "away")); err != nil {
		t.Fatal(err)
	}
	do("restore latest", "backup_no_key")
	if err := os.Rename(filepath.Join(secrets, "away"), filepath.Join(secrets, vault.SecretIdentity)); err != nil {
		t.Fatal(err)
	}
	do("restore "+made.ID+" --from "+filepath.Join(dir, "offsite"), "restored "+made.ID)
	do("migrate", "up to date")
	do("restore latest", "backup_target_not_empty")

	if err := os.Mkdir(filepath.Join(dir, "29991231T000000.000Z-00000000"), 0o700); err != nil { // somebody was killed
		t.Fatal(err)
	}
	do("backup verify", "passing over 29991231T000000.000Z-00000000, which is newer but partial")
	object := filepath.Join(dir, made.ID, made.Objects[1].Name)
	if err := os.Truncate(object, 10); err != nil {
		t.Fatal(err)
	}
	do("backup list", "damaged")
	do("backup verify "+made.ID, made.Objects[1].Name+": 10 bytes of")
	t.Setenv("DIOM_SECRETS_DIR", t.TempDir())
	t.Setenv("DIOM_MYSQL_DSN", source)
	do("backup key", "DIOM_BACKUP_RECIPIENT=age1")
	do("backup verify "+made.ID, "backup_wrong_key")
	t.Setenv("DIOM_MYSQL_DSN", "")
	for _, line := range []string{"backup", "restore latest"} {
		do(line, "DIOM_MYSQL_DSN is not set")
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536 << 10: "1.5 MiB", 5 << 40: "5.0 TiB", 1 << 60: "1048576.0 TiB"} {
		if got := size(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}
