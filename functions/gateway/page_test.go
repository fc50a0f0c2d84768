package gateway

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	handler "github.com/openfaas/templates-sdk/go-http"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/faas"
)

const browser = "Accept: text/html"

var inline = regexp.MustCompile(`<script|<style| style=| on[a-z]+=|https?://[^"< ]*\.(js|css)`)

func TestPages(t *testing.T) {
	t.Parallel()
	app, _ := open(t, true, func(c *config.Config) { c.Demo = true })
	var calls atomic.Int64
	for mode, server := range map[string]*httptest.Server{"one process": local(t, app, sample(&calls), generous()), "by URL": apart(t, app, sample(&calls), generous())} {
		for _, tc := range []struct {
			target, language string
			status           int
			want             []string
		}{
			{"/", "zh-CN,zh;q=0.9,en;q=0.8", 200, []string{`<html lang="zh-CN">`, "快速上手", "张伟", "Diom-demo-1", "alpha", `href="/api"`}},
			{"/", "en-US,en;q=0.9,zh;q=0.1", 200, []string{`<html lang="en">`, "First steps", "zhangwei", server.URL + "/auth/login", "beta"}},
			{"/", "", 200, []string{`<html lang="en">`}},
			{"/", "fr", 200, []string{`<html lang="en">`}},
			{"/api", "zh", 200, []string{`<html lang="zh-CN">`, "接口列表", "/api/v1/things/{id}/complete", "authenticated"}},
			{"/<script>", "en", 404, []string{"There is no such page", "&lt;script&gt;"}},
		} {
			a := send(t, server, "GET "+tc.target, "", browser, "Accept-Language: "+tc.language)
			if a.status != tc.status || a.header.Get("Content-Type") != "text/html; charset=utf-8" {
				t.Errorf("%s %s: %d %s", mode, tc.target, a.status, a.header.Get("Content-Type"))
			}
			for _, want := range tc.want {
				if !strings.Contains(string(a.body), want) {
					t.Errorf("%s %s %s: no %s in\n%s", mode, tc.target, tc.language, want, a.body)
				}
			}
			if found := inline.Find(a.body); found != nil {
				t.Errorf("%s: %s", tc.target, found)
			}
			if strings.Contains(string(a.body), "internal/things") {
				t.Errorf("%s: an internal route is shown", tc.target)
			}
		}
	}
}

// The status is that of the functions: all answer, or not.
// The document is served to everybody, once to each.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	app, _ := open(t, true, nil)
	var calls atomic.Int64
	server := local(t, app, sample(&calls), generous())
	const identity = "Accept-Encoding: identity"
	a := send(t, server, "GET /openapi.yaml", "", identity)
	tag := a.header.Get("Etag")
	if a.status != 200 || a.header.Get("Content-Type") != "application/yaml" || tag == "" || !strings.Contains(string(a.body), "\nopenapi: 3.1.0\n") {
		t.Errorf("%d %v %.80s", a.status, a.header, a.body)
	}
	if again := send(t, server, "GET /openapi.yaml", "", identity, "If-None-Match: "+tag); again.status != 304 || len(again.body) > 0 {
		t.Errorf("with its tag: %d and %d bytes", again.status, len(again.body))
	}
	if other := send(t, server, "GET /openapi.yaml", "", identity, `If-None-Match: "other"`); other.status != 200 {
		t.Errorf("with another tag: %d", other.status)
	}
	zipped := send(t, server, "GET /openapi.yaml", "", "Accept-Encoding: br, gzip")
	if zipped.header.Get("Content-Encoding") != "gzip" || zipped.header.Get("Etag") == tag || zipped.header.Get("Vary") != "Accept-Encoding" || 4*len(zipped.body) > len(a.body) {
		t.Fatalf("compressed: %v, %d bytes of %d", zipped.header, len(zipped.body), len(a.body))
	}
	reader, err := gzip.NewReader(bytes.NewReader(zipped.body))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(reader); err != nil || string(text) != string(a.body) {
		t.Errorf("%v: another text comes out of the compressed one", err)
	}
	if again := send(t, server, "GET /openapi.yaml", "", "Accept-Encoding: gzip", "If-None-Match: "+zipped.header.Get("Etag")); again.status != 304 {
		t.Errorf("compressed, with its tag: %d", again.status)
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	app, _ := open(t, false, nil)
	ready := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/_/ready" {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(ready.Close)
	for urls, want := range map[string]string{ready.URL + "|" + deadURL: "Every function answers.", deadURL: "Not every function answers"} {
		if a := send(t, behind(t, app, urls), "GET /", "", browser); !strings.Contains(string(a.body), want) {
			t.Errorf("%s: no %q in %s", urls, want, a.body)
		}
	}
	a := send(t, local(t, app, sample(&atomic.Int64{}), generous()), "GET /", "", browser)
	if !strings.Contains(string(a.body), "Not every function answers") || strings.Contains(string(a.body), "Diom-demo") {
		t.Errorf("without MySQL, without a demo: %s", a.body)
	}
}

func TestAPIList(t *testing.T) {
	t.Parallel()
	app, _ := open(t, false, nil)
	server := local(t, app, sample(&atomic.Int64{}), generous())
	var list struct{ Items []listedRoute }
	a := send(t, server, "GET /api", "", "Accept: application/json")
	if err := json.Unmarshal(a.body, &list); err != nil || len(list.Items) != 9 || a.header.Get("Content-Type") != "application/json" {
		t.Errorf("%v %d %s", err, len(list.Items), a.body)
	}
	css := send(t, server, "GET /assets/gateway.css", "")
	if css.status != 200 || css.header.Get("Content-Type") != "text/css; charset=utf-8" || !strings.Contains(string(css.body), "prefers-color-scheme: dark") {
		t.Errorf("%d %v", css.status, css.header)
	}
	if a := send(t, server, "HEAD /", ""); a.status != 200 || len(a.body) != 0 {
		t.Errorf("HEAD: %d", a.status)
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	if d := cmp.Diff(slices.Sorted(maps.Keys(english)), slices.Sorted(maps.Keys(chinese))); d != "" {
		t.Error(d)
	}
	source, err := os.ReadFile("markup.go")
	if err != nil {
		t.Fatal(err)
	}
	used := regexp.MustCompile(`\b(?:text\(|Text\[|step\()"(\w+)"`).FindAllStringSubmatch(string(source), -1)
	for _, match := range used {
		if english[match[1]] == "" {
			t.Errorf("no text %s", match[1])
		}
	}
	if len(used) < 20 {
		t.Errorf("%d uses of texts", len(used))
	}
}

// The generated table has no two patterns that net/http cannot order, and no route from outside in.
func TestGeneratedRoutes(t *testing.T) {
	t.Parallel()
	app, _ := open(t, false, nil)
	g, err := newGateway(app, func(string) http.Handler { return http.NotFoundHandler() }, generous(), routes)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range routes {
		if r.Permission == "internal" || r.Permission == "" || r.Method == "" || strings.HasPrefix(r.Pattern, "/internal") || r.Function == Function.Name {
			t.Errorf("%+v", r)
		}
	}
	for target, function := range map[string]string{"/api/v1/tasks/7/complete": "complete-task", "/api/v1/tasks/7/claim": "tasks", "/auth/login": "login"} {
		handler, _ := g.routes.Handler(httptest.NewRequest(http.MethodPost, target, nil))
		if e, ok := handler.(*entry); !ok || e.Function != function {
			t.Errorf("%s: %v", target, handler)
		}
	}
	conflict := []Route{{Method: "GET", Pattern: "/a/{x}/b", Function: "f"}, {Method: "GET", Pattern: "/a/b/{y}", Function: "f"}}
	if _, err := newGateway(app, func(string) http.Handler { return nil }, generous(), conflict); err == nil {
		t.Error("a conflict is no error")
	}
	for _, own := range []string{"/{$}", "/api"} {
		if _, err := newGateway(app, func(string) http.Handler { return nil }, generous(), []Route{{Method: "GET", Pattern: own, Function: "f"}}); err == nil {
			t.Errorf("%s: a function may take the gateway's own route", own)
		}
	}
}

func TestFunction(t *testing.T) {
	t.Parallel()
	if err := Function.Check(); err != nil {
		t.Fatal(err)
	}
	app, _ := open(t, false, nil)
	proxies.Store(app, mustGateway(t, reopen(t, app, "{function}=,"+deadURL+"/{function}")))
	t.Cleanup(func() { proxies.Delete(app) })
	for _, path := range []string{"/", "/api", "/.well-known/jwks.json", "/auth/userinfo"} {
		ctx := faas.WithApp(faas.WithPath(t.Context(), path, "diom.test", "127.0.0.1:1"), app)
		req := handler.Request{Method: "GET", Header: http.Header{"Traceparent": {"00-11111111111111111111111111111111-2222222222222222-01"}}}
		req.WithContext(ctx)
		response, err := Handle(req)
		want := map[string]int{"/": 200, "/api": 200, "/.well-known/jwks.json": 503, "/auth/userinfo": 401}[path]
		if err != nil || response.StatusCode != want {
			t.Errorf("%s: %v %d %s", path, err, response.StatusCode, response.Body)
		}
		if id := response.Header.Get("X-Request-Id"); len(id) != 32 || strings.Trim(id, "1") == "" || !strings.Contains(response.Header.Get("Traceparent"), id) {
			t.Errorf("%s: %q %q", path, id, response.Header.Get("Traceparent"))
		}
	}
}

func mustGateway(t *testing.T, app *faas.App) *gateway {
	t.Helper()
	g, err := newGateway(app, nil, generous(), routes)
	if err != nil {
		t.Fatal(err)
	}
	return g
}
