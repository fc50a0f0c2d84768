package faas

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"diom.io/workflow/shared/access"
)

func TestTraceIsContinued(t *testing.T) {
	t.Parallel()
	const trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	tests := map[string]bool{
		"00-" + trace + "-" + parent + "-01":                   true,
		"00-" + trace + "-" + parent + "-00":                   true,
		"cc-" + trace + "-" + parent + "-01-more":              true,
		"00-" + trace + "-" + parent + "-01-more":              false,
		"ff-" + trace + "-" + parent + "-01":                   false,
		"00-" + strings.ToUpper(trace) + "-" + parent + "-01":  false,
		"00-" + strings.Repeat("0", 32) + "-" + parent + "-01": false,
		"00-" + trace + "-" + strings.Repeat("0", 16) + "-01":  false,
		"": false, "00": false,
	}
	served := newRig(t, Function{Name: "echo", Routes: []Route{{Method: "GET", Pattern: "/x", Permission: access.Public, Serve: fails(nil)}}}, nil)
	for header, kept := range tests {
		r := httptest.NewRequest(http.MethodGet, "/x", http.NoBody)
		r.Header.Set("Traceparent", header)
		w := httptest.NewRecorder()
		served.ServeHTTP(w, r)
		got := w.Header().Get("Traceparent")
		if len(got) != 55 || (got[3:35] == trace) != kept {
			t.Errorf("%q: %s", header, got)
		} else if got[36:52] == parent {
			t.Errorf("%q: the call has no span of its own: %s", header, got)
		}
	}
}
