package directory

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"diom.io/workflow/shared/egress"
	"diom.io/workflow/shared/identity"
)

const (
	attempts   = 6
	firstPause = 200 * time.Millisecond
	longPause  = 20 * time.Second
	maxAnswer  = 8 << 20 // bytes
	// tokenMargin is how long before its end a token is not used any more.
	tokenMargin = time.Minute
)

// verdict is what an answer means to whoever asks.
type verdict int

const (
	accepted verdict = iota
	expired          // the token is over: with another one it may work
	limited          // too many requests: after a pause it may work
	refused
)

// api speaks to a vendor: JSON, a token that ends, errors in the body of answers with 200, limits on how often.
type api struct {
	name   string
	base   string
	client *http.Client
	// obtain asks for a token and says how long it lives; authorize puts it into a request.
	obtain    func(ctx context.Context) (token string, life time.Duration, err error)
	authorize func(r *http.Request, token string)
	// judge reads an error out of a body.
	judge func(body []byte) (verdict, string)

	now   func() time.Time
	pause func(ctx context.Context, d time.Duration) error

	token string
	ends  time.Time
}

func newAPI(d identity.Directory) (*api, error) {
	allow := d.Allow
	if u, err := url.Parse(d.URL); err == nil {
		allow = append(allow, u.Hostname()) // whoever keeps the file has chosen it
	}
	guard, err := egress.New(allow)
	if err != nil {
		return nil, fmt.Errorf("directory %s: %w", d.Name, err)
	}
	client := guard.Client(false)
	client.Timeout = 3 * identity.Timeout
	return &api{name: d.Name, base: strings.TrimSuffix(d.URL, "/"), client: client, now: time.Now, pause: wait}, nil
}

// wait waits, or returns when ctx is done.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// request is one call of a vendor's API.
type request struct {
	method, path string
	query        url.Values
	body         any
}

// call sends a request until it is accepted, six times at most, and reads the answer. Errors hold no token and no
// address.
func (a *api) call(ctx context.Context, q request, into any) error {
	renewed := false
	for n := range attempts {
		token, err := a.current(ctx)
		if err != nil {
			return err
		}
		raw, after, what, reason, err := a.send(ctx, q, token)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("directory %s: %w: no answer in time", a.name, ErrUnavailable)
		case err == nil && what == accepted:
			if err := json.Unmarshal(raw, into); err != nil {
				return fmt.Errorf("directory %s: %s: %w: the answer is not what it should be", a.name, q.path, ErrUnavailable)
			}
			return nil
		case err == nil && what == expired && !renewed:
			a.token, renewed = "", true
			continue
		case err == nil && what != limited:
			return fmt.Errorf("directory %s: %s: %w: %s", a.name, q.path, ErrUnavailable, reason)
		case n == attempts-1 && err != nil:
			return fmt.Errorf("directory %s: %s: %w: %s", a.name, q.path, ErrUnavailable, egress.Reason(err))
		}
		if err := a.pause(ctx, min(max(after, firstPause<<n), longPause)); err != nil {
			return fmt.Errorf("directory %s: %w: no answer in time", a.name, ErrUnavailable)
		}
	}
	return fmt.Errorf("directory %s: %s: %w: it is asked too often", a.name, q.path, ErrUnavailable)
}

// current returns a token that lives.
func (a *api) current(ctx context.Context) (string, error) {
	if a.token != "" && a.now().Before(a.ends) {
		return a.token, nil
	}
	token, life, err := a.obtain(ctx)
	if err != nil {
		return "", err
	}
	if token == "" {
		return "", fmt.Errorf("directory %s: %w: it gives no token", a.name, ErrUnavailable)
	}
	a.token, a.ends = token, a.now().Add(max(life-tokenMargin, life/2))
	return token, nil
}

// send makes one attempt. An error of the network, or of the server, is one that may pass.
func (a *api) send(ctx context.Context, q request, token string) (raw []byte, after time.Duration, what verdict, reason string, err error) {
	var body io.Reader
	if q.body != nil {
		text, err := json.Marshal(q.body)
		if err != nil {
			return nil, 0, refused, "", err
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, q.method, a.base+q.path+"?"+q.query.Encode(), body)
	if err != nil {
		return nil, 0, refused, "", err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
	}
	if token != "" {
		a.authorize(r, token)
	}
	response, err := a.client.Do(r)
	if err != nil {
		return nil, 0, limited, "", err
	}
	defer func() { _ = response.Body.Close() }()
	if raw, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer)); err != nil {
		return nil, 0, limited, "", err
	}
	switch status := response.StatusCode; {
	case status == http.StatusTooManyRequests:
		return raw, retryAfter(response.Header), limited, "", nil
	case status >= http.StatusInternalServerError:
		return nil, retryAfter(response.Header), limited, "", fmt.Errorf("status %d", status)
	}
	what, reason = a.judge(raw)
	if what == accepted && response.StatusCode != http.StatusOK {
		what, reason = refused, "status "+strconv.Itoa(response.StatusCode)
	}
	return raw, 0, what, reason, nil
}

// retryAfter is how long a vendor asks to be left alone, 0 where it says nothing.
func retryAfter(h http.Header) time.Duration {
	for _, name := range []string{"Retry-After", "X-Ogw-Ratelimit-Reset"} {
		if seconds, err := strconv.Atoi(h.Get(name)); err == nil && seconds > 0 {
			return time.Duration(seconds) * time.Second
		}
	}
	return 0
}

// fetchToken makes the request for a token, whose errors are final: it has no token that could be renewed.
func (a *api) fetchToken(ctx context.Context, q request, into any) error {
	raw, _, what, reason, err := a.send(ctx, q, "")
	switch {
	case err != nil:
		return fmt.Errorf("directory %s: token: %w: %s", a.name, ErrUnavailable, egress.Reason(err))
	case what != accepted:
		return fmt.Errorf("directory %s: token: %w: %s", a.name, ErrUnavailable, reason)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("directory %s: token: %w: the answer is not what it should be", a.name, ErrUnavailable)
	}
	return nil
}

// coded is an error in the body of an answer, as DingTalk and WeCom write it.
type coded struct {
	Code    int    `json:"errcode"`
	SubCode string `json:"sub_code"`
}

// called is what a person is called here, by what the settings say.
func called(by, id, email, mobile string) string {
	switch by {
	case "email":
		name, _, _ := strings.Cut(email, "@")
		return name
	case "mobile":
		return strings.TrimPrefix(mobile, "+")
	}
	return id
}
