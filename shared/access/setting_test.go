package access

import (
	"testing"
	"time"

	"diom.io/workflow/shared/setting"
)

// The level of the log that was set ends by itself, where nothing is set after an hour; other settings stay.
func TestTheLevelOfTheLogEnds(t *testing.T) {
	t.Parallel()
	s := company(t)
	set := func(key, value string) {
		t.Helper()
		if _, err := s.ChangeSetting(t.Context(), Principal{Username: "admin"}, key, SettingChange{Value: []byte(value)}, 0); err != nil {
			t.Fatal(err)
		}
	}
	is := func(key string, want bool) {
		t.Helper()
		texts, err := s.settingTexts(t.Context())
		shown, failure := s.Setting(t.Context(), key)
		if _, found := texts[key]; found != want || shown.Set != want || err != nil || failure != nil {
			t.Errorf("%s: %v, shown as %v: %v %v", key, found, shown.Set, err, failure)
		}
	}
	began := time.Now()
	at := func(d time.Duration) { s.now = func() time.Time { return began.Add(d) } }
	at(0)
	set(setting.LogLevel, `"DEBUG"`)
	set(setting.UrgeLadder, `5`)
	at(59 * time.Minute)
	is(setting.LogLevel, true)
	at(61 * time.Minute)
	is(setting.LogLevel, false)
	is(setting.UrgeLadder, true)
	set(setting.LogLevelFor, `"2h"`)
	is(setting.LogLevel, true)
	at(121 * time.Minute)
	is(setting.LogLevel, false)
	set(setting.LogLevel, `"DEBUG"`) // once more
	is(setting.LogLevel, true)
	set(setting.LogLevelFor, `"0s"`)
	at(1000 * time.Hour)
	is(setting.LogLevel, true)
}
