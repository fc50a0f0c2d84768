package gateway

import (
	"encoding/json"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/limit"
	"diom.io/workflow/shared/setting"
)

// What is shown as the default of a limit is that of the environment.
func TestDefaultsOfLimits(t *testing.T) {
	t.Parallel()
	s, err := loadSettings()
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]limit.Rate{setting.LimitUser: s.LimitUser, setting.LimitAddress: s.LimitAddress, setting.LimitLogin: s.LimitLogin, setting.LimitRoute: s.LimitRoute, setting.LimitSearch: s.LimitSearch} {
		d, _ := setting.Find(key)
		var got limit.Rate
		if err := got.UnmarshalText([]byte(d.Fallback(config.Config{}))); err != nil || got != want {
			t.Errorf("%s: %+v, want %+v, %v", key, got, want, err)
		}
	}
}

// A limit that is set holds within two seconds, in a gateway that serves; taken away it is the environment's again.
func TestLimitsFollowTheSettings(t *testing.T) {
	t.Parallel()
	app, _ := open(t, true, nil)
	admin := access.Principal{Username: "admin", Roles: []string{access.SuperAdmin}}
	var calls atomic.Int64
	server := local(t, app, sample(&calls), generous())
	mine := token(t, app, "zhangwei")
	set := func(value string) {
		t.Helper()
		if _, err := app.Access.ChangeSetting(t.Context(), admin, setting.LimitUser, access.SettingChange{Value: json.RawMessage(value)}, 0); err != nil {
			t.Fatal(err)
		}
	}
	refused := func() bool {
		return send(t, server, "GET /api/v1/things/7", "", mine).status == http.StatusTooManyRequests
	}
	within := func(what string, want bool) {
		t.Helper()
		for start := time.Now(); time.Since(start) < 2*time.Second; time.Sleep(50 * time.Millisecond) {
			if refused() == want {
				return
			}
		}
		t.Errorf("after two seconds not: %s", what)
	}
	if refused() {
		t.Fatal("the limit is there before it is set")
	}
	set(`"1/h:2"`)
	within("refused", true)
	set(`null`)
	within("let in again", false)
}

// The networks that are set hold within two seconds instead of the environment's; taken away, those hold again.
func TestAllowedNetworksFollowTheSettings(t *testing.T) {
	t.Parallel()
	app, _ := open(t, true, nil)
	admin := access.Principal{Username: "admin", Roles: []string{access.SuperAdmin}}
	var calls atomic.Int64
	server := local(t, app, sample(&calls), generous())
	set := func(value string, status int) {
		t.Helper()
		if _, err := app.Access.ChangeSetting(t.Context(), admin, setting.AllowedNetworks, access.SettingChange{Value: json.RawMessage(value), From: "198.51.100.1", Force: true}, 0); err != nil {
			t.Fatal(err)
		}
		for start := time.Now(); time.Since(start) < 2*time.Second; time.Sleep(50 * time.Millisecond) {
			if send(t, server, "GET /api/v1/open", "").status == status {
				return
			}
		}
		t.Errorf("two seconds after %s the status is not %d", value, status)
	}
	set(`"203.0.113.0/24"`, http.StatusForbidden)
	set(`"203.0.113.0/24, 127.0.0.0/8"`, http.StatusOK)
	set(`"203.0.113.0/24"`, http.StatusForbidden)
	set(`null`, http.StatusOK)
}
