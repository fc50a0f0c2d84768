package faas

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Notice is how long a deprecated route stays at least.
const Notice = 180 * 24 * time.Hour

// Deprecation says that a route is not to be used any more, since when, and, where that is decided, when it goes:
// Notice after Since at the earliest. Link is where the way that takes its place is described.
type Deprecation struct {
	Since, Sunset time.Time
	Link          string
}

// errNotice: a route would go sooner than its callers were promised.
var errNotice = errors.New("a deprecated route says since when, and stays for 180 days at least")

func (d *Deprecation) check() error {
	if d != nil && (d.Since.IsZero() || !d.Sunset.IsZero() && d.Sunset.Before(d.Since.Add(Notice))) {
		return errNotice
	}
	return nil
}

// announce writes the header fields of a deprecated route: Deprecation (RFC 9745), Sunset (RFC 8594), Link.
func (d *Deprecation) announce(h http.Header) {
	if d == nil {
		return
	}
	h.Set("Deprecation", fmt.Sprintf("@%d", d.Since.Unix()))
	if !d.Sunset.IsZero() {
		h.Set("Sunset", d.Sunset.UTC().Format(http.TimeFormat))
	}
	if d.Link != "" {
		h.Add("Link", "<"+d.Link+`>; rel="deprecation"`)
	}
}
