// Package egress makes HTTP requests to addresses that somebody else has chosen: the author of a model,
// a variable of a process, an answer that redirects.
//
// Such a request must not reach what only this machine reaches (server-side request forgery). So the
// address is checked where it cannot lie any more: when the connection is made, after the name was
// resolved, and for each redirect anew. Loopback, private, link-local, metadata and other special
// addresses, and ports other than 80 and 443, are refused unless the setting DIOM_HTTP_ALLOW names
// them. Proxies of the environment are not used: they would connect where the check does not look.
package egress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"code.dny.dev/ssrf"

	"diom.io/workflow/shared/fault"
)

// Why a request is not made.
var (
	ErrURL       = fault.New(fault.Invalid, "bad_url", "The URL begins with http:// or https://, names a host, and holds no user and no fragment.")
	ErrForbidden = fault.New(fault.Invalid, "address_forbidden", "The address is not one that may be called: it is internal, or its port is not 80 or 443. DIOM_HTTP_ALLOW can allow it.")
)

const (
	dialTimeout  = 5 * time.Second
	maxIdle      = 8 // connections to one host that are kept
	maxRedirects = 5
	maxHeader    = 64 << 10
	maxURL       = 2048
)

// kept are the headers that follow a redirect to another host: the others may be secrets.
var kept = []string{"Accept", "Accept-Language", "Content-Type", "User-Agent"}

// Guard decides which addresses may be reached. It is safe for concurrent use.
type Guard struct {
	special  *ssrf.Guardian
	prefixes []netip.Prefix
	hosts    []string // in lower case; with a dot in front: the names below
}

// New returns a Guard that also allows what the list names: addresses and networks (10.1.0.0/16), or
// hosts (crm.internal, or *.internal for all below), wherever they lie. The error names a bad entry.
func New(allow []string) (*Guard, error) {
	g := &Guard{special: ssrf.New()}
	for _, entry := range allow {
		entry = strings.ToLower(strings.TrimSpace(entry))
		if entry == "" {
			continue
		}
		if prefix, err := netip.ParsePrefix(entry); err == nil {
			g.prefixes = append(g.prefixes, prefix.Masked())
			continue
		}
		if address, err := netip.ParseAddr(entry); err == nil {
			g.prefixes = append(g.prefixes, netip.PrefixFrom(address.Unmap(), address.Unmap().BitLen()))
			continue
		}
		host := strings.TrimPrefix(entry, "*")
		if strings.ContainsAny(host, "*/:@ ") || host == "" || host == "." {
			return nil, fmt.Errorf("DIOM_HTTP_ALLOW: %q is no host, address or network", entry)
		}
		g.hosts = append(g.hosts, host)
	}
	return g, nil
}

// Parse reads a URL of http or https. It returns ErrURL.
func Parse(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || len(text) > maxURL || !fine(u) || u.Fragment != "" {
		return nil, ErrURL
	}
	return u, nil
}

func fine(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.User == nil && u.Opaque == ""
}

// Client returns a client that reaches what the Guard allows. Where follow is false a redirect is an
// answer like any other. The caller's context bounds the time.
func (g *Guard) Client(follow bool) *http.Client {
	transport := &http.Transport{
		DialContext: g.dial, TLSHandshakeTimeout: dialTimeout, MaxIdleConnsPerHost: maxIdle, IdleConnTimeout: time.Minute,
		MaxResponseHeaderBytes: maxHeader, ForceAttemptHTTP2: true,
	}
	redirect := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if follow {
		redirect = redirected
	}
	return &http.Client{Transport: transport, CheckRedirect: redirect}
}

// redirected lets a request go on at most five times, to http and https, and leaves its secrets behind
// where the host is another one.
func redirected(next *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return errors.New("more than five redirects")
	}
	if !fine(next.URL) {
		return ErrURL
	}
	if next.URL.Host != via[0].URL.Host || next.URL.Scheme != via[0].URL.Scheme {
		for name := range next.Header {
			if !slices.Contains(kept, name) {
				next.Header.Del(name)
			}
		}
	}
	return nil
}

// Dial connects to host:port for a protocol that is not HTTP, with the check that Client makes.
func (g *Guard) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return g.dial(ctx, network, address)
}

// dial connects; the check is made of each address that the name stands for, when it is connected to.
func (g *Guard) dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: dialTimeout, Control: g.control}
	if host, _, err := net.SplitHostPort(address); err == nil && g.named(host) {
		dialer.Control = nil
	}
	return dialer.DialContext(ctx, network, address)
}

func (g *Guard) named(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return slices.ContainsFunc(g.hosts, func(allowed string) bool {
		return host == allowed || strings.HasPrefix(allowed, ".") && strings.HasSuffix(host, allowed)
	})
}

func (g *Guard) control(network, address string, c syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return ErrForbidden
	}
	plain := to.Addr().Unmap().WithZone("") // an IPv4 address in the clothes of IPv6 is that IPv4 address
	if slices.ContainsFunc(g.prefixes, func(p netip.Prefix) bool { return p.Contains(plain) }) {
		return nil
	}
	if err := g.special.Safe(network, address, c); err != nil {
		return ErrForbidden
	}
	return nil
}

// Reason says why a request failed, without its URL, which may hold a secret.
func Reason(err error) string {
	var failed *url.Error
	if errors.As(err, &failed) {
		err = failed.Err
	}
	var refused *fault.Error
	switch {
	case errors.As(err, &refused):
		return refused.Message
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	}
	return err.Error()
}
