package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// request is one call of the API; it may be sent several times.
type request struct {
	method, path string // the path with its query
	body         []byte
	header       http.Header
	anonymous    bool // no log-in is needed
	single       bool // a lost answer is not asked for again
	progress     func(io.Reader) io.Reader
}

// answer is what came back. The body is whole.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// trace returns the trace id of the answer, or "".
func (a answer) trace() string {
	if parts := strings.Split(a.header.Get("Traceparent"), "-"); len(parts) == 4 {
		return parts[1]
	}
	return ""
}

const (
	maxAnswer = 64 << 20
	attempts  = 6
	pause     = 200 * time.Millisecond
	maxPause  = 5 * time.Second
)

// session speaks to one installation.
type session struct {
	keep    keep
	profile profile // of an anonymous caller it holds the address alone
	http    *http.Client
	say     func(format string, arguments ...any) // --verbose
}

func newSession(k keep, p profile, say func(string, ...any)) *session {
	return &session{keep: k, profile: p, say: say, http: &http.Client{
		// A redirect could carry the token to somebody else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// do sends a request as the user who has logged in. An access token that is over is exchanged, once more
// when the installation says that it is. The error is a *problem for every answer but success.
func (s *session) do(ctx context.Context, r request) (answer, error) {
	if r.anonymous {
		return s.persist(ctx, r)
	}
	if time.Now().After(s.profile.ExpiresAt.Add(-expiryMargin)) {
		if err := s.refresh(ctx); err != nil {
			return answer{}, err
		}
	}
	a, err := s.persist(ctx, r)
	if !isUnauthorized(err) {
		return a, err
	}
	if err := s.refresh(ctx); err != nil {
		return answer{}, err
	}
	a, err = s.persist(ctx, r)
	if isUnauthorized(err) {
		err = s.over(err)
	}
	return a, err
}

func isUnauthorized(err error) bool {
	var p *problem
	return errors.As(err, &p) && p.Status == http.StatusUnauthorized
}

// persist repeats a request whose answer was lost, or that the installation asks to repeat. Requests that
// change something carry one Idempotency-Key all the time, so that they have their effect once.
func (s *session) persist(ctx context.Context, r request) (answer, error) {
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.MaxInterval = pause, maxPause
	var limit time.Duration
	if deadline, ok := ctx.Deadline(); ok {
		limit = max(time.Until(deadline), time.Nanosecond) // 0 would be no limit
	}
	var last error
	a, err := backoff.Retry(ctx, func() (answer, error) {
		var a answer
		a, last = s.exchange(ctx, r)
		return a, verdict(r, last)
	}, backoff.WithBackOff(pauses), backoff.WithMaxTries(attempts), backoff.WithMaxElapsedTime(limit),
		backoff.WithNotify(func(_ error, wait time.Duration) { s.say("again in %s", wait.Round(time.Millisecond)) }))
	if err != nil {
		return a, last
	}
	return a, nil
}

// verdict says whether and when a failed request is sent again.
func verdict(r request, err error) error {
	var p *problem
	switch {
	case err == nil:
		return nil
	case errors.As(err, &p) && p.Status == http.StatusTooManyRequests:
	case r.single:
		return backoff.Permanent(err)
	case errors.As(err, &p) && (p.Status < http.StatusBadGateway || p.Status > http.StatusGatewayTimeout):
		return backoff.Permanent(err)
	}
	if p != nil && p.RetryAfter > 0 {
		return errors.Join(err, backoff.RetryAfter(p.RetryAfter))
	}
	return err
}

// exchange sends a request once.
func (s *session) exchange(ctx context.Context, r request) (answer, error) {
	var body io.Reader = bytes.NewReader(r.body)
	if r.progress != nil {
		body = r.progress(body)
	}
	out, err := http.NewRequestWithContext(ctx, r.method, s.profile.URL+r.path, body)
	if err != nil {
		return answer{}, usagef("%v", err)
	}
	out.ContentLength = int64(len(r.body))
	for name, values := range r.header {
		out.Header[name] = values
	}
	out.Header.Set("User-Agent", "diom")
	if chinese() {
		out.Header.Set("Accept-Language", "zh-CN")
	}
	if !r.anonymous {
		out.Header.Set("Authorization", "Bearer "+s.profile.AccessToken)
	}
	begun := time.Now()
	in, err := s.http.Do(out)
	if err != nil {
		s.say("%s %s: no answer", r.method, r.path)
		return answer{}, lost(s.profile.URL, err)
	}
	defer in.Body.Close()
	a := answer{status: in.StatusCode, header: in.Header}
	a.body, err = io.ReadAll(io.LimitReader(in.Body, maxAnswer))
	s.say("%s %s: %d in %s, trace %s", r.method, r.path, a.status, time.Since(begun).Round(time.Millisecond), a.trace())
	if err != nil {
		return a, lost(s.profile.URL, err)
	}
	if a.status/100 != 2 {
		p := problemOf(a)
		p.RetryAfter = max(p.RetryAfter, seconds(in.Header.Get("Retry-After")))
		return a, p
	}
	return a, nil
}

// lost is a request without an answer.
func lost(address string, err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return &unreachable{text: address + " does not answer in time"}
	}
	return &unreachable{text: "cannot reach " + address, err: errors.Unwrap(err)}
}

func seconds(text string) int {
	var n int
	_, _ = fmt.Sscanf(text, "%d", &n) // a date counts as nothing; our servers send seconds
	return n
}

// newKey makes an Idempotency-Key.
func newKey() string { return "cli-" + rand.Text() }

// chinese reports whether the caller's locale is.
func chinese() bool {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := os.Getenv(name); value != "" {
			return strings.HasPrefix(value, "zh")
		}
	}
	return false
}
