package gateway

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// rest is how long a replica that could not be reached is tried last.
	rest = time.Second
	// repeatableBody is the largest body that is kept in memory to be sent again.
	repeatableBody = 64 << 10
)

// replica is one URL of a function.
type replica struct {
	url   *url.URL
	until atomic.Int64 // Unix nanoseconds until which it is tried last
}

// replicas sends a request to one URL of a function after another until one answers. A request goes to
// the next one only when nothing of it can have arrived, the connection having failed, or when its
// effect is the same however often it arrives: what changes nothing (harmless), and what carries an Idempotency-Key,
// which the gateway leaves to those routes alone that remember it.
type replicas struct {
	transport http.RoundTripper
	all       []*replica
	turn      atomic.Uint32
}

// question is the key of a request's context under which there is something where its route asks (Route.Asks).
type question struct{}

// harmless reports whether a request changes nothing.
func harmless(r *http.Request) bool {
	return r.Method == http.MethodGet || r.Method == http.MethodHead || r.Context().Value(question{}) != nil
}

// RoundTrip is http.RoundTripper's. An answer, whatever its status, ends the attempts.
func (s *replicas) RoundTrip(request *http.Request) (*http.Response, error) {
	repeatable := harmless(request) || request.Header.Get("Idempotency-Key") != ""
	body, err := newBody(request, repeatable)
	if err != nil {
		return nil, err
	}
	var failures []error
	for _, to := range s.order(time.Now()) {
		response, err := s.transport.RoundTrip(body.attempt(request, to.url))
		if err == nil {
			return response, nil
		}
		failures = append(failures, err)
		if unreached(err) {
			to.until.Store(time.Now().Add(rest).UnixNano())
		} else if !repeatable {
			break
		}
		if !body.fresh() || request.Context().Err() != nil {
			break
		}
	}
	return nil, errors.Join(failures...)
}

// order returns the replicas in the order of this request's attempts: by turns, and last those that
// could not be reached a moment ago.
func (s *replicas) order(now time.Time) []*replica {
	if len(s.all) == 1 {
		return s.all
	}
	start := int(s.turn.Add(1)) % len(s.all)
	list := make([]*replica, 0, len(s.all))
	var last []*replica
	for i := range s.all {
		r := s.all[(start+i)%len(s.all)]
		if r.until.Load() > now.UnixNano() {
			last = append(last, r)
			continue
		}
		list = append(list, r)
	}
	return append(list, last...)
}

// unreached reports that no connection was made: nothing was sent.
func unreached(err error) bool {
	var operation *net.OpError
	return errors.As(err, &operation) && operation.Op == "dial"
}

// arrived reports whether something of a request may have arrived at one of the replicas that it was sent to.
func arrived(err error) bool {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		return slices.ContainsFunc(several.Unwrap(), arrived)
	}
	return !unreached(err)
}

// body is what a request sends, perhaps several times.
type body struct {
	kept   []byte // the whole of it
	isKept bool
	stream *stream
}

// newBody keeps a small body in memory where the request may be sent again after it was read.
func newBody(request *http.Request, repeatable bool) (*body, error) {
	switch {
	case request.Body == nil || request.Body == http.NoBody || request.ContentLength == 0:
		return &body{isKept: true}, nil
	case repeatable && request.ContentLength > 0 && request.ContentLength <= repeatableBody:
		kept := make([]byte, request.ContentLength)
		_, err := io.ReadFull(request.Body, kept)
		return &body{kept: kept, isKept: true}, err
	}
	return &body{stream: &stream{from: request.Body}}, nil
}

// attempt returns the request to one URL.
func (b *body) attempt(request *http.Request, to *url.URL) *http.Request {
	out := request.WithContext(request.Context())
	u := *request.URL
	u.Scheme, u.Host = to.Scheme, to.Host
	if prefix := strings.TrimSuffix(to.Path, "/"); prefix != "" {
		u.RawPath = strings.TrimSuffix(to.EscapedPath(), "/") + request.URL.EscapedPath()
		u.Path = prefix + request.URL.Path
	}
	out.URL = &u
	switch {
	case !b.isKept:
		out.Body = b.stream
	case b.kept == nil:
		out.Body, out.GetBody = nil, nil
	default:
		out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.kept)), nil }
		out.Body = io.NopCloser(bytes.NewReader(b.kept))
	}
	return out
}

// fresh reports whether the body can be sent from its beginning.
func (b *body) fresh() bool { return b.isKept || !b.stream.read.Load() }

// stream passes the caller's body on. The Transport closes it after each attempt, ReverseProxy at the
// end.
type stream struct {
	from io.Reader
	read atomic.Bool
}

func (s *stream) Read(p []byte) (int, error) {
	s.read.Store(true)
	return s.from.Read(p)
}

func (s *stream) Close() error { return nil }
