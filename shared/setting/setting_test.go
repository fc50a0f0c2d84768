package setting

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"diom.io/workflow/shared/config"
)

// Every default is a value that the setting may have.
func TestDefaultsAreInRange(t *testing.T) {
	t.Parallel()
	cfg := config.Config{LogLevel: "INFO", AccessTokenLife: time.Hour, BcryptCost: 10, MaxAttachment: 4 << 20}
	seen := map[string]bool{}
	for _, d := range Definitions() {
		value, err := d.parse(d.Fallback(cfg))
		if err != nil || !d.within(value) || seen[d.Key] || d.Summary == "" {
			t.Errorf("%s: %v, %v", d.Key, value, err)
		}
		seen[d.Key] = true
		raw, err := json.Marshal(d.JSON(d.Fallback(cfg)))
		if err != nil {
			t.Fatal(err)
		}
		if text, err := d.Read(raw); err != nil || text != d.Fallback(cfg) {
			t.Errorf("%s: %s is read as %q, %v", d.Key, raw, text, err)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ key, raw string }{
		{MinLength, `7`}, {MinLength, `65`}, {MinLength, `"9"`}, {MinLength, `9.5`}, {MinLength, `null`}, {MaxAge, `"-1h"`}, {MaxAge, `3`}, {MaxAge, `"1 day"`},
		{LogLevel, `"debug"`}, {LogLevel, `1`}, {RefuseCommon, `"true"`}, {LimitUser, `"5/x"`}, {LimitUser, `{}`}, {BcryptCost, `9`}, {AccessTokenLife, `"25h"`},
	} {
		d, found := Find(c.key)
		if !found {
			t.Fatal(c.key)
		}
		if text, err := d.Read(json.RawMessage(c.raw)); !errors.Is(err, ErrValue) {
			t.Errorf("%s: %s is %q, %v", c.key, c.raw, text, err)
		}
	}
	if _, found := Find("none"); found {
		t.Error("there is a setting none")
	}
}

// What is set is used, what cannot be read is not, and a database that is away changes nothing.
func TestLive(t *testing.T) {
	t.Parallel()
	set, failure := map[string]string{}, error(nil)
	l := New(config.Config{MaxAttachment: 5}, func(context.Context) (map[string]string, error) { return set, failure })
	changes := 0
	l.OnChange(func(*Values) { changes++ })
	now := func() *Values { l.Renew(t.Context()); return l.Now(t.Context()) }
	if v := now(); v.Int(MaxAttachment) != 5 || v.IsSet(MaxAttachment) || v.Duration(UrgeCooldown) != 30*time.Minute {
		t.Errorf("%+v", v)
	}
	set = map[string]string{MaxAttachment: "7", UrgeCooldown: "soon", MinLength: "3", "of another version": "1", LimitUser: "1/s"}
	if v := now(); v.Int(MaxAttachment) != 7 || !v.IsSet(MaxAttachment) || v.Duration(UrgeCooldown) != 30*time.Minute || v.Int(MinLength) != 8 || v.Rate(LimitUser).Count != 1 {
		t.Errorf("%+v", v)
	}
	failure = errors.New("away")
	if v := now(); v.Int(MaxAttachment) != 7 {
		t.Errorf("%+v", v)
	}
	failure, set = nil, map[string]string{}
	if v := now(); v.Int(MaxAttachment) != 5 || v.IsSet(MaxAttachment) || changes != 3 {
		t.Errorf("%+v after %d changes", v, changes)
	}
	if (*Live)(nil).Now(t.Context()).Duration(UrgeCooldown) != 30*time.Minute {
		t.Error("no settings have no defaults")
	}
}
