package login

import (
	"net/http"
	"net/url"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/fault"
)

const (
	secureCookie = "__Secure-diom_refresh"
	plainCookie  = "diom_refresh" // only where the product is served over plain http on loopback
)

// ErrCrossSite: a refresh or log-out that another site may have caused.
var ErrCrossSite = fault.New(fault.Forbidden, "cross_site", "The request needs the X-Requested-With header and must come from the product's own pages.")

// jar is one cookie of the product, which no script reads: its two names, the paths that get it, and from which sites.
type jar struct {
	secure, plain string
	path          string
	sites         http.SameSite
}

// refreshJar holds the refresh token.
var refreshJar = jar{secureCookie, plainCookie, "/auth", http.SameSiteStrictMode}

func (j jar) name(r *faas.Request) string {
	if r.App.Config.CookieSecure {
		return j.secure
	}
	return j.plain
}

// cookie makes the cookie; seconds below 0 delete it.
func (j jar) cookie(r *faas.Request, value string, seconds int) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // Secure is off on loopback http alone (DIOM_COOKIE_SECURE)
		Name: j.name(r), Value: value, Path: j.path, MaxAge: seconds,
		HttpOnly: true, Secure: r.App.Config.CookieSecure, SameSite: j.sites,
	}
}

// value returns what the request has in the cookie, or "".
func (j jar) value(r *faas.Request) string {
	c, err := r.HTTP().Cookie(j.name(r))
	if err != nil {
		return ""
	}
	return c.Value
}

func cookieHeader(c *http.Cookie) http.Header {
	header := http.Header{}
	header.Set("Set-Cookie", c.String())
	header.Set("Cache-Control", "no-store")
	return header
}

// sessionCookie holds the refresh token of a session for as long as it is good.
func sessionCookie(r *faas.Request, session access.Login) *http.Cookie {
	return refreshJar.cookie(r, session.Refresh, int(session.RefreshLife.Seconds()))
}

// opened answers with a session: the access token in the body, the refresh token in the cookie.
func opened(r *faas.Request, session access.Login) faas.Answer {
	r.By(session.User.Username)
	return faas.Answer{Header: cookieHeader(sessionCookie(r, session)), Body: session}
}

// sameSite guards the two routes that act on a cookie. A page of another site cannot set the header
// without asking first, and what a browser says of the origin must be our host; clients that are no
// browsers send no Origin.
func sameSite(r *http.Request) error {
	if r.Header.Get("X-Requested-With") == "" {
		return ErrCrossSite
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return nil
	}
	from, err := url.Parse(origin)
	if err != nil || from.Host == "" || from.Host != r.Host && from.Host != r.Header.Get("X-Forwarded-Host") {
		return ErrCrossSite
	}
	return nil
}
