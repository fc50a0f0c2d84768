package backup_test

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"diom.io/workflow/shared/backup"
)

// Whatever backups and increments there are, and however often they are pruned while time passes: what could be
// restored of the last days can be afterwards, and so can the present.
func TestPruneKeepsTheChain(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(r.settings.Dir, "vault-")
		if err != nil {
			rt.Fatal(err)
		}
		defer os.RemoveAll(dir)
		settings := r.settings
		settings.Dir = dir
		settings.Keep = time.Duration(rapid.IntRange(1, 40).Draw(rt, "keep")) * 24 * time.Hour
		settings.KeepLog = time.Duration(rapid.IntRange(1, 20).Draw(rt, "keep increments")) * 24 * time.Hour
		v := r.open(settings)
		now := time.Date(2026, 9, 1, 2, 0, 0, 0, time.UTC)
		sequence, archived := 1, 1
		for range rapid.IntRange(2, 25).Draw(rt, "days") {
			now = now.Add(time.Duration(rapid.IntRange(6, 60).Draw(rt, "hours")) * time.Hour)
			sequence += rapid.IntRange(1, 9).Draw(rt, "transactions")
			if rapid.IntRange(0, 2).Draw(rt, "archive") > 0 {
				if _, err := v.FakeLog(now, gtid(archived), gtid(sequence)); err != nil {
					rt.Fatal(err)
				}
				archived = sequence
			}
			if rapid.IntRange(0, 2).Draw(rt, "full") == 0 {
				if _, err := v.FakeFull(now, gtid(sequence)); err != nil {
					rt.Fatal(err)
				}
			}
			before := restorable(rt, v, now, settings.KeepLog, sequence)
			if _, err := v.Prune(rt.Context(), now); err != nil {
				rt.Fatal(err)
			}
			if after := restorable(rt, v, now, settings.KeepLog, sequence); !slices.Equal(before, after) {
				rt.Fatalf("before %q, after %q", before, after)
			}
		}
	})
}

func gtid(sequence int) string { return fmt.Sprintf("0-1-%d", sequence) }

// restorable says for each hour of the last days, and for the present, what leads there.
func restorable(rt *rapid.T, v *backup.Vault, now time.Time, days time.Duration, last int) []string {
	var list []string
	for at := now.Add(-days); !at.After(now); at = at.Add(12 * time.Hour) {
		_, missing, err := v.Plan(rt.Context(), backup.Point{Time: at})
		list = append(list, fmt.Sprint(at, missing, err != nil))
	}
	names, missing, err := v.Plan(rt.Context(), backup.Point{GTID: gtid(last)})
	return append(list, fmt.Sprint(names, missing, err != nil))
}
