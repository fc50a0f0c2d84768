package users

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/setting"
)

// While the product is maintained what changes something is refused, with what people are to be told; what reads goes
// on, and the settings can be changed, or nobody could end it. Nothing ticks.
func TestMaintenance(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	h := faas.Handler(b.app, Function)
	send := func(method, path, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("If-Match", "*")
		r.Header.Set("Authorization", b.as(t, "admin")["Authorization"])
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	const group = `{"id": "night", "name": "Night shift"}`
	set := func(key, value string) {
		t.Helper()
		if _, err := b.app.Access.ChangeSetting(t.Context(), b.admin, key, access.SettingChange{Value: []byte(value)}, 0); err != nil {
			t.Fatal(err)
		}
	}
	set(setting.MaintenanceText, `"Back at noon."`)
	if w := send("POST", "/api/v1/groups", group); w.Code == http.StatusServiceUnavailable {
		t.Errorf("only announced: %s", w.Body)
	}
	set(setting.Maintenance, `true`)
	w := send("POST", "/api/v1/groups", group)
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), `"maintenance"`) || !strings.Contains(w.Body.String(), "Back at noon.") {
		t.Errorf("a change: %d %v %s", w.Code, w.Header(), w.Body)
	}
	if w := send("GET", "/api/v1/groups", ""); w.Code != http.StatusOK {
		t.Errorf("a read: %d %s", w.Code, w.Body)
	}
	if done, err := b.app.Workflow.Tick(context.WithoutCancel(t.Context())); err != nil || done.Purged+done.Fired > 0 {
		t.Errorf("%+v, %v", done, err)
	}
	if w := send("PUT", "/api/v1/settings/"+setting.Maintenance, `{"value": false}`); w.Code == http.StatusServiceUnavailable {
		t.Errorf("the end: %d %s", w.Code, w.Body)
	}
	set(setting.Maintenance, `null`)
	if w := send("POST", "/api/v1/groups", strings.ReplaceAll(group, "night", "day")); w.Code == http.StatusServiceUnavailable {
		t.Errorf("after it: %d %s", w.Code, w.Body)
	}
}
