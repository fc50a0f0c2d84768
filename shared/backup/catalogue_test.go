package backup_test

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/backup"
	"diom.io/workflow/shared/page"
)

// catalogue reads all pages of a size.
func (r *rig) catalogue(query string) (list []backup.Copy) {
	r.Helper()
	values, err := url.ParseQuery(query)
	for err == nil {
		var asked page.Request
		if asked, err = page.Parse(values, backup.CopyList, "admin"); err != nil {
			break
		}
		var p page.Page[backup.Copy]
		if p, err = r.Catalogue(r.Context(), asked); err != nil {
			break
		}
		if list = append(list, p.Items...); p.NextCursor == "" {
			return list
		}
		values.Set("cursor", p.NextCursor)
	}
	r.Fatal(err)
	return nil
}

// What can be restored is told by pages of each size alike: an increment that a full backup leads to without a gap, and
// not what comes after one that is missing or damaged.
func TestChainsOfTheCatalogue(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	var names []string
	add := func(id string, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, id)
	}
	hour := func(n int) time.Time { return at.Add(time.Duration(n) * time.Hour) }
	add(r.FakeLog(hour(0), "0-1-1", "0-1-5"))   // 0: of a full backup that is gone
	add(r.FakeFull(hour(1), "0-1-10"))          // 1
	add(r.FakeLog(hour(2), "0-1-5", "0-1-12"))  // 2: reaches over it
	add(r.FakeLog(hour(3), "0-1-12", "0-1-20")) // 3
	add(r.FakeLog(hour(4), "0-1-30", "0-1-40")) // 4: after a gap
	add(r.FakeFull(hour(5), "0-1-45"))          // 5
	add(r.FakeLog(hour(6), "0-1-40", "0-1-50")) // 6
	add(r.FakeLog(hour(7), "0-1-50", "0-1-60")) // 7: damaged below
	add(r.FakeLog(hour(8), "0-1-60", "0-1-70")) // 8: behind it
	if err := os.Truncate(filepath.Join(r.settings.Dir, names[7], "binlog-000001.zst.age"), 1); err != nil {
		t.Fatal(err)
	}
	want := []string{"", names[1], names[1], names[1], "", names[5], names[5], "", ""}
	for _, limit := range []string{"1", "2", "4", "100"} {
		list := r.catalogue("limit=" + limit)
		slices.Reverse(list)
		if len(list) != len(names) {
			t.Fatalf("limit %s: %d of %d", limit, len(list), len(names))
		}
		for i, c := range list {
			kind := backup.FullCopy
			if strings.HasSuffix(names[i], "-log") {
				kind = backup.Increased
			}
			if c.ID != names[i] || c.Kind != kind || c.Chain != want[i] || c.Restorable != (want[i] != "") || !c.Signed {
				t.Errorf("limit %s: %d: %+v, want the chain %q", limit, i, c, want[i])
			}
		}
		if c := list[7]; c.State != backup.Damaged || c.Problem != "backup_damaged" {
			t.Errorf("%+v", c)
		}
	}
	if full := r.catalogue("kind=full&limit=1"); len(full) != 2 || full[0].ID != names[5] {
		t.Errorf("%+v", full)
	}
	if log := r.catalogue("kind=increment&limit=3"); len(log) != 7 || log[3].Chain != "" || log[4].Chain != names[1] {
		t.Errorf("%+v", log)
	}
}

// A check leaves its result beside the backup; one that somebody made up, altered, or took from another backup is none.
func TestChecks(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	id, err := r.FakeLog(time.Now().Add(-time.Hour), "0-1-1", "0-1-2")
	other, failure := r.FakeLog(time.Now(), "0-1-2", "0-1-3")
	if err := errors.Join(err, failure); err != nil {
		t.Fatal(err)
	}
	check := func(want bool, problem string) {
		t.Helper()
		time.Sleep(2 * time.Millisecond) // names are milliseconds
		if c, err := r.Check(t.Context(), id); err != nil || c.Passed != want || c.Problem != problem || c.Depth != backup.Checksums {
			t.Fatalf("%+v %v", c, err)
		}
	}
	is := func(verdict backup.Verdict, checks int) {
		t.Helper()
		if c := r.catalogue("")[1]; c.Verified != verdict || len(c.Checks) != checks {
			t.Errorf("%+v, want %s by %d", c, verdict, checks)
		}
	}
	is(backup.Unverified, 0)
	check(true, "")
	is(backup.Passed, 1)
	results, err := filepath.Glob(filepath.Join(r.settings.Dir, id, "check-*"))
	if err != nil || len(results) != 1 {
		t.Fatal(results, err)
	}
	good, err := os.ReadFile(results[0])
	if err != nil {
		t.Fatal(err)
	}
	plant := func(folder, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(r.settings.Dir, folder, "check-29990101T000000.000Z"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	plant(other, string(good))
	if c := r.catalogue("")[0]; c.Verified != backup.Unverified {
		t.Errorf("the check of another backup is taken: %+v", c)
	}
	object := filepath.Join(r.settings.Dir, id, "binlog-000001.zst.age")
	content, err := os.ReadFile(object)
	if err != nil {
		t.Fatal(err)
	}
	content[0] ^= 1
	if err := os.WriteFile(object, content, 0o600); err != nil {
		t.Fatal(err)
	}
	check(false, "backup_damaged")
	is(backup.Failed, 2)
	failed := strings.ReplaceAll(string(good), `"passed": true`, `"passed": true `)
	for _, text := range []string{failed, "", "diom-backup-check 1 unsigned 00\n{}", strings.Replace(string(good), "diom-backup-check", "diom-backup", 1)} {
		plant(id, text)
		is(backup.Failed, 2)
	}
	if _, err := r.Check(t.Context(), "20260101T000000.000Z-00000000"); !errors.Is(err, backup.ErrNotFound) {
		t.Errorf("%v", err)
	}
	if _, err := r.Check(t.Context(), "../"+id); !errors.Is(err, backup.ErrNotFound) {
		t.Errorf("%v", err)
	}
}
