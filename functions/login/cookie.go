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

func cookieName(r *faas.Request) string {
	if r.App.Config.CookieSecure {
		return secureCookie
	}
	return plainCookie
}

// cookie makes the refresh cookie; seconds below 0 delete it.
func cookie(r *faas.Request, value string, seconds int) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // Secure is off on loopback http alone (DIOM_COOKIE_SECURE)
		Name: cookieName(r), Value: value, Path: "/auth", MaxAge: seconds,
		HttpOnly: true, Secure: r.App.Config.CookieSecure, SameSite: http.SameSiteStrictMode,
	}
}

func cookieHeader(c *http.Cookie) http.Header {
	header := http.Header{}
	header.Set("Set-Cookie", c.String())
	header.Set("Cache-Control", "no-store")
	return header
}

// opened answers with a session: the access token in the body, the refresh token in the cookie.
func opened(r *faas.Request, session access.Login) faas.Answer {
	return faas.Answer{Header: cookieHeader(cookie(r, session.Refresh, int(session.RefreshLife.Seconds()))), Body: session}
}

// token returns the refresh token of the request, or "".
func token(r *faas.Request) string {
	c, err := r.HTTP().Cookie(cookieName(r))
	if err != nil {
		return ""
	}
	return c.Value
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
