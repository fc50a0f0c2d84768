package gateway

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"diom.io/workflow/shared/limit"
)

// searches reports whether a route looks for things in many rows.
func searches(pattern string) bool {
	return strings.HasSuffix(pattern, ":search") || strings.HasSuffix(pattern, ":export")
}

// limitRoute counts a request of a route: for its user, or for its address where nobody is named.
func (g *gateway) limitRoute(e *exchange, r *http.Request) error {
	who := e.user
	if who == "" {
		who = limitKey(e.address)
	}
	if searches(e.entry.Pattern) {
		if err := g.limited(e, r, g.search.Load(), who); err != nil {
			return err
		}
	}
	return g.limited(e, r, g.route.Load(), who+" "+e.entry.Method+" "+e.entry.Pattern)
}

// limited counts the request, and tells the caller of the limit that is nearest: always in the fields of the draft
// of the IETF (draft-ietf-httpapi-ratelimit-headers-10), and in those that came before it once a tenth or less is
// left.
func (g *gateway) limited(e *exchange, r *http.Request, l *limit.Limiter, key string) error {
	d := l.Allow(r.Context(), key)
	if d.Limit > 0 && (e.limit == 0 || !d.Allowed || d.Remaining*e.limit < e.left*d.Limit) {
		e.limit, e.left = d.Limit, d.Remaining
		e.tell(l, d)
	}
	if !d.Allowed {
		return ErrRateLimited.After(d.RetryAfter)
	}
	return nil
}

// tell writes the fields of a decision. w is in how many seconds the whole quota is there again.
func (e *exchange) tell(l *limit.Limiter, d limit.Decision) {
	h, left, reset := e.Header(), max(d.Remaining, 0), seconds(d.Reset)
	rate := l.Rate()
	window := seconds(rate.Per / time.Duration(rate.Count) * time.Duration(rate.Burst))
	h.Set("RateLimit-Policy", fmt.Sprintf("%q;q=%d;w=%d", l.Name(), d.Limit, window))
	h.Set("RateLimit", fmt.Sprintf("%q;r=%d;t=%d", l.Name(), left, reset))
	if !d.Allowed || d.Remaining <= d.Limit/10 {
		h.Set("RateLimit-Limit", strconv.Itoa(d.Limit))
		h.Set("RateLimit-Remaining", strconv.Itoa(left))
		h.Set("RateLimit-Reset", strconv.Itoa(reset))
	}
}

func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
