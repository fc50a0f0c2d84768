package gateway

import (
	"net/http"
	"path"
	"strings"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/camunda"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/fault"
)

// Why the gateway refuses a request.
var (
	ErrRateLimited = fault.New(fault.Busy, "rate_limited", "Requests come faster than is allowed. Try again shortly.")
	ErrBadPath     = fault.New(fault.Malformed, "bad_path", "The path holds an empty part, a dot part, a backslash or an encoded slash.")
)

// checksPassword reports whether a route makes the product compare a password, which is slow on
// purpose and worth guessing, or ask a provider of sign-ins, which is others' time.
func checksPassword(pattern string) bool {
	return strings.Contains(pattern, "/auth/oidc/") || strings.HasSuffix(pattern, "/auth/login") || strings.HasSuffix(pattern, "/auth/password")
}

// enter checks what needs no route: where the caller is, how often he comes, whether the path is one.
func (g *gateway) enter(e *exchange, r *http.Request) error {
	if allow := *g.allow.Load(); len(allow) > 0 && !allow.Contain(e.address) {
		return ErrAddress
	}
	if err := g.limited(e, r, g.address.Load(), limitKey(e.address)); err != nil {
		return err
	}
	if !plain(r) {
		return ErrBadPath
	}
	return canonical(r)
}

// plain reports whether everybody on the way reads the path alike: a platform between the gateway and
// the function may decode it once more, and must not find another route then.
func plain(r *http.Request) bool {
	p := r.URL.Path
	if p == "" || p[0] != '/' || strings.ContainsAny(p, "\\\x00") {
		return false
	}
	if cleaned := path.Clean(p); cleaned != p && cleaned+"/" != p {
		return false
	}
	return r.URL.RawPath == "" || !strings.Contains(strings.ToLower(r.URL.RawPath), "%2f")
}

// admit checks what the route asks for.
func (g *gateway) admit(e *exchange, r *http.Request) error {
	if e.entry.login {
		if err := g.limited(e, r, g.login.Load(), limitKey(e.address)); err != nil {
			return err
		}
	}
	if !e.entry.public {
		if err := g.identify(e, r); err != nil {
			return err
		}
	}
	if err := g.limitRoute(e, r); err != nil {
		return err
	}
	if !e.entry.Replayable { // no function remembers it, so that nothing may rely on it
		r.Header.Del("Idempotency-Key")
	}
	r.Header.Del("X-Idempotency-Key")
	switch {
	case r.ContentLength > e.entry.maxBody:
		return faas.ErrBodyTooLarge.Withf("The body of the request is larger than %d bytes.", e.entry.maxBody)
	case r.ContentLength < 0:
		r.Body = http.MaxBytesReader(e, r.Body, e.entry.maxBody)
	}
	return nil
}

// identify finds whose token it is. A token on a public route is not looked at: who logs in may still
// send an old one. Where a token cannot be judged, since the database is away, the function decides.
func (g *gateway) identify(e *exchange, r *http.Request) error {
	principal, err := g.principal(e, r)
	switch {
	case err == nil:
	case fault.KindOf(err) == fault.Unauthorized:
		return err
	default:
		return nil
	}
	e.user = principal.Username
	return g.limited(e, r, g.user.Load(), principal.Username)
}

// principal finds the caller: under /engine-rest a name and a password will do, too.
func (g *gateway) principal(e *exchange, r *http.Request) (access.Principal, error) {
	if camunda.Speaks(r.URL.Path) {
		return g.app.Access.AuthenticateHeader(r.Context(), r.Header.Get("Authorization"), e.address.String())
	}
	return g.app.Access.Authenticate(r.Context(), bearer(r.Header))
}

// canonical takes /engine/{name} out of a path of /engine-rest: no function knows it.
func canonical(r *http.Request) error {
	path, known := camunda.Canonical(r.URL.Path)
	if !known {
		return camunda.BadRequest("No process engine is available under the name of %s", r.URL.Path)
	}
	if path != r.URL.Path {
		r.URL.Path = path
		r.URL.RawPath, _ = camunda.Canonical(r.URL.RawPath)
	}
	return nil
}

func bearer(header http.Header) string {
	value := header.Get("Authorization")
	if len(value) > 7 && strings.EqualFold(value[:7], "Bearer ") {
		return strings.TrimSpace(value[7:])
	}
	return ""
}
