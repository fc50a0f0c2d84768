package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"diom.io/workflow/shared/faas"
)

// questions end the patterns of the POSTs that only ask. evaluate is none of them: the decision that it makes is recorded.
var questions = []string{":search", ":export", ":validate", ":generate", "/validate", "/generate", "/preview", "/forecast", "/count", "/shadow-run"}

// Exactly those POSTs are marked as questions that are called so, or that have a twin which is a GET; none of them has an
// effect to repeat, and none is asked by what is not a POST.
func TestAsksIsDeclared(t *testing.T) {
	t.Parallel()
	marked := 0
	for _, f := range functions {
		reads := map[string]bool{}
		for _, r := range f.Routes {
			reads[r.Pattern] = reads[r.Pattern] || r.Method == http.MethodGet
		}
		for _, r := range f.Routes {
			if want := r.Method == http.MethodPost && called(r, reads[r.Pattern]); want != r.Asks {
				t.Errorf("%s %s: marked as a question %t, it is called one: %t", r.Method, r.Pattern, r.Asks, want)
			}
			if r.Asks && (r.Replayable || r.Guarded || r.Versioned) {
				t.Errorf("%s: a question has no effect", r.Pattern)
			}
			if r.Asks {
				marked++
			}
		}
	}
	if marked < 20 {
		t.Errorf("%d routes ask", marked)
	}
}

func called(r faas.Route, twin bool) bool {
	named := slices.ContainsFunc(questions, func(end string) bool { return strings.HasSuffix(r.Pattern, end) })
	return named || twin && strings.HasPrefix(r.Pattern, "/engine-rest/") && !strings.Contains(r.Pattern, "{")
}
