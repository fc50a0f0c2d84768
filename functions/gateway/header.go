package gateway

import (
	"net/http"
	"slices"
	"strings"
)

// policy lets pages load what the gateway itself serves and nothing else; nothing inline.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// securityHeaders are on every answer. The values are shared: net/http only reads them.
var securityHeaders = map[string][]string{
	"Content-Security-Policy":      {policy},
	"X-Content-Type-Options":       {"nosniff"},
	"X-Frame-Options":              {"DENY"}, // frame-ancestors, for browsers that are older
	"Referrer-Policy":              {"same-origin"},
	"Cross-Origin-Opener-Policy":   {"same-origin"},
	"Cross-Origin-Resource-Policy": {"same-origin"},
	"Permissions-Policy":           {"camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
}

// transportSecurity tells browsers to come back by TLS alone.
var transportSecurity = []string{"max-age=31536000"}

// secure sets the headers that are on every answer.
func (g *gateway) secure(e *exchange, r *http.Request) {
	h := e.Header()
	for name, value := range securityHeaders {
		h[name] = value
	}
	if r.Header.Get("X-Forwarded-Proto") == "https" { // ours: clean has set it
		h["Strict-Transport-Security"] = transportSecurity
	}
	h.Set("X-Request-Id", e.trace)
}

// hopByHop are the headers that end here (RFC 9110 §7.6.1), besides those that Connection names.
var hopByHop = []string{"Connection", "Proxy-Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Te", "Trailer", "Upgrade"}

// claimed reports whether a header says who the caller is or where he comes from. Nobody outside says
// that: the names that proxies, Kubernetes and single sign-on products use are dropped, and so are those
// of the functions among themselves.
func claimed(name string) bool {
	switch name {
	case "Forwarded", "Remote-User", "X-Real-Ip", "X-Client-Ip", "True-Client-Ip", "X-Username", "X-Principal", "X-Roles", "X-Groups", "X-Impersonate-User":
		return true
	}
	if !strings.HasPrefix(name, "X-") {
		return strings.HasPrefix(name, "Impersonate-")
	}
	for _, prefix := range []string{"X-User", "X-Forwarded-", "X-Auth-", "X-Remote-", "X-Diom-", "X-Internal-", "X-Original-", "X-Rewrite-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// clean drops what must not reach a function, and says who calls, in the headers that functions read.
func clean(e *exchange, r *http.Request) {
	h := r.Header
	host, proto := r.Host, "http"
	if r.TLS != nil {
		proto = "https"
	}
	if e.trusted {
		host = first(h.Get("X-Forwarded-Host"), host)
		proto = first(h.Get("X-Forwarded-Proto"), proto)
	}
	for _, line := range h["Connection"] {
		for name := range strings.SplitSeq(line, ",") {
			h.Del(strings.TrimSpace(name))
		}
	}
	for name := range h {
		if slices.Contains(hopByHop, name) || claimed(name) {
			delete(h, name)
		}
	}
	if e.address.IsValid() {
		h.Set("X-Forwarded-For", e.address.String())
	}
	h.Set("X-Forwarded-Host", host)
	h.Set("X-Forwarded-Proto", proto)
	h.Set("X-Request-Id", e.trace)
	h.Set("Traceparent", e.Header().Get("Traceparent"))
	h.Del("Tracestate")
}

// first returns the first element of a forwarded header, or other when there is none.
func first(list, other string) string {
	one, _, _ := strings.Cut(list, ",")
	if one = strings.TrimSpace(one); one != "" {
		return one
	}
	return other
}

const (
	corsMethods = "GET, POST, PUT, PATCH, DELETE"
	corsHeaders = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Accept-Language, X-Requested-With, X-Timeout, Traceparent, Last-Event-ID"
	corsExposed = "ETag, Location, Content-Language, Idempotency-Replayed, Retry-After, RateLimit, RateLimit-Policy, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Traceparent, X-Request-Id, Content-Disposition, Deprecation, Sunset, Link"
)

// cors lets the pages of the listed origins read answers, and reports whether the request is their
// preflight (Fetch §3.2). Cookies are never shared: a caller from elsewhere sends an access token.
func (g *gateway) cors(h http.Header, r *http.Request) (preflight bool) {
	if len(g.settings.Origins) == 0 {
		return false
	}
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	all := slices.Contains(g.settings.Origins, "*")
	if origin == "" || !all && !slices.Contains(g.settings.Origins, origin) {
		return false
	}
	if all {
		origin = "*"
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		h.Set("Access-Control-Expose-Headers", corsExposed)
		return false
	}
	h.Set("Access-Control-Allow-Methods", corsMethods)
	h.Set("Access-Control-Allow-Headers", corsHeaders)
	h.Set("Access-Control-Max-Age", "600")
	return true
}
