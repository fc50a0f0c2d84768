package faas

import (
	"net/http"
	"testing"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]int64{"": 0, "*": 0, `"3"`: 3, "3": -1, `"x"`: -1, `W/"3"`: -1, `"0"`: -1, `"-1"`: -1} {
		r := Request{http: &http.Request{Header: http.Header{"If-Match": {value}}}, route: &Route{Versioned: true}}
		got, err := r.Match()
		if err != nil {
			got = -1
		}
		if got != want {
			t.Errorf("%s: %d, %v", value, got, err)
		}
	}
	undeclared := Request{http: &http.Request{Header: http.Header{"If-Match": {`"3"`}}}, route: &Route{}}
	if _, err := undeclared.Match(); err == nil {
		t.Error("a route that does not declare If-Match reads it")
	}
	answer, err := Tagged(201, 7, "x", nil)
	if a, ok := answer.(Answer); err != nil || !ok || a.Header.Get("Etag") != `"7"` || a.Status != 201 || a.Body != "x" {
		t.Errorf("%+v, %v", answer, err)
	}
}
