package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"mime"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/fault"
)

const (
	dialTimeout = time.Second
	// idle connections end before a function's own server ends them (two minutes), so that a request is
	// not sent into a closing one.
	idleTimeout = 90 * time.Second
	idlePerHost = 512
	// margin is how much longer the gateway waits than a function works: the function says it first.
	margin     = 500 * time.Millisecond
	copyBuffer = 32 << 10
)

var errNoURL = errors.New("DIOM_FUNCTION_URL: the gateway knows no address of it")

// proxies to functions share one Transport and its idle connections.
func newTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second}
	return &http.Transport{
		DialContext: dialer.DialContext, DisableCompression: true, MaxIdleConns: 0, MaxIdleConnsPerHost: idlePerHost,
		IdleConnTimeout: idleTimeout, TLSHandshakeTimeout: 2 * dialTimeout, MaxResponseHeaderBytes: 64 << 10,
	}
}

// remotes returns a handler for each function, which reaches it by the URLs of the settings.
func remotes(app *faas.App, transport http.RoundTripper, names []string) (map[string]http.Handler, error) {
	handlers := map[string]http.Handler{}
	for _, name := range names {
		r := &replicas{transport: transport}
		for _, text := range app.Config.FunctionURLs(name) {
			u, err := url.Parse(text)
			if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
				return nil, fmt.Errorf("DIOM_FUNCTION_URL: %q is no URL of function %s", text, name)
			}
			r.all = append(r.all, &replica{url: u})
		}
		if len(r.all) == 0 {
			return nil, fmt.Errorf("function %s: %w", name, errNoURL)
		}
		handlers[name] = &remote{limit: app.Config.ExecTimeout + margin, proxy: httputil.ReverseProxy{
			Transport: r, Rewrite: rewrite, ModifyResponse: accept, ErrorHandler: note, BufferPool: &copyBuffers{},
			ErrorLog: slog.NewLogLogger(app.Telemetry.Log.Handler(), slog.LevelDebug),
		}}
	}
	return handlers, nil
}

// remote is a function in another process.
type remote struct {
	limit time.Duration
	proxy httputil.ReverseProxy
}

// ServeHTTP asks the function. What went wrong before an answer came is left in the exchange.
func (f *remote) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), f.limit)
	defer cancel()
	out := r.WithContext(ctx)
	upload := &upload{ReadCloser: r.Body, controller: http.NewResponseController(w)}
	if r.Body != nil && r.Body != http.NoBody {
		out.Body = upload
		stop := context.AfterFunc(ctx, upload.abandon)
		defer stop()
	} else {
		upload.ended.Store(true)
	}
	f.proxy.ServeHTTP(w, out)
	if e, ok := w.(*exchange); ok && e.err != nil && !unreached(e.err) && !upload.ended.Load() {
		e.blameless = true
		upload.abandon()
	}
}

// rewrite puts back what ReverseProxy takes out: the forwarded headers are the gateway's own, and the
// query is the caller's as it came, as it is in one process.
func rewrite(p *httputil.ProxyRequest) {
	p.Out.Host = "" // the function's own name: platforms route by it
	p.Out.URL.RawQuery = p.In.URL.RawQuery
	for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if value, ok := p.In.Header[name]; ok {
			p.Out.Header[name] = value
		}
	}
}

// accept takes the answer of a function and refuses that of a platform on its behalf: a function's
// errors are JSON, and a bare text never reaches the caller.
func accept(response *http.Response) error {
	maps.DeleteFunc(response.Header, func(name string, _ []string) bool {
		_, ours := securityHeaders[name]
		return ours || name == "Traceparent" || name == "X-Request-Id" || name == "Strict-Transport-Security" || name == "Server"
	})
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")) // a malformed one is not JSON either
	if response.StatusCode < http.StatusBadRequest || kind == "application/problem+json" || kind == "application/json" {
		return nil
	}
	switch status := response.StatusCode; {
	case status == http.StatusTooManyRequests:
		return faas.ErrMaxInflight
	case status == http.StatusRequestEntityTooLarge:
		return faas.ErrBodyTooLarge
	case status < http.StatusInternalServerError && status != http.StatusNotFound: // 404: nobody there is called so
		return errRefused.Withf("The request was refused on its way with status %d.", status)
	default:
		return fmt.Errorf("status %d of %q: %w", status, kind, ErrFunctionUnavailable)
	}
}

// errRefused: a server before the function could not read the request.
var errRefused = fault.New(fault.Malformed, "bad_request", "The request was refused on its way.")

// note keeps the failure for dispatch, which writes the answer.
func note(w http.ResponseWriter, _ *http.Request, err error) {
	if e, ok := w.(*exchange); ok {
		e.err = err
		return
	}
	w.WriteHeader(http.StatusBadGateway)
}

// upload notes whether the caller's body was read to its end. The server closes the body; who closed it
// here would wait for a caller who has stopped sending.
type upload struct {
	io.ReadCloser
	controller *http.ResponseController
	ended      atomic.Bool
}

// abandon stops waiting for the rest of the body: else the Transport, and after it the server, would
// wait for it before the caller gets an answer.
func (u *upload) abandon() {
	if !u.ended.Load() {
		_ = u.controller.SetReadDeadline(time.Now()) // an OpenFaaS body is in memory: nothing to wait for
	}
}

func (u *upload) Read(p []byte) (int, error) {
	n, err := u.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		u.ended.Store(true)
	}
	return n, err
}

// Close leaves the body to the server.
func (u *upload) Close() error { return nil }

// copyBuffers lends the memory through which bodies are copied.
type copyBuffers struct{ pool sync.Pool }

func (c *copyBuffers) Get() []byte {
	if b, ok := c.pool.Get().(*[]byte); ok {
		return *b
	}
	return make([]byte, copyBuffer)
}

func (c *copyBuffers) Put(b []byte) { c.pool.Put(&b) }
