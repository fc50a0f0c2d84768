package gateway

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"diom.io/workflow/shared/limit"
)

// The limits count users by name, callers by address, log-ins apart; with Redis and without.
func TestLimits(t *testing.T) {
	t.Parallel()
	people, _ := open(t, true, nil)
	first, second := token(t, people, "zhangwei"), token(t, people, "wangfang")
	slow := limit.Rate{Count: 1, Per: time.Hour, Burst: 4}
	const halved = 2
	for name, tc := range map[string]struct {
		redis bool
		want  int
	}{"redis": {true, 4}, "no redis": {false, 4 / halved}} {
		t.Run(name, func(t *testing.T) {
			app := people
			if !tc.redis {
				app = reopen(t, people, "")
				app.Cache.Close() // from here on every command fails, as if Redis were away
			}
			var calls atomic.Int64
			s := generous()
			s.Replicas, s.LimitUser, s.LimitLogin = halved, slow, slow
			server := local(t, app, sample(&calls), s)
			if got := passed(t, server, "/api/v1/things/7", first); got != tc.want {
				t.Errorf("%d of the first user, want %d", got, tc.want)
			}
			if got := passed(t, server, "/api/v1/things/7", second); got != tc.want {
				t.Errorf("%d of the second user, want %d", got, tc.want)
			}
			calls.Store(0)
			for range 10 {
				send(t, server, "POST /auth/login", "{}")
			}
			if got := calls.Load(); got != int64(tc.want) {
				t.Errorf("%d log-ins, want %d", got, tc.want)
			}
			s = generous()
			s.Replicas, s.LimitAddress = halved, limit.Rate{Count: 1, Per: time.Hour, Burst: 6}
			server = local(t, app, sample(&calls), s)
			if got := passed(t, server, "/api/v1/open"); got != tc.want/2*3 {
				t.Errorf("%d from the address, want %d", got, tc.want/2*3)
			}
		})
	}
}

// passed is how many of ten requests are answered; the others must say when to come back.
func passed(t *testing.T, server *httptest.Server, target string, headers ...string) (count int) {
	t.Helper()
	for range 10 {
		a := send(t, server, "GET "+target, "", headers...)
		if a.status == 200 {
			count++
			continue
		}
		h := a.header
		if a.status != 429 || a.code() != "rate_limited" || h.Get("Retry-After") == "" || h.Get("Retry-After") == "0" ||
			h.Get("RateLimit-Limit") == "" || h.Get("RateLimit-Remaining") != "0" || h.Get("RateLimit-Reset") == "" {
			t.Errorf("%d %v %s", a.status, h, a.body)
		}
	}
	return count
}

func TestCORS(t *testing.T) {
	t.Parallel()
	app, _ := open(t, false, nil)
	const from, method = "Origin: https://console.test", "Access-Control-Request-Method: POST"
	preflight := []string{from, method, "Access-Control-Request-Headers: authorization"}
	tests := []struct {
		name    string
		origins []string
		method  string
		headers []string
		status  int
		allowed string
	}{
		{"same origin only", nil, "GET", []string{from}, 200, ""},
		{"preflight where nobody may", nil, "OPTIONS", preflight, 204, ""},
		{"listed", []string{"https://a.test", "https://console.test"}, "GET", []string{from}, 200, "https://console.test"},
		{"preflight of a listed one", []string{"https://console.test"}, "OPTIONS", preflight, 204, "https://console.test"},
		{"not listed", []string{"https://a.test"}, "GET", []string{from}, 200, ""},
		{"preflight of one not listed", []string{"https://a.test"}, "OPTIONS", preflight, 204, ""},
		{"all", []string{"*"}, "GET", []string{from}, 200, "*"},
		{"no origin", []string{"*"}, "GET", nil, 200, ""},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			var calls atomic.Int64
			s := generous()
			s.Origins = tc.origins
			a := send(t, local(t, app, sample(&calls), s), tc.method+" /api/v1/open", "", tc.headers...)
			if a.status != tc.status || a.header.Get("Access-Control-Allow-Origin") != tc.allowed {
				t.Errorf("%d %q", a.status, a.header.Get("Access-Control-Allow-Origin"))
			}
			if (a.header.Get("Vary") == "Origin") != (tc.origins != nil) || a.header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%v", a.header)
			}
			if got := strings.Contains(a.header.Get("Access-Control-Allow-Headers"), "Authorization"); got != (tc.allowed != "" && tc.method == "OPTIONS") {
				t.Errorf("Access-Control-Allow-Headers %q", a.header.Get("Access-Control-Allow-Headers"))
			}
		})
	}
}

func TestCaller(t *testing.T) {
	t.Parallel()
	tests := []struct {
		trusted, peer, forwarded, want string
		isTrusted                      bool
	}{
		{"", "10.0.0.1:5", "1.1.1.1", "10.0.0.1", false},
		{"0", "10.0.0.1:5", "1.1.1.1", "10.0.0.1", false},
		{"1", "10.0.0.1:5", "9.9.9.9, 1.1.1.1", "1.1.1.1", true},
		{"2", "10.0.0.1:5", "9.9.9.9,1.1.1.1 , 10.0.0.2", "1.1.1.1", true},
		{"2", "10.0.0.1:5", "1.1.1.1", "10.0.0.1", true},
		{"1", "10.0.0.1:5", "", "10.0.0.1", true},
		{"1", "10.0.0.1:5", "unknown", "10.0.0.1", true},
		{"10.0.0.0/8", "10.0.0.1:5", "9.9.9.9, 1.1.1.1, 10.2.3.4", "1.1.1.1", true},
		{"10.0.0.0/8", "11.0.0.1:5", "1.1.1.1", "11.0.0.1", false},
		{"10.0.0.1, 192.168.0.0/16", "10.0.0.1:5", "1.1.1.1,192.168.1.1", "1.1.1.1", true},
		{"10.0.0.0/8", "10.0.0.1:5", "10.0.0.3, 10.0.0.2", "10.0.0.3", true},
		{"10.0.0.0/8", "10.0.0.1:5", "1.1.1.1, rubbish, 10.0.0.2", "10.0.0.2", true},
		{"::1", "[::1]:5", "[2001:db8::1]:443", "2001:db8::1", true},
		{"127.0.0.1", "[::ffff:127.0.0.1]:5", "::ffff:1.1.1.1", "1.1.1.1", true},
	}
	for _, tc := range tests {
		var trusted trust
		if err := trusted.UnmarshalText([]byte(tc.trusted)); err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = tc.peer
		if tc.forwarded != "" {
			r.Header["X-Forwarded-For"] = []string{tc.forwarded}
		}
		if got, isTrusted := trusted.caller(r); got.String() != tc.want || isTrusted != tc.isTrusted {
			t.Errorf("%+v: %s %v", tc, got, isTrusted)
		}
	}
}

// Behind a proxy of ours the allow-list, the limits and the functions see the caller, not the proxy.
func TestTrustedProxy(t *testing.T) {
	t.Parallel()
	app, _ := open(t, false, nil)
	var calls atomic.Int64
	s := generous()
	if err := s.Proxies.UnmarshalText([]byte("127.0.0.0/8")); err != nil {
		t.Fatal(err)
	}
	if err := s.Allow.UnmarshalText([]byte("1.0.0.0/8, 2001:db8::/32")); err != nil {
		t.Fatal(err)
	}
	server := local(t, app, sample(&calls), s)
	for hop, want := range map[string]int{"1.2.3.4": 200, "9.9.9.9": 403, "1.2.3.4, 9.9.9.9": 403, "2001:db8::7": 200, "": 403} {
		if a := send(t, server, "GET /api/v1/open", "", "X-Forwarded-For: "+hop); a.status != want || want == 403 && a.code() != "address_not_allowed" {
			t.Errorf("%q: %d %s", hop, a.status, a.body)
		}
	}
	const trace = "11111111111111111111111111111111"
	a := send(t, server, "GET /api/v1/open", "", "X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: https", "X-Forwarded-Host: diom.test, x", "Traceparent: 00-"+trace+"-2222222222222222-01")
	h := a.seen(t).Header
	if h["X-Forwarded-For"][0] != "1.2.3.4" || h["X-Forwarded-Proto"][0] != "https" || h["X-Forwarded-Host"][0] != "diom.test" ||
		a.header.Get("X-Request-Id") != trace || a.header.Get("Strict-Transport-Security") == "" {
		t.Errorf("%v %v", h, a.header)
	}
}
