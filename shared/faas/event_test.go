package faas

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/fault"
)

func consume(context.Context, *Request) error { return nil }

func TestEventStatus(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err  error
		want int
	}{
		{errors.New("x"), 500},
		{fault.New(fault.Busy, "b", ""), 429},
		{fmt.Errorf("task: %w", fault.New(fault.Unavailable, "u", "")), 503},
		{ErrDeadline, 503},
		{fault.New(fault.NotFound, "n", ""), 422},
		{fault.New(fault.Stale, "s", ""), 422},
		{fault.New(fault.Conflict, "c", "").Verdicted(fault.Reject), 422},
		{fault.New(fault.NotFound, "n", "").Verdicted(fault.Retry), 503},
	}
	for _, tc := range tests {
		if got := eventStatus(tc.err); got != tc.want {
			t.Errorf("%v: %d, want %d", tc.err, got, tc.want)
		}
	}
}

// The answer of a route to a CloudEvent has no body, whatever the route says; its status and headers
// stay, and so do failures and what writes itself.
func TestRoutesAnswerEventsWithoutABody(t *testing.T) {
	t.Parallel()
	written := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("written")) })
	f := things()
	f.Routes = append(f.Routes, Route{Method: "POST", Pattern: "/writes", Permission: access.Public, Serve: func(context.Context, *Request) (any, error) { return written, nil }})
	for _, pointer := range []bool{false, true} {
		f.Routes = append(f.Routes, Route{Method: "POST", Pattern: fmt.Sprintf("/answer-%t", pointer), Permission: access.Public, Serve: func(context.Context, *Request) (any, error) {
			a := Answer{Status: 201, Header: http.Header{"Etag": {`"1"`}}, Body: map[string]int{"a": 1}}
			if pointer {
				return &a, nil
			}
			return a, nil
		}})
	}
	r := newRig(t, f, nil)
	for _, tc := range []struct {
		target string
		status int
		body   string
	}{{"/things", 204, ""}, {"/things:check", 202, ""}, {"/answer-false", 201, ""}, {"/answer-true", 201, ""}, {"/writes", 200, "written"}} {
		for _, header := range []string{"Ce-Specversion: 1.0", "Content-Type: application/cloudevents+json; charset=utf-8"} {
			w := r.send("POST", tc.target, "", header)
			if w.Code != tc.status || w.Body.String() != tc.body || w.Header().Get("Content-Type") == "application/json" {
				t.Errorf("%s with %s: %d %q %v", tc.target, header, w.Code, w.Body, w.Header())
			}
			if strings.HasPrefix(tc.target, "/answer") && w.Header().Get("Etag") != `"1"` {
				t.Errorf("%s: the headers are %v", tc.target, w.Header())
			}
		}
	}
	if w := r.send("GET", "/busy", "", "Ce-Specversion: 1.0"); w.Code != 429 || said(t, w) != "instance_busy" {
		t.Errorf("a failure: %d %s", w.Code, w.Body)
	}
	if w := r.send("POST", "/things", "{}"); w.Code != 200 || w.Body.Len() == 0 {
		t.Errorf("a plain call: %d %q", w.Code, w.Body)
	}
}
