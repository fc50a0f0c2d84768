package faas

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/config"
)

const id = "01890a5d-ac96-774b-bcce-b302099a8057"

func TestPipeline(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, method, target, body string
		headers                    []string
		status                     int
		want                       string // the body, or the code of the problem
	}{
		{"json in and out", "POST", "/things", `{"name":"a","count":2}`, nil, 200, `{"name":"a","count":2,"lines":null,"values":null}`},
		{"empty body is {}", "POST", "/things", " ", nil, 200, `{"name":"","count":0,"lines":null,"values":null}`},
		{"custom verb and status", "POST", "/things:check", `{}`, nil, 202, `{"name":"","count":0,"lines":null,"values":null}`},
		{"no HTML escaping", "GET", "/things/" + id, "", nil, 200, `{"html":"<b>&","id":"` + id + `"}`},
		{"malformed id", "GET", "/things/7", "", nil, 404, "not_found"},
		{"no content", "DELETE", "/things/" + id, "", nil, 204, ""},
		{"answer of its own", "GET", "/raw", "", nil, 201, "<a/>"},
		{"raw message", "GET", "/message", "", nil, 200, `{"b": 1}`},
		{"unknown route", "GET", "/nothing", "", nil, 404, "no_route"},
		{"root", "GET", "/", "", nil, 404, "no_route"},
		{"wrong method", "PUT", "/things", "", nil, 405, "method_not_allowed"},
		{"bad list", "GET", "/things?limit=0", "", nil, 400, "bad_list_request"},
		{"unknown parameter", "GET", "/things?x=0", "", nil, 400, "bad_list_request"},
		{"bad filter", "GET", "/things?of=0", "", nil, 400, "bad_filter"},
		{"no token", "GET", "/me", "", nil, 401, "token_missing"},
		{"other scheme", "GET", "/me", "", []string{"Authorization: Basic cm9vdA=="}, 401, "token_missing"},
		{"token", "GET", "/me", "", []string{"Authorization: bearer anna"}, 200, `{"username":"anna"}`},
		{"permission missing", "GET", "/admin", "", []string{"Authorization: Bearer anna"}, 403, "forbidden"},
		{"permission", "GET", "/admin", "", []string{"Authorization: Bearer root"}, 204, ""},
		{"body too large", "POST", "/things", `{"name":"` + strings.Repeat("x", 2000) + `"}`, nil, 413, "body_too_large"},
		{"busy", "GET", "/busy", "", nil, 429, "instance_busy"},
		{"internal", "GET", "/broken", "", nil, 500, "internal"},
		{"answer that is no JSON", "GET", "/unmarshalable", "", nil, 500, "internal"},
		{"panic", "GET", "/panic", "", nil, 500, "internal"},
		{"shortened", "GET", "/slow", "", []string{"X-Timeout: 20ms"}, 503, "deadline_exceeded"},
	}
	r := newRig(t, things(), nil)
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			w := r.send(tc.method, tc.target, tc.body, tc.headers...)
			if w.Code != tc.status {
				t.Fatalf("status %d, want %d: %s", w.Code, tc.status, w.Body)
			}
			if got := said(t, w); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
			if w.Header().Get("Traceparent") == "" {
				t.Error("the answer has no traceparent")
			}
		})
	}
}

// said returns the body of an answer, or the code of a problem document.
func said(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	if w.Code < 400 {
		return strings.TrimSuffix(w.Body.String(), "\n")
	}
	var p Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatal(err)
	}
	return p.Code
}

func TestAllow(t *testing.T) {
	t.Parallel()
	r := newRig(t, things(), nil)
	for target, want := range map[string]string{"/things": "GET, POST", "/things/" + id: "GET, DELETE"} {
		w := r.send("PATCH", target, "")
		if got := w.Header().Get("Allow"); w.Code != 405 || got != want {
			t.Errorf("%s: %d, Allow %q, want %q", target, w.Code, got, want)
		}
	}
}

func TestMaxInflight(t *testing.T) {
	t.Parallel()
	r := newRig(t, things(), func(c *config.Config) { c.MaxInflight, c.ExecTimeout = 2, 300*time.Millisecond })
	var wg sync.WaitGroup
	codes := make([]int, 5)
	for i := range codes {
		wg.Go(func() { codes[i] = r.send("GET", "/slow", "").Code })
	}
	wg.Wait()
	got := map[int]int{}
	for _, code := range codes {
		got[code]++
	}
	if want := (map[int]int{503: 2, 429: 3}); !cmp.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if w := r.send("GET", "/message", ""); w.Code != 200 {
		t.Errorf("the slots were not given back: %d", w.Code)
	}
}

func TestXTimeoutNeverLengthens(t *testing.T) {
	t.Parallel()
	r := newRig(t, things(), func(c *config.Config) { c.ExecTimeout = 20 * time.Millisecond })
	begin := time.Now()
	if w := r.send("GET", "/slow", "", "X-Timeout: 10s"); w.Code != 503 || time.Since(begin) > 2*time.Second {
		t.Errorf("%d after %s", w.Code, time.Since(begin))
	}
}

func TestWildFunctionTakesEverything(t *testing.T) {
	t.Parallel()
	f := Function{Name: "gate", Routes: []Route{{Pattern: "/", Permission: access.Public, Serve: func(context.Context, *Request) (any, error) {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, bounded := r.Context().Deadline(); bounded {
				t.Error("a stream has the deadline of a call")
			}
			if r.Header.Get("Traceparent") != w.Header().Get("Traceparent") {
				t.Error("the request does not carry on the trace")
			}
			w.WriteHeader(http.StatusTeapot)
		}), nil
	}}}}
	r := newRig(t, f, nil)
	for _, method := range []string{"GET", "PATCH", "OPTIONS"} {
		if w := r.send(method, "/any/where", ""); w.Code != http.StatusTeapot {
			t.Errorf("%s: %d", method, w.Code)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	good := Route{Method: "GET", Pattern: "/x", Permission: access.Public, Serve: echo}
	tests := map[string]func(*Function){
		"name":               func(f *Function) { f.Name = "No" },
		"permission":         func(f *Function) { f.Routes[0].Permission = "" },
		"handler":            func(f *Function) { f.Routes[0].Serve = nil },
		"method":             func(f *Function) { f.Routes[0].Method = "get" },
		"pattern":            func(f *Function) { f.Routes[0].Pattern = "x" },
		"replayable GET":     func(f *Function) { f.Routes[0].Replayable = true },
		"proof, not public":  func(f *Function) { f.Routes[0].Proof, f.Routes[0].Permission = RefreshCookie, access.Authenticated },
		"replayable, public": func(f *Function) { f.Routes[0].Method, f.Routes[0].Replayable = "POST", true },
		"a GET asks":         func(f *Function) { f.Routes[0].Asks = true },
		"a replayable asks": func(f *Function) {
			f.Routes[0].Method, f.Routes[0].Permission, f.Routes[0].Replayable, f.Routes[0].Asks = "POST", access.Authenticated, true, true
		},
		"event":            func(f *Function) { f.Events = []Event{{Type: "t"}} },
		"no schedule":      func(f *Function) { f.Scheduled = func(context.Context, *App) error { return nil } },
		"event repeatedly": func(f *Function) { f.Events = []Event{{Type: "t", Serve: consume}, {Type: "t", Serve: consume}} },
	}
	for name, spoil := range tests {
		f := Function{Name: "f", Routes: []Route{good}}
		if err := f.Check(); err != nil {
			t.Fatal(err)
		}
		if spoil(&f); f.Check() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
