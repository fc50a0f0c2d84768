package faas

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/camunda"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/telemetry"
)

const (
	maxKey        = 255
	replayTimeout = 2 * time.Second
	// replayGrace is the same for a call whose time is up: the answer must be written before the server
	// ends the connection.
	replayGrace = 400 * time.Millisecond
)

// ErrBadKey: an Idempotency-Key is 1 to 255 printable ASCII characters.
var ErrBadKey = fault.New(fault.Malformed, "bad_idempotency_key", "An Idempotency-Key is 1 to 255 printable ASCII characters.")

// serve runs one call of a route: who calls, whether he may, bounds, idempotency, the function, the
// answer. The order is the order of the checks.
func (e *endpoint) serve(c *call, r *http.Request, route *Route) {
	c.route = route.Pattern
	route.Deprecated.announce(c.Header())
	request := &Request{App: e.app, http: r, route: route, maxBody: route.MaxBody}
	if request.maxBody == 0 {
		request.maxBody = DefaultMaxBody
	}
	err := e.admit(r.Context(), c, request, route.Permission)
	if err == nil {
		err = e.maintained(r.Context(), route)
	}
	if err == nil {
		defer e.inflight.Add(-1)
		if n := e.inflight.Add(1); e.limit > 0 && n > e.limit {
			err = ErrMaxInflight
		}
	}
	if err == nil && route.Replayable {
		err = request.identify(route)
	}
	if err != nil {
		e.fail(c, r, err)
		return
	}
	result, err := e.run(r.Context(), request)
	if err == nil {
		err = succeed(c, r, route, result)
	} else if e.replay(c, request, &err) {
		return
	}
	if err != nil {
		e.fail(c, r, err)
	}
}

// succeed answers a call with its result.
func succeed(c *call, r *http.Request, route *Route, result any) error {
	if _, writes := result.(http.Handler); writes {
		r = r.WithContext(c.outer) // a stream outlives the deadline of a call
		r.Header.Set("Traceparent", telemetry.Parent(c.outer))
	}
	if isEvent(r.Header) {
		result = quiet(result)
	}
	if route.Media != "" {
		c.Header().Set(contentType, route.Media)
	}
	return answer(c, r, result, route.Status)
}

// admit finds the principal and whether the permission is his.
func (e *endpoint) admit(ctx context.Context, c *call, r *Request, permission access.Permission) error {
	switch permission {
	case access.Public:
		return nil
	case access.Internal:
		return e.verify(ctx, r)
	}
	var principal access.Principal
	var err error
	if camunda.Speaks(r.http.URL.Path) {
		principal, err = e.authenticateHeader(ctx, r)
	} else {
		principal, err = e.authenticate(ctx, r.Bearer())
	}
	if err != nil {
		return err
	}
	c.user = principal.Username
	r.Principal = principal
	switch {
	case principal.MustChange && !r.route.Early:
		return access.ErrMustChange
	case permission != access.Authenticated && !principal.Can(permission):
		return ErrForbidden
	}
	return nil
}

// acting returns a context that says who changes something, and from where. Who only reads leaves no trail.
func (r *Request) acting(ctx context.Context) context.Context {
	if !r.route.changes() {
		return ctx
	}
	return store.WithActor(ctx, store.Actor{
		Name: r.Principal.Username, Token: r.Principal.Token, Address: Address(r.http), Device: r.http.UserAgent(),
	})
}

// identify reads the Idempotency-Key and what it stands for: the pattern, which is never long, in
// plain text, the rest in the hash.
func (r *Request) identify(route *Route) error {
	values := r.http.Header.Values("Idempotency-Key")
	if len(values) == 0 {
		return nil
	}
	key := values[0]
	if len(values) > 1 || key == "" || len(key) > maxKey {
		return ErrBadKey
	}
	for _, c := range []byte(key) {
		if c < ' ' || c > '~' {
			return ErrBadKey
		}
	}
	body, err := r.Body()
	if err != nil {
		return err
	}
	r.Idempotency = &store.Idempotency{
		Principal: r.Principal.Username, Key: key, Route: route.Method + " " + route.Pattern,
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%s\n", r.http.Method, r.http.URL.EscapedPath(), r.http.URL.RawQuery)
	h.Write(withoutBoundary(body, r.http.Header.Get(contentType)))
	h.Sum(r.Idempotency.Hash[:0])
	return nil
}

// withoutBoundary takes the boundary out of a multipart body: clients draw a new one for each try.
func withoutBoundary(body []byte, kind string) []byte {
	_, parameters, err := mime.ParseMediaType(kind)
	if boundary := parameters["boundary"]; err == nil && boundary != "" {
		return bytes.ReplaceAll(body, []byte(boundary), nil)
	}
	return body
}

// replay answers a failed call with what the first call under its key was given, if there was one.
// Any failure may be that of a repetition: the task that it completes is already completed, the
// connection broke after the commit. Where the key was used for something else, err becomes that; where nobody can say what
// it was used for, the caller is to ask again, for the failure may not be his answer.
func (e *endpoint) replay(c *call, r *Request, err *error) bool {
	if r.Idempotency == nil {
		return false
	}
	patience := replayTimeout
	if r.http.Context().Err() != nil {
		patience = replayGrace
	}
	ctx, cancel := context.WithTimeout(c.outer, patience) // the call's own time may be up
	defer cancel()
	recorded, failure := e.app.Store.Recorded(ctx, r.Idempotency)
	if errors.Is(failure, store.ErrKeyReused) {
		*err = failure
	} else if failure != nil && fault.KindOf(*err) != fault.Unavailable {
		*err = fmt.Errorf("whether it is repeated (%s): %w", (*err).Error(), failure)
	}
	if failure != nil || recorded == nil {
		return false
	}
	c.Header().Set("Idempotency-Replayed", "true")
	return writeBytes(c, recorded.Status, recorded.Body) == nil
}
