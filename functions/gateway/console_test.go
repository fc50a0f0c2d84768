package gateway

import (
	"encoding/json"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/config"
)

// built is a console that was built.
func built() settings {
	s := generous()
	s.console = fstest.MapFS{
		"index.html":         {Data: []byte("<!doctype html><title>console</title>")},
		"assets/a-1.js.br":   {Data: []byte("brotli")},
		"assets/a-1.js.gz":   {Data: []byte("gzip")},
		"assets/f-1.woff2":   {Data: []byte("font")},
		"assets/b-1.css.gz":  {Data: []byte("style")},
		"assets/../secret.x": {Data: []byte("secret")},
	}
	return s
}

func TestConsoleIsServed(t *testing.T) {
	t.Parallel()
	app, _ := open(t, false, nil)
	server := local(t, app, sample(&atomic.Int64{}), built())
	const page = "Accept: text/html,*/*;q=0.8"
	for _, tc := range []struct {
		target string
		accept string
		status int
		body   string
	}{
		{"/", page, 200, "console"},
		{"/", "Accept: */*", 200, "console"},
		{"/inbox/todo?task=1", page, 200, "console"},
		{"/admin/users", page, 200, "console"},
		{"/admin/users", "Accept: application/json", 404, "no_route"},
		{"/api/v1/nothing", page, 404, "no_route"},
		{"/engine-rest/nothing", page, 404, ""},
		{"/internal/things", page, 404, "There is no such page"},
		{"/_/nothing", page, 404, "There is no such page"},
		{"/.env", page, 404, "There is no such page"},
		{"/wp-login.php", page, 404, "There is no such page"},
		{"/assets/gone-1.js", page, 404, "no_route"},
		{"/assets/gateway.css", page, 200, "prefers-color-scheme"},
	} {
		a := send(t, server, "GET "+tc.target, "", tc.accept)
		if a.status != tc.status || !strings.Contains(string(a.body), tc.body) {
			t.Errorf("%s %s: %d %s", tc.target, tc.accept, a.status, a.body)
		}
	}
	a := send(t, server, "GET /home", "", page)
	if h := a.header; h.Get("Cache-Control") != "no-cache" || !strings.Contains(h.Get("Content-Security-Policy"), "script-src 'self';") || strings.Contains(h.Get("Content-Security-Policy"), "unsafe-eval") {
		t.Errorf("%v", h)
	}
	if again := send(t, server, "GET /", "", page, "If-None-Match: "+a.header.Get("ETag")); again.status != 304 || len(again.body) > 0 {
		t.Errorf("with its tag: %d and %d bytes", again.status, len(again.body))
	}
}

// An asset comes as the caller takes it, for good: its name changes with its content.
func TestAssetsAreNegotiated(t *testing.T) {
	t.Parallel()
	app, _ := open(t, false, nil)
	server := local(t, app, sample(&atomic.Int64{}), built())
	for _, tc := range []struct{ target, accept, encoding, kind, body string }{
		{"/assets/a-1.js", "gzip, deflate, br, zstd", "br", "text/javascript; charset=utf-8", "brotli"},
		{"/assets/a-1.js", "gzip;q=0.5, br;q=0", "gzip", "text/javascript; charset=utf-8", "gzip"},
		{"/assets/b-1.css", "br, gzip", "gzip", "text/css; charset=utf-8", "style"},
		{"/assets/f-1.woff2", "br", "", "font/woff2", "font"},
	} {
		a := send(t, server, "GET "+tc.target, "", "Accept-Encoding: "+tc.accept)
		h := a.header
		if a.status != 200 || h.Get("Content-Encoding") != tc.encoding || h.Get("Content-Type") != tc.kind || string(a.body) != tc.body ||
			h.Get("Cache-Control") != forever || h.Get("Vary") != "Accept-Encoding" || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s %s: %d %v %s", tc.target, tc.accept, a.status, h, a.body)
		}
	}
	for _, target := range []string{"/assets/a-1.js", "/assets/a-1.js.map", "/assets/"} {
		if a := send(t, server, "GET "+target, "", "Accept-Encoding: identity"); a.status != 404 {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
	}
}

// The log-in page learns of the demo in the demo alone.
func TestConsoleTellsOfTheDemo(t *testing.T) {
	t.Parallel()
	for _, demo := range []bool{true, false} {
		app, _ := open(t, false, func(c *config.Config) { c.Demo = demo })
		a := send(t, local(t, app, sample(&atomic.Int64{}), generous()), "GET /api/v1/console", "")
		var info consoleInfo
		if err := json.Unmarshal(a.body, &info); err != nil || a.status != 200 || info.Demo != demo || (len(info.Accounts) > 0) != demo || (info.Password == access.DemoPassword) != demo {
			t.Errorf("demo %v: %v %d %s", demo, err, a.status, a.body)
		}
		if !demo && strings.Contains(string(a.body), "Diom-demo") {
			t.Errorf("%s", a.body)
		}
	}
}
