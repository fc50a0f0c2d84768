package notification

import (
	"testing"
	"time"
)

func TestQuietHours(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("CST", 8*60*60)
	at := func(text string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	night, noon := Preferences{QuietFrom: "22:00", QuietTo: "07:00", DigestAt: "06:30"}, Preferences{QuietFrom: "12:00", QuietTo: "13:30", DigestAt: "09:00"}
	for i, c := range []struct {
		p          Preferences
		now, awake string
		digest     string
	}{
		{night, "2026-03-02 21:59", "2026-03-02 21:59", "2026-03-03 07:00"},
		{night, "2026-03-02 22:00", "2026-03-03 07:00", "2026-03-03 07:00"},
		{night, "2026-03-02 06:59", "2026-03-02 07:00", "2026-03-03 07:00"},
		{night, "2026-03-02 07:00", "2026-03-02 07:00", "2026-03-03 07:00"},
		{noon, "2026-03-02 12:30", "2026-03-02 13:30", "2026-03-03 09:00"},
		{noon, "2026-03-02 08:58", "2026-03-02 08:58", "2026-03-02 09:00"},
		{noon, "2026-03-02 08:59", "2026-03-02 08:59", "2026-03-03 09:00"},
		{Preferences{DigestAt: "09:00"}, "2026-12-31 23:00", "2026-12-31 23:00", "2027-01-01 09:00"},
	} {
		if got := c.p.awake(at(c.now)); !got.Equal(at(c.awake)) {
			t.Errorf("%d: awake at %s", i, got)
		}
		if got := c.p.digest(at(c.now)); !got.Equal(at(c.digest)) {
			t.Errorf("%d: the digest comes at %s", i, got)
		}
	}
}

// The fields of a text are replaced once: what is in a value is text.
func TestFill(t *testing.T) {
	t.Parallel()
	values := map[string]string{"subject": "{actor} ${x}", "actor": "lina"}
	for text, want := range map[string]string{
		"{subject}：{actor}": "{actor} ${x}：lina", "{unknown} {": "{unknown} {", "{{actor}}": "{lina}", "{reason}": "", "${1+1} #{x}": "${1+1} #{x}",
	} {
		if got := fill(text, values); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}

// Every kind has words in every language, and they name known fields alone.
func TestUsualWords(t *testing.T) {
	t.Parallel()
	for _, kind := range append([]string{Digest}, Kinds...) {
		for _, language := range Languages {
			w := usual[kind][language]
			if err := (Words{w.title, w.text}).check(); err != nil {
				t.Errorf("%s %s: %v", kind, language, err)
			}
		}
	}
	for _, bad := range []Words{{"", "x"}, {"x", " "}, {"a\nb", "x"}, {"{password}", "x"}, {"x", "{subject} {env}"}} {
		if bad.check() == nil {
			t.Errorf("%+v is allowed", bad)
		}
	}
}

func TestPauses(t *testing.T) {
	t.Parallel()
	var all time.Duration
	for n := 1; n < maxAttempts; n++ {
		d := pause(n)
		if d < firstPause*8/10 || d > longestPause*12/10 {
			t.Errorf("behind attempt %d: %s", n, d)
		}
		all += d
	}
	if all < time.Hour || all > 6*time.Hour {
		t.Errorf("it is given up after %s", all)
	}
}
