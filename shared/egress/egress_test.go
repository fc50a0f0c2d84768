package egress

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func guard(t *testing.T, allow ...string) *Guard {
	t.Helper()
	g, err := New(allow)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// get asks for a URL and returns the body's first word, or the error.
func get(t *testing.T, c *http.Client, address string, header ...string) (*http.Response, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := c.Do(request)
	if err == nil {
		_ = response.Body.Close()
	}
	return response, err
}

// spellings are names and addresses that lead to this machine or its neighbours, each with a port that
// would be fine.
var spellings = []string{
	"127.0.0.1", "127.9.9.9", "localhost", "0.0.0.0", "[::]", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]",
	"10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "[::ffff:169.254.169.254]", "[fd00:ec2::254]", "[fe80::1]", "[fc00::1]",
	"[64:ff9b::7f00:1]", "[64:ff9b:1::1]", "[2002:7f00:1::]", "[2001::1]", "[fec0::1]", "[ff02::1]", "192.0.0.192", "198.18.0.1", "224.0.0.1", "255.255.255.255",
}

func TestInternalAddressesAreRefused(t *testing.T) {
	t.Parallel()
	c := guard(t).Client(true)
	for _, host := range spellings {
		if _, err := get(t, c, "http://"+host+":80/"); !errors.Is(err, ErrForbidden) {
			t.Errorf("%s: %v", host, err)
		}
	}
	if _, err := get(t, c, "http://192.88.99.1:8080/"); !errors.Is(err, ErrForbidden) {
		t.Errorf("another port: %v", err)
	}
}

// reached is whether a server on loopback was, and by which headers.
type reached struct {
	*httptest.Server
	header http.Header
	port   string
}

func serve(t *testing.T, handle http.HandlerFunc) *reached {
	t.Helper()
	r := &reached{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		r.header = q.Header.Clone()
		if handle != nil {
			handle(w, q)
		}
	}))
	t.Cleanup(r.Close)
	u, err := url.Parse(r.URL)
	if err != nil {
		t.Fatal(err)
	}
	r.port = u.Port()
	return r
}

// The same requests arrive where the setting allows them: so the tests of refusals would notice a guard
// that is off.
func TestAllowedAddressesAreReached(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	for name, tc := range map[string]struct {
		allow, host string
		reached     bool
	}{
		"by network":              {"127.0.0.0/8", "127.0.0.1", true},
		"by address":              {"127.0.0.1", "127.0.0.1", true},
		"by address, mapped":      {"127.0.0.1", "[::ffff:127.0.0.1]", true},
		"mapped entry":            {"::ffff:127.0.0.1", "127.0.0.1", true},
		"by name":                 {"LOCALHOST", "localhost", true},
		"name for another":        {"localhost", "127.0.0.1", false},
		"name of a neighbour":     {"host", "localhost", false},
		"names below, not itself": {"*.localhost", "localhost", false},
		"another network":         {"10.0.0.0/8", "127.0.0.1", false},
	} {
		_, err := get(t, guard(t, tc.allow).Client(true), "http://"+tc.host+":"+s.port)
		if tc.reached != (err == nil) || !tc.reached && !errors.Is(err, ErrForbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !guard(t, "*.corp").named("crm.corp.") || guard(t, "*.corp").named("corp") || guard(t, "*.corp").named("evilcorp") {
		t.Error("names below")
	}
}

// A server that may be called leads to one that may not, by address and by name; and to one that may.
func TestRedirectsAreCheckedAnew(t *testing.T) {
	t.Parallel()
	inner := serve(t, nil)
	var to string
	outer := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) })
	start := "http://localhost:" + outer.port
	c := guard(t, "localhost").Client(true)
	for _, to = range []string{inner.URL, "http://[::ffff:127.0.0.1]:" + inner.port, "//127.0.0.1:" + inner.port} {
		if _, err := get(t, c, start); !errors.Is(err, ErrForbidden) || inner.header != nil {
			t.Errorf("%s: %v", to, err)
		}
	}
	for _, to = range []string{"file:///etc/passwd", "ftp://localhost/", "gopher://localhost:1/", "http://user@localhost:" + inner.port} {
		if _, err := get(t, c, start); err == nil || inner.header != nil {
			t.Errorf("%s: reached", to)
		}
	}
	to = "http://localhost:" + inner.port
	if _, err := get(t, c, start, "X-Api-Key", "secret", "Authorization", "secret", "Accept", "text/plain"); err != nil {
		t.Fatal(err)
	}
	if inner.header.Get("X-Api-Key") != "" || inner.header.Get("Authorization") != "" || inner.header.Get("Accept") != "text/plain" {
		t.Errorf("another host got %v", inner.header)
	}
	inner.header = nil
	answer, err := get(t, guard(t, "localhost").Client(false), start)
	if err != nil || answer.StatusCode != http.StatusFound || inner.header != nil {
		t.Errorf("without redirects: %v %v", answer, err)
	}
	to = start
	if _, err := get(t, c, start); err == nil || !strings.Contains(err.Error(), "more than five redirects") {
		t.Errorf("in circles: %v", err)
	}
}

func TestProxiesOfTheEnvironmentAreNotUsed(t *testing.T) {
	proxy := serve(t, nil)
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("http_proxy", proxy.URL)
	s := serve(t, nil)
	if _, err := get(t, guard(t, "localhost").Client(true), "http://localhost:"+s.port); err != nil || proxy.header != nil || s.header == nil {
		t.Errorf("%v, by the proxy: %v", err, proxy.header != nil)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "x", "/x", "ftp://x", "file:///x", "http://", "http:x", "https://u:p@x", "http://x/#a", "http://x/%zz", "javascript:alert(1)", "http://x/" + strings.Repeat("a", 2048)} {
		if _, err := Parse(bad); !errors.Is(err, ErrURL) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if u, err := Parse("https://例子.example:8443/a?b=c"); err != nil || u.Port() != "8443" {
		t.Errorf("%v %v", u, err)
	}
	for _, bad := range []string{"http://x", "a/b", "*", "*.", "a b", "x:80"} {
		if _, err := New([]string{bad}); err == nil {
			t.Errorf("allow %q", bad)
		}
	}
}

// What goes into an incident tells neither the query nor the rest of a URL.
func TestReasonHidesTheURL(t *testing.T) {
	t.Parallel()
	_, err := get(t, guard(t).Client(true), "http://127.0.0.1/?token=secret")
	if reason := Reason(err); strings.Contains(reason, "secret") || reason != ErrForbidden.Message {
		t.Error(reason)
	}
	s := serve(t, nil)
	s.Close()
	if _, err = get(t, guard(t, "127.0.0.1").Client(true), s.URL+"/?token=secret"); err == nil || strings.Contains(Reason(err), "secret") {
		t.Error(err)
	}
	if Reason(&url.Error{Op: "Get", URL: "http://x", Err: context.DeadlineExceeded}) != "no answer in time" {
		t.Error("time")
	}
}
