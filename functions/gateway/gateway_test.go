package gateway

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/faas"
)

// both runs a test over functions in the same process and over functions behind URLs.
func both(t *testing.T, test func(t *testing.T, server *httptest.Server, calls *atomic.Int64, bearer string)) {
	t.Helper()
	app, _ := open(t, true, nil)
	bearer := token(t, app, "zhangwei")
	for name, begin := range map[string]func(testing.TB, *faas.App, []faas.Function, settings) *httptest.Server{"one process": local, "by URL": apart} {
		t.Run(name, func(t *testing.T) {
			var calls atomic.Int64
			test(t, begin(t, app, sample(&calls), generous()), &calls, bearer)
		})
	}
}

func TestRouting(t *testing.T) {
	t.Parallel()
	const browser = "Accept: text/html,application/xhtml+xml,*/*;q=0.8"
	cases := []struct {
		name, method, target, body string
		headers                    []string
		status                     int
		code                       string
		reached                    int64
	}{
		{"public", "GET", "/api/v1/open", "", nil, 200, "", 1},
		{"public with a wrong token", "GET", "/api/v1/open", "", []string{"Authorization: Bearer x"}, 200, "", 1},
		{"head", "HEAD", "/api/v1/open", "", nil, 200, "", 1},
		{"token", "GET", "/api/v1/things/7", "", []string{"bearer"}, 200, "", 1},
		{"no content", "DELETE", "/api/v1/things/7", "", []string{"bearer"}, 204, "", 0},
		{"no token", "GET", "/api/v1/things/7", "", nil, 401, "token_missing", 0},
		{"other scheme", "GET", "/api/v1/things/7", "", []string{"Authorization: Basic YTpi"}, 401, "token_missing", 0},
		{"wrong token", "GET", "/api/v1/things/7", "", []string{"Authorization: Bearer a.b.c"}, 401, "token_invalid", 0},
		{"one function", "POST", "/api/v1/things/7/claim", "{}", []string{"bearer"}, 200, "", 1},
		{"another function", "POST", "/api/v1/things/7/complete", "{}", []string{"bearer"}, 200, "", 1},
		{"body too large", "POST", "/api/v1/things/7/complete", strings.Repeat("x", 101), []string{"bearer"}, 413, "body_too_large", 0},
		{"error of the function", "GET", "/api/v1/missing", "", nil, 404, "thing_not_found", 0},
		{"unknown path", "GET", "/api/v1/nothing", "", nil, 404, "no_route", 0},
		{"unknown path of the API in a browser", "GET", "/api/v1/nothing", "", []string{browser}, 404, "no_route", 0},
		{"internal", "GET", "/internal/things", "", []string{"bearer"}, 404, "no_route", 0},
		{"events", "POST", "/events", "{}", nil, 404, "no_route", 0},
		{"wrong method", "PUT", "/api/v1/things/7", "", nil, 405, "method_not_allowed", 0},
		{"unknown method", "BREW", "/api/v1/open", "", nil, 405, "method_not_allowed", 0},
		{"dots", "GET", "/api/v1/things/%2e%2e/open", "", nil, 400, "bad_path", 0},
		{"encoded slash", "GET", "/api/v1/things/a%2F..%2Fopen", "", []string{"bearer"}, 400, "bad_path", 0},
		{"encoded slash alone", "GET", "/api/v1/things/a%2fb", "", []string{"bearer"}, 400, "bad_path", 0},
		{"backslash", "GET", "/api/v1/things/a%5cb", "", []string{"bearer"}, 400, "bad_path", 0},
		{"empty part", "GET", "/api/v1//open", "", nil, 400, "bad_path", 0},
		{"deadline of the caller", "GET", "/api/v1/slow", "", []string{"X-Timeout: 20ms"}, 503, "deadline_exceeded", 0},
	}
	both(t, func(t *testing.T, server *httptest.Server, calls *atomic.Int64, bearer string) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				headers := append([]string(nil), c.headers...)
				for i := range headers {
					if headers[i] == "bearer" {
						headers[i] = bearer
					}
				}
				calls.Store(0)
				a := send(t, server, c.method+" "+c.target, c.body, headers...)
				if a.status != c.status || a.code() != c.code || calls.Load() != c.reached {
					t.Errorf("%d %q, %d calls; want %d %q, %d calls: %s", a.status, a.code(), calls.Load(), c.status, c.code, c.reached, a.body)
				}
				if c.code != "" && a.header.Get("Content-Type") != "application/problem+json" {
					t.Errorf("Content-Type %q", a.header.Get("Content-Type"))
				}
			})
		}
	})
}

func TestAllow(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, server *httptest.Server, _ *atomic.Int64, _ string) {
		if a := send(t, server, "PATCH /api/v1/things/7", ""); a.header.Get("Allow") != "GET, DELETE" {
			t.Errorf("Allow %q", a.header.Get("Allow"))
		}
		if a := send(t, server, "OPTIONS /api/v1/things/7", ""); a.status != 204 || a.header.Get("Allow") != "GET, DELETE" {
			t.Errorf("OPTIONS: %d %q", a.status, a.header.Get("Allow"))
		}
	})
}

// What the function sees of the request: the caller's words as they came, and of who he is only what
// the gateway knows.
func TestHeaderHygiene(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, server *httptest.Server, _ *atomic.Int64, bearer string) {
		a := send(t, server, "POST /api/v1/things/%E8%AF%B7%20%3A1/complete?a=b;c&d=%zz", `{"x":1}`, bearer,
			"X-User-Id: 1", "X-User: root", "X-Forwarded-User: root", "X-Auth-Request-Email: a@b", "X-Remote-User: root", "Remote-User: root",
			"X-Real-Ip: 9.9.9.9", "Forwarded: for=9.9.9.9", "X-Forwarded-For: 9.9.9.9", "X-Forwarded-Host: evil.test", "X-Forwarded-Proto: https",
			"X-Diom-Signature: v1,a,1,b,c", "X-Original-Url: /internal/things", "Impersonate-User: root", "Upgrade: websocket",
			"Connection: keep-alive, X-Drop, X-Request-Id", "X-Drop: 1", "Te: trailers", "Proxy-Authorization: Basic x",
			"Traceparent: 00-11111111111111111111111111111111-2222222222222222-01", "X-Request-Id: mine", "Idempotency-Key: k1", "X-Keep: 1", "Host: diom.test")
		s := a.seen(t)
		if s.Path != "/api/v1/things/%E8%AF%B7%20%3A1/complete" || s.Query != "a=b;c&d=%zz" || s.Body != `{"x":1}` || s.User != "zhangwei" {
			t.Errorf("%+v", s)
		}
		trace := a.header.Get("X-Request-Id")
		if len(trace) != 32 || strings.Trim(trace, "1") == "" {
			t.Errorf("X-Request-Id %q", trace)
		}
		for _, name := range []string{"Authorization", "Traceparent", "Content-Length", "User-Agent", "Accept-Encoding", "Content-Type"} {
			if name == "Traceparent" && !strings.HasPrefix(s.Header[name][0], "00-"+trace+"-") {
				t.Errorf("Traceparent %q", s.Header[name])
			}
			delete(s.Header, name)
		}
		want := map[string][]string{
			"Idempotency-Key": {"k1"}, "X-Keep": {"1"}, "X-Request-Id": {trace},
			"X-Forwarded-For": {"127.0.0.1"}, "X-Forwarded-Host": {"diom.test"}, "X-Forwarded-Proto": {"http"},
		}
		if d := cmp.Diff(want, s.Header); d != "" {
			t.Error(d)
		}
		s = send(t, server, "POST /api/v1/things/7/claim", "", bearer, "Idempotency-Key: k1", "X-Idempotency-Key: k1").seen(t)
		if s.Header["Idempotency-Key"] != nil || s.Header["X-Idempotency-Key"] != nil {
			t.Error("a route that remembers no key got one")
		}
	})
}

func TestAnswerHeaders(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, server *httptest.Server, _ *atomic.Int64, _ string) {
		for target, cache := range map[string]string{"/api/v1/open": "no-store", "/api/v1/cached": "public, max-age=300", "/api/v1/missing": "no-store", "/nothing": "no-store", "/": "no-store"} {
			a := send(t, server, "GET "+target, "")
			for name, value := range securityHeaders {
				if !cmp.Equal(a.header[name], value) {
					t.Errorf("%s: %s: %q", target, name, a.header[name])
				}
			}
			if got := a.header["Cache-Control"]; !cmp.Equal(got, []string{cache}) {
				t.Errorf("%s: Cache-Control %q, want %q", target, got, cache)
			}
			if len(a.header["Traceparent"]) != 1 || !strings.Contains(a.header.Get("Traceparent"), a.header.Get("X-Request-Id")) || len(a.header["X-Request-Id"]) != 1 {
				t.Errorf("%s: %q %q", target, a.header["Traceparent"], a.header["X-Request-Id"])
			}
			if a.header["Strict-Transport-Security"] != nil {
				t.Errorf("%s: HSTS over http", target)
			}
		}
		if strings.Contains(policy, "unsafe") {
			t.Error(policy)
		}
	})
}

// A body of unknown length is cut off at the route's limit.
func TestChunkedBodyIsBounded(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, server *httptest.Server, _ *atomic.Int64, bearer string) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/api/v1/things/7/complete", io.MultiReader(strings.NewReader(strings.Repeat("x", 5000))))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", strings.TrimPrefix(bearer, "Authorization: "))
		response, err := server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		var p faas.Problem
		if err := json.NewDecoder(response.Body).Decode(&p); err != nil || p.Code != "body_too_large" {
			t.Errorf("%d %v %+v", response.StatusCode, err, p)
		}
	})
}

// Without MySQL a token cannot be judged: the function is asked and says so.
func TestTokenWithoutDatabase(t *testing.T) {
	t.Parallel()
	people, _ := open(t, true, nil)
	bearer := token(t, people, "lina")
	app, _ := open(t, false, nil)
	for _, name := range []string{"diom-jwt-private", "diom-jwt-public"} {
		copySecret(t, people, app, name)
	}
	var calls atomic.Int64
	server := local(t, reopen(t, app, ""), sample(&calls), generous())
	if a := send(t, server, "GET /api/v1/things/7", "", bearer); a.status < 500 || a.code() == "" {
		t.Errorf("%d: %s", a.status, a.body)
	}
	if a := send(t, server, "GET /api/v1/things/7", "", "Authorization: Bearer x.y.z"); a.code() != "token_invalid" {
		t.Errorf("%d: %s", a.status, a.body)
	}
}

// A patient client that sends rubbish instead of HTTP gets no page and kills nothing.
func TestRawPaths(t *testing.T) {
	t.Parallel()
	app, _ := open(t, false, nil)
	var calls atomic.Int64
	server := local(t, app, sample(&calls), generous())
	for _, line := range []string{"OPTIONS * HTTP/1.1", "GET http://other.test/api/v1/../x HTTP/1.1", "CONNECT other.test:443 HTTP/1.1", "GET /api/v1/open%00 HTTP/1.1"} {
		connection, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = connection.SetDeadline(time.Now().Add(10 * time.Second))
		_, _ = connection.Write([]byte(line + "\r\nHost: x\r\nConnection: close\r\n\r\n"))
		raw, _ := io.ReadAll(connection)
		_ = connection.Close()
		if text := string(raw); !strings.HasPrefix(text, "HTTP/1.1 400") && !strings.HasPrefix(text, "HTTP/1.1 200 OK\r\nContent-Length: 0") {
			t.Errorf("%s: %.200s", line, text)
		}
	}
	if calls.Load() != 0 {
		t.Error("a function was reached")
	}
}
