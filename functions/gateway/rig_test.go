package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/limit"
	"diom.io/workflow/shared/telemetry"
)

var errMissing = fault.New(fault.NotFound, "thing_not_found", "There is no such thing.")

// seen is what a function says of the request that reached it.
type seen struct {
	Method string              `json:"method"`
	Path   string              `json:"path"`
	Query  string              `json:"query"`
	User   string              `json:"user"`
	Body   string              `json:"body"`
	Header map[string][]string `json:"header"`
}

// sample are two functions; calls counts what reaches them.
func sample(calls *atomic.Int64) []faas.Function {
	echo := func(_ context.Context, r *faas.Request) (any, error) {
		calls.Add(1)
		body, err := r.Body()
		h := r.HTTP()
		return seen{h.Method, h.URL.EscapedPath(), h.URL.RawQuery, r.Principal.Username, string(body), h.Header}, err
	}
	return []faas.Function{
		{Name: "alpha", Routes: []faas.Route{
			{Method: "GET", Pattern: "/api/v1/open", Permission: access.Public, Serve: echo},
			{Method: "GET", Pattern: "/api/v1/things/{id}", Permission: access.Authenticated, Serve: echo},
			{Method: "POST", Pattern: "/api/v1/things/{id}/claim", Permission: access.Authenticated, Serve: echo},
			{Method: "DELETE", Pattern: "/api/v1/things/{id}", Permission: access.Authenticated, Serve: func(context.Context, *faas.Request) (any, error) { return nil, nil }},
			{Method: "GET", Pattern: "/internal/things", Permission: access.Internal, Serve: echo},
		}},
		{Name: "beta", Routes: []faas.Route{
			{Method: "POST", Pattern: "/api/v1/things/{id}/complete", Permission: access.Authenticated, Replayable: true, MaxBody: 100, Serve: echo},
			{Method: "POST", Pattern: "/auth/login", Permission: access.Public, Serve: echo},
			{Method: "GET", Pattern: "/api/v1/missing", Permission: access.Public, Serve: func(context.Context, *faas.Request) (any, error) { return nil, errMissing }},
			{Method: "GET", Pattern: "/api/v1/cached", Permission: access.Public, Serve: func(context.Context, *faas.Request) (any, error) {
				return faas.Answer{Header: http.Header{"Cache-Control": {"public, max-age=300"}, "Etag": {`"1"`}}, Body: []byte(`{}`)}, nil
			}},
			{Method: "GET", Pattern: "/api/v1/slow", Permission: access.Public, Serve: func(ctx context.Context, _ *faas.Request) (any, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}},
		}},
	}
}

// tableOf is what the generator makes of functions.
func tableOf(functions []faas.Function) (table []Route) {
	for _, f := range functions {
		for _, r := range f.Routes {
			if r.Permission != access.Internal {
				table = append(table, Route{Method: r.Method, Pattern: r.Pattern, Function: f.Name, Permission: string(r.Permission),
					Summary: r.Summary, MaxBody: r.MaxBody, Replayable: r.Replayable, Asks: r.Asks})
			}
		}
	}
	return table
}

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// open makes an App with keys of its own. Where people is true it has MySQL, Redis and the demo company.
func open(t testing.TB, people bool, change func(*config.Config)) (*faas.App, *lockedBuffer) {
	t.Helper()
	cfg := config.Config{Environment: "test", SecretsDir: t.TempDir(), TimeZone: "Asia/Shanghai", BcryptCost: 4, Pool: 4,
		ExecTimeout: 5 * time.Second, AccessTokenLife: time.Hour, RefreshTokenLife: time.Hour, MySQLDSN: "x@tcp(127.0.0.1:1)/x"}
	if people {
		cfg.MySQLDSN, cfg.RedisURL = databasetest.DSN(t), databasetest.Redis(t)
	}
	if change != nil {
		change(&cfg)
	}
	if err := access.GenerateKeys(cfg.SecretsDir); err != nil {
		t.Fatal(err)
	}
	log := &lockedBuffer{}
	app, err := faas.OpenApp(t.Context(), cfg, telemetry.New(log, "INFO"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Close() })
	if people {
		if err := app.Access.LoadDemo(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return app, log
}

func generous() settings {
	return settings{LimitUser: limit.Rate{Count: 5000, Per: time.Second, Burst: 10000}, LimitAddress: limit.Rate{Count: 5000, Per: time.Second, Burst: 10000},
		LimitLogin: limit.Rate{Count: 20, Per: time.Minute, Burst: 600}, Replicas: 1}
}

// local is a gateway over functions in the same process, on a real listener.
func local(t testing.TB, app *faas.App, functions []faas.Function, s settings) *httptest.Server {
	t.Helper()
	handlers := map[string]http.Handler{}
	for _, f := range functions {
		handlers[f.Name] = faas.Handler(app, f)
	}
	return serveGateway(t, app, func(name string) http.Handler { return handlers[name] }, s, tableOf(functions))
}

// apart is a gateway that reaches two processes of each function by URL.
func apart(t testing.TB, app *faas.App, functions []faas.Function, s settings) *httptest.Server {
	t.Helper()
	var urls []string
	for _, f := range functions {
		one, two := httptest.NewServer(faas.Handler(app, f)), httptest.NewServer(faas.Handler(app, f))
		t.Cleanup(one.Close)
		t.Cleanup(two.Close)
		urls = append(urls, f.Name+"="+one.URL+"|"+two.URL+"/")
	}
	return serveGateway(t, reopen(t, app, strings.Join(urls, ",")), nil, s, tableOf(functions))
}

// reopen makes the App of another process, which reaches the functions at urls.
func reopen(t testing.TB, app *faas.App, urls string) *faas.App {
	t.Helper()
	cfg := app.Config
	cfg.Functions = urls
	there, err := faas.OpenApp(t.Context(), cfg, app.Telemetry)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = there.Close() })
	return there
}

func serveGateway(t testing.TB, app *faas.App, next func(string) http.Handler, s settings, table []Route) *httptest.Server {
	t.Helper()
	g, err := newGateway(app, next, s, table)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	return server
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) code() string {
	var p faas.Problem
	_ = json.Unmarshal(a.body, &p) // a body that is no problem has no code
	return p.Code
}

func (a answer) seen(t *testing.T) (s seen) {
	t.Helper()
	if err := json.Unmarshal(a.body, &s); err != nil || a.status != http.StatusOK {
		t.Fatalf("%d %v: %s", a.status, err, a.body)
	}
	return s
}

// send makes one request; line is its method and its target, headers are "Name: value" lines.
func send(t testing.TB, server *httptest.Server, line, body string, headers ...string) answer {
	t.Helper()
	method, target, _ := strings.Cut(line, " ")
	var from io.Reader
	if body != "" {
		from = strings.NewReader(body)
	}
	request, err := http.NewRequestWithContext(context.Background(), method, server.URL+target, from)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if request.Header.Add(name, value); name == "Host" {
			request.Host = value
		}
	}
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, content}
}

// token logs a person of the demo in.
func token(t testing.TB, app *faas.App, username string) string {
	t.Helper()
	session, err := app.Access.Login(context.Background(), username, access.DemoPassword, "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	return "Authorization: Bearer " + session.AccessToken
}

func copySecret(t testing.TB, from, to *faas.App, name string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(from.Config.SecretsDir, name))
	if err == nil {
		err = os.WriteFile(filepath.Join(to.Config.SecretsDir, name), content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (l *lockedBuffer) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b.Reset()
}
