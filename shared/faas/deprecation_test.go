package faas

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"diom.io/workflow/shared/access"
)

// A deprecated route says so in every answer, and is not taken away without notice.
func TestDeprecation(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)
	old := Route{Method: "GET", Pattern: "/old", Permission: access.Public, Serve: func(context.Context, *Request) (any, error) { return nil, ErrNoRoute }}
	old.Deprecated = &Deprecation{Since: since, Sunset: since.Add(Notice), Link: "/docs/api.md#old"}
	r := newRig(t, Function{Name: "old", Routes: []Route{old, {Method: "GET", Pattern: "/new", Permission: access.Public, Serve: old.Serve}}}, nil)
	for path, want := range map[string][3]string{
		"/old": {"@1769817600", "Thu, 30 Jul 2026 00:00:00 GMT", `</docs/api.md#old>; rel="deprecation"`}, "/new": {},
	} {
		w := httptest.NewRecorder()
		r.endpoint.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		if got := [3]string{w.Header().Get("Deprecation"), w.Header().Get("Sunset"), w.Header().Get("Link")}; got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	for name, d := range map[string]*Deprecation{"since when": {}, "too soon": {Since: since, Sunset: since.Add(Notice - time.Hour)}} {
		old.Deprecated = d
		if (Function{Name: "old", Routes: []Route{old}}).Check() == nil {
			t.Errorf("%s: it is taken", name)
		}
	}
}
