package cache

import (
	"testing"
	"time"

	"diom.io/workflow/shared/database/databasetest"
)

// Of a set that is kept the newest members stay, and those from before a time are not told.
func TestKeep(t *testing.T) {
	t.Parallel()
	c, err := Open(databasetest.Redis(t))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, now := t.Context(), time.Now().Truncate(time.Millisecond)
	for i, member := range []string{"a", "b", "c", "a"} {
		if err := c.Keep(ctx, Recent{"set", time.Hour, 2}, member, now.Add(time.Duration(i)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	for since, want := range map[time.Duration]string{0: "ac", 3 * time.Second: "a", time.Minute: ""} {
		kept, err := c.Kept(ctx, "set", now.Add(since))
		got := ""
		for _, k := range kept {
			got += k.Member
		}
		if err != nil || got != want {
			t.Errorf("since %s: %q, %v; want %q", since, got, err, want)
		}
	}
	if kept, err := c.Kept(ctx, "set", time.Time{}); err != nil || len(kept) != 2 || !kept[0].At.Equal(now.Add(3*time.Second)) {
		t.Errorf("%+v, %v", kept, err)
	}
	if err := c.Drop(ctx, "set", "a"); err != nil {
		t.Error(err)
	}
	if kept, err := c.Kept(ctx, "set", now); err != nil || len(kept) != 1 {
		t.Errorf("%+v, %v", kept, err)
	}
}
