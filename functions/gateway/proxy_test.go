package gateway

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/faas"
)

// deadURL is an address that refuses connections.
const deadURL = "http://127.0.0.1:1"

// behind is a gateway whose function alpha is at urls; the table has a route of each kind.
func behind(t testing.TB, app *faas.App, urls ...string) *httptest.Server {
	t.Helper()
	table := []Route{
		{Method: "GET", Pattern: "/get", Function: "alpha", Permission: "public"},
		{Method: "POST", Pattern: "/post", Function: "alpha", Permission: "public"},
		{Method: "POST", Pattern: "/replayable", Function: "alpha", Permission: "public", Replayable: true},
		{Method: "POST", Pattern: "/question", Function: "alpha", Permission: "public", Asks: true},
	}
	return serveGateway(t, reopen(t, app, "alpha="+strings.Join(urls, "|")), nil, generous(), table)
}

// crash takes a request and breaks the connection: it may have been worked on.
func crash(calls *atomic.Int64) http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		panic(http.ErrAbortHandler)
	}
}

func TestAttempts(t *testing.T) {
	t.Parallel()
	app, _ := open(t, false, nil)
	var crashes, calls atomic.Int64
	crashing := httptest.NewServer(crash(&crashes))
	t.Cleanup(crashing.Close)
	working := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(body)
	}))
	t.Cleanup(working.Close)
	const key = "Idempotency-Key: k"
	large := strings.Repeat("x", repeatableBody+1)
	tests := []struct {
		name, first, method, target, body string
		headers                           []string
		status                            int
		crashes, calls                    int64
	}{
		{"refused: a GET goes on", deadURL, "GET", "/get", "", nil, 200, 0, 1},
		{"refused: a POST goes on", deadURL, "POST", "/post", "body", nil, 200, 0, 1},
		{"refused: a large POST goes on", deadURL, "POST", "/post", large, nil, 200, 0, 1},
		{"broken: a GET is repeated", crashing.URL, "GET", "/get", "", nil, 200, 1, 1},
		{"broken: a POST is not", crashing.URL, "POST", "/post", "body", nil, 503, 1, 0},
		{"broken: nor with a key that nobody remembers", crashing.URL, "POST", "/post", "body", []string{key}, 503, 1, 0},
		{"broken: nor without a body", crashing.URL, "POST", "/post", "", []string{key}, 503, 1, 0},
		{"broken: a replayable one without a key is not", crashing.URL, "POST", "/replayable", "body", nil, 503, 1, 0},
		{"broken: with its key it is", crashing.URL, "POST", "/replayable", "body", []string{key}, 200, 1, 1},
		{"broken: a question is repeated", crashing.URL, "POST", "/question", "body", nil, 200, 1, 1},
		{"broken: one too large to keep is not", crashing.URL, "POST", "/replayable", large, []string{key}, 503, 1, 0},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			server := behind(t, app, working.URL, tc.first) // the first turn is the second one's
			crashes.Store(0)
			calls.Store(0)
			a := send(t, server, tc.method+" "+tc.target, tc.body, tc.headers...)
			if a.status != tc.status || crashes.Load() != tc.crashes || calls.Load() != tc.calls {
				t.Errorf("%d, %d crashes, %d calls; want %d, %d, %d: %.200s", a.status, crashes.Load(), calls.Load(), tc.status, tc.crashes, tc.calls, a.body)
			}
			if a.status == 200 && string(a.body) != tc.body || a.status == 503 && (a.code() != "function_unanswered" || a.header.Get("Retry-After") == "") {
				t.Errorf("%.200s %v", a.body, a.header)
			}
		})
	}
}

// Both replicas get their turns; one that is away is left alone for a second.
func TestTurns(t *testing.T) {
	t.Parallel()
	app, _ := open(t, false, nil)
	var counts [2]atomic.Int64
	var urls []string
	for i := range counts {
		s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { counts[i].Add(1) }))
		t.Cleanup(s.Close)
		urls = append(urls, s.URL)
	}
	server := behind(t, app, append(urls, deadURL)...)
	for range 30 {
		if a := send(t, server, "GET /get", ""); a.status != 200 {
			t.Fatal(a.status)
		}
	}
	if counts[0].Load() < 10 || counts[1].Load() < 10 || counts[0].Load()+counts[1].Load() != 30 {
		t.Errorf("%d and %d of 30", counts[0].Load(), counts[1].Load())
	}
}

// What a platform answers on behalf of a function never reaches the caller as a bare text.
func TestPlatformAnswers(t *testing.T) {
	t.Parallel()
	app, _ := open(t, false, nil)
	tests := []struct {
		status, want int
		kind, code   string
	}{
		{200, 200, "text/plain", ""},
		{404, 503, "text/plain", "function_unavailable"},
		{502, 503, "text/html", "function_unavailable"},
		{503, 503, "", "function_unavailable"},
		{500, 503, "text/plain; charset=utf-8", "function_unavailable"},
		{429, 429, "text/plain", "max_inflight"},
		{413, 413, "text/html", "body_too_large"},
		{431, 400, "text/plain", "bad_request"},
		{503, 503, "application/problem+json", "own"},
		{404, 404, "application/problem+json; charset=utf-8", "own"},
	}
	for _, tc := range tests {
		function := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", tc.kind)
			w.Header().Set("Server", "platform")
			w.WriteHeader(tc.status)
			if strings.Contains(tc.kind, "json") {
				_, _ = io.WriteString(w, `{"code":"own"}`)
				return
			}
			_, _ = io.WriteString(w, "<b>upstream error at 10.1.2.3</b>")
		}))
		a := send(t, behind(t, app, function.URL), "GET /get", "")
		function.Close()
		if a.status != tc.want || a.code() != tc.code || a.header.Get("Server") != "" || tc.want != 200 && strings.Contains(string(a.body), "10.1.2.3") {
			t.Errorf("%d %q: %d %q, want %d %q: %s", tc.status, tc.kind, a.status, a.code(), tc.want, tc.code, a.body)
		}
	}
}

// The function is reached under its own name, and under a platform's prefix.
func TestPrefix(t *testing.T) {
	t.Parallel()
	app, _ := open(t, false, nil)
	function := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Host+" "+r.URL.RequestURI()+" "+r.Header.Get("X-Forwarded-Host"))
	}))
	t.Cleanup(function.Close)
	host := strings.TrimPrefix(function.URL, "http://")
	server := behind(t, app, function.URL+"/function/alpha/")
	if a := send(t, server, "GET /get?q=1", "", "Host: diom.test"); string(a.body) != host+" /function/alpha/get?q=1 diom.test" {
		t.Errorf("%s", a.body)
	}
}

// Ten refused connections open the breaker; then the function is not called any more.
func TestDeadFunction(t *testing.T) {
	t.Parallel()
	app, log := open(t, false, nil)
	server := behind(t, app, deadURL)
	for i := range 12 {
		a := send(t, server, "POST /post", "x")
		if a.status != 503 || a.code() != "function_unavailable" || a.header.Get("Retry-After") == "" {
			t.Fatalf("%d: %d %s", i, a.status, a.body)
		}
	}
	if text := log.String(); !strings.Contains(text, `"circuit breaker","function":"alpha","open":true`) || !strings.Contains(text, "connection refused") {
		t.Error(text)
	}
}

// What is away beside a function closes it for nobody; what is away for all of its requests does. The sign between the
// functions stays between them.
func TestFunctionIsWell(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err error
		end int
	}{
		"maintenance": {faas.ErrMaintenance, 200}, "the database": {database.ErrUnavailable, 503},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app, _ := open(t, false, nil)
			function := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					faas.WriteProblem(w, r, tc.err, "")
				}
			}))
			t.Cleanup(function.Close)
			server := behind(t, app, function.URL)
			for range 12 {
				if a := send(t, server, "POST /post", "x"); a.status != 503 || a.header.Get(faas.WellHeader) != "" {
					t.Fatalf("%d %v", a.status, a.header)
				}
			}
			if a := send(t, server, "GET /get", ""); a.status != tc.end {
				t.Errorf("something else: %d %s, want %d", a.status, a.body, tc.end)
			}
		})
	}
}

// A caller cannot close a function for others: short deadlines and broken uploads do not count.
func TestBlameless(t *testing.T) {
	t.Parallel()
	app, _ := open(t, false, nil)
	function := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err == nil && r.Header.Get("X-Timeout") != "" {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(function.Close)
	server := behind(t, app, function.URL)
	for range 30 {
		if a := send(t, server, "GET /get", "", "X-Timeout: 1ms"); a.status != 503 {
			t.Fatal(a.status)
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/post", io.MultiReader(strings.NewReader("x"), broken{}))
		if err != nil {
			t.Fatal(err)
		}
		if response, err := server.Client().Do(request); err == nil {
			response.Body.Close()
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		request, _ = http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/get", nil)
		if response, err := server.Client().Do(request); err == nil {
			response.Body.Close()
		}
	}
	if a := send(t, server, "GET /get", ""); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// Uploads that stall until the deadline do not count either.
func TestStalledUploads(t *testing.T) {
	t.Parallel()
	app, _ := open(t, false, func(c *config.Config) { c.ExecTimeout = time.Millisecond })
	function := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	t.Cleanup(function.Close)
	server := behind(t, app, function.URL)
	var all sync.WaitGroup
	for range 15 {
		all.Go(func() {
			connection, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				t.Error(err)
				return
			}
			defer connection.Close()
			_, _ = io.WriteString(connection, "POST /post HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nx")
			if line, err := bufio.NewReader(connection).ReadString('\n'); err != nil || !strings.Contains(line, " 503 ") {
				t.Errorf("%q %v", line, err)
			}
		})
	}
	all.Wait()
	if a := send(t, server, "GET /get", ""); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("broken") }

// A panic behind the gateway, and a function that is not there, are answers too.
func TestInProcessFailures(t *testing.T) {
	t.Parallel()
	app, log := open(t, false, nil)
	next := func(name string) http.Handler {
		switch name {
		case "panics":
			return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a secret") })
		case "breaks":
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "half"); panic("later") })
		}
		return nil
	}
	var table []Route
	for _, name := range []string{"panics", "breaks", "absent"} {
		table = append(table, Route{Method: "GET", Pattern: "/" + name, Function: name, Permission: "public"})
	}
	server := serveGateway(t, app, next, generous(), table)
	for _, target := range []string{"/panics", "/absent"} {
		if a := send(t, server, "GET "+target, ""); a.status != 503 || a.code() != "function_unavailable" || strings.Contains(string(a.body), "secret") {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
	}
	response, err := server.Client().Get(server.URL + "/breaks")
	if err == nil {
		if _, err = io.ReadAll(response.Body); err == nil {
			t.Error("half an answer looks like a whole one")
		}
		response.Body.Close()
	}
	if text := log.String(); !strings.Contains(text, "a secret") || !strings.Contains(text, `"stack":"goroutine`) {
		t.Error(text)
	}
}

func TestRemotesRefuseSettings(t *testing.T) {
	t.Parallel()
	app, _ := open(t, false, nil)
	for _, urls := range []string{"", "alpha=ftp://x", "alpha=http://", "beta=http://x", "alpha=http://x y"} {
		if _, err := newGateway(reopen(t, app, urls), nil, generous(), []Route{{Method: "GET", Pattern: "/", Function: "alpha"}}); err == nil {
			t.Errorf("%q: no error", urls)
		}
	}
}
