package faas

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"sync"

	handler "github.com/openfaas/templates-sdk/go-http"

	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/telemetry"
)

// handleMaxBody bounds what HTTP reads before the function's own, smaller bound is known.
const handleMaxBody = 16 << 20

type pathKey struct{}

// where is what handler.Request has no field for.
type where struct{ path, host, remote string }

// WithPath returns a context that carries the path and the host of the call: OpenFaaS's request has
// no path. remote is the address of the peer.
func WithPath(ctx context.Context, path, host, remote string) context.Context {
	return context.WithValue(ctx, pathKey{}, where{path, host, remote})
}

type appKey struct{}

// WithApp returns a context whose calls of Serve use app, not the process's own: for tests.
func WithApp(ctx context.Context, app *App) context.Context {
	return context.WithValue(ctx, appKey{}, app)
}

// process is the App of a process that OpenFaaS's template runs: its Handle signature has no room for
// one. It is opened at the first call.
var process = sync.OnceValues(func() (*App, error) {
	cfg, err := config.Load()
	if err != nil {
		return nil, err
	}
	return OpenApp(context.Background(), cfg, telemetry.New(os.Stdout, cfg.LogLevel))
})

// Serve is the body of every function's Handle: the same pipeline as Handler, behind OpenFaaS's
// go-http signature. A stream answers 501 here: its writer cannot flush.
func Serve(f Function, req handler.Request) (handler.Response, error) {
	ctx := req.Context()
	if ctx == nil {
		ctx = context.Background()
	}
	app, _ := ctx.Value(appKey{}).(*App)
	if app == nil {
		var err error
		if app, err = process(); err != nil {
			return handler.Response{}, fmt.Errorf("function %s: %w", f.Name, err)
		}
	}
	w := &recorder{header: http.Header{}}
	app.endpoint(f).ServeHTTP(w, request(ctx, req))
	return handler.Response{Body: w.body.Bytes(), StatusCode: w.code(), Header: w.header}, nil
}

// endpoint returns the handler of f in this process.
func (a *App) endpoint(f Function) *endpoint {
	if e, ok := a.handlers.Load(f.Name); ok {
		return e.(*endpoint)
	}
	e, _ := a.handlers.LoadOrStore(f.Name, newEndpoint(a, f))
	return e.(*endpoint)
}

// request makes net/http's request of OpenFaaS's.
func request(ctx context.Context, req handler.Request) *http.Request {
	at, _ := ctx.Value(pathKey{}).(where)
	if at.path == "" {
		at.path = "/"
	}
	if at.host == "" {
		at.host = req.Host
	}
	header := req.Header
	if header == nil {
		header = http.Header{}
	}
	u := &url.URL{Path: at.path, RawQuery: req.QueryString}
	if escaped, err := url.ParseRequestURI(at.path); err == nil { // the path travels escaped
		u.Path, u.RawPath = escaped.Path, escaped.RawPath
	}
	r := &http.Request{
		Method: req.Method, URL: u, Host: at.host, RemoteAddr: at.remote, Header: header, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(bytes.NewReader(req.Body)), ContentLength: int64(len(req.Body)), RequestURI: u.RequestURI(),
	}
	return r.WithContext(ctx)
}

// HTTP serves a Handle function: the template's main runs it.
func HTTP(handle func(handler.Request) (handler.Response, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := readAll(http.MaxBytesReader(w, r.Body, handleMaxBody), min(r.ContentLength, handleMaxBody+1))
		if err != nil {
			var large *http.MaxBytesError
			if errors.As(err, &large) {
				WriteProblem(w, r, ErrBodyTooLarge, "")
				return
			}
			WriteProblem(w, r, ErrBodyUnread, "")
			return
		}
		req := handler.Request{Body: body, Header: r.Header, QueryString: r.URL.RawQuery, Method: r.Method, Host: r.Host}
		req.WithContext(WithPath(r.Context(), r.URL.EscapedPath(), r.Host, r.RemoteAddr))
		response, err := handle(req)
		if err != nil {
			WriteProblem(w, r, err, "")
			return
		}
		maps.Copy(w.Header(), response.Header)
		if response.StatusCode == 0 {
			response.StatusCode = http.StatusOK
		}
		w.WriteHeader(response.StatusCode)
		_, _ = w.Write(response.Body) // the caller has gone away; nobody is left to tell
	})
}

// recorder keeps an answer in memory.
type recorder struct {
	header http.Header
	body   bytes.Buffer
	status int
}

func (w *recorder) Header() http.Header { return w.header }

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
}

func (w *recorder) Write(body []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(body)
}

func (w *recorder) code() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}
