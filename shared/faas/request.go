package faas

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/tasklist"
	"diom.io/workflow/shared/workflow"
)

// DefaultMaxBody is the largest body, in bytes, of a route that names no other.
const DefaultMaxBody = 1 << 20

// Failures of reading a request.
var (
	ErrBodyTooLarge = fault.New(fault.TooLarge, "body_too_large", "The body of the request is too large.")
	ErrBodyUnread   = fault.New(fault.Malformed, "body_unread", "The body of the request ended early.")
	ErrBadID        = fault.New(fault.NotFound, "not_found", "There is nothing with this id.")
	ErrBadList      = fault.New(fault.Malformed, "bad_list_request", "The parameters of the list are wrong.")
	ErrNoMatch      = fault.New(fault.Precondition, "if_match_required", "Say with If-Match which version is changed: its ETag, or * for any.")
	ErrBadMatch     = fault.New(fault.Malformed, "bad_if_match", `If-Match is an ETag as the answer carries it, for example "3".`)
)

// Request is one call of a function: who calls, with what, in which process.
type Request struct {
	// Principal is who calls; its zero value on a public route without a token.
	Principal access.Principal
	// Idempotency is set on a Replayable route when the caller gave an Idempotency-Key.
	Idempotency *store.Idempotency
	// Event is the CloudEvent that is served; nil on a route.
	Event *event.Event
	// App is what the process holds.
	App *App

	http    *http.Request
	route   *Route
	by      string // see By
	maxBody int64
	body    []byte
	read    bool
}

// HTTP returns the request as net/http knows it. Its body has been read where Body or Decode was
// called or an Idempotency-Key is given.
func (r *Request) HTTP() *http.Request { return r.http }

// Call returns who asks and under which Idempotency-Key, for a use case that changes something.
func (r *Request) Call() workflow.Call {
	return workflow.Call{Principal: r.Principal, Idempotency: r.Idempotency}
}

// PathValue returns the value of a wildcard of the route's pattern.
func (r *Request) PathValue(name string) string { return r.http.PathValue(name) }

// ID returns the id that a wildcard of the pattern holds. A malformed id names nothing: ErrBadID.
func (r *Request) ID(name string) (engine.ID, error) {
	id, err := engine.ParseID(r.http.PathValue(name))
	if err != nil {
		return id, ErrBadID
	}
	return id, nil
}

// List reads the query parameters that the route's List allows. A wrong filter is tasklist.ErrFilter,
// anything else that is wrong is ErrBadList, with the parameter as its detail.
func (r *Request) List() (page.Request, error) {
	request, err := page.Parse(r.http.URL.Query(), r.route.List, r.Principal.Username)
	var wrong *page.Error
	if !errors.As(err, &wrong) {
		return request, err
	}
	kind := ErrBadList
	if wrong.Code == tasklist.ErrFilter.Code {
		kind = tasklist.ErrFilter
	}
	return request, kind.Withf("%s", wrong.Message).
		With(fault.Detail{Pointer: "/" + pointerEscape(wrong.Parameter), Code: wrong.Code, Detail: wrong.Message})
}

// Given returns the query parameters that the route declares, of those that are given once: of two that contradict each
// other none counts.
func (r *Request) Given() url.Values {
	given, out := r.http.URL.Query(), url.Values{}
	for _, f := range r.route.List.Filters {
		if len(given[f.Name]) == 1 {
			out[f.Name] = given[f.Name]
		}
	}
	return out
}

// Match returns the version that If-Match names (RFC 9110 §13.1.1), 0 when the caller does not mind. What
// is no ETag of ours is ErrBadMatch; without the header a Guarded route is refused with ErrNoMatch. The route
// must be Versioned or Guarded.
func (r *Request) Match() (int64, error) {
	if !r.route.Versioned && !r.route.Guarded {
		return 0, fmt.Errorf("%s %s: If-Match is not declared", r.route.Method, r.route.Pattern)
	}
	value := strings.TrimSpace(r.http.Header.Get("If-Match"))
	if value == "" && r.route.Guarded {
		return 0, ErrNoMatch
	}
	if value == "" || value == "*" {
		return 0, nil
	}
	text, err := strconv.Unquote(value)
	if err != nil {
		return 0, ErrBadMatch
	}
	version, err := strconv.ParseInt(text, 10, 64)
	if err != nil || version < 1 {
		return 0, ErrBadMatch
	}
	return version, nil
}

// Tagged answers with a thing and its version as ETag, unless there is an error. status 0 is the route's.
func Tagged(status int, version int64, thing any, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	header := http.Header{}
	header.Set("ETag", strconv.Quote(strconv.FormatInt(version, 10)))
	return Answer{Status: status, Header: header, Body: thing}, nil
}

// Body returns the whole body, at most Route.MaxBody bytes; beyond it the error is ErrBodyTooLarge.
func (r *Request) Body() ([]byte, error) {
	if r.read {
		return r.body, nil
	}
	if r.http.ContentLength > r.maxBody {
		return nil, r.tooLarge()
	}
	body, err := readAll(http.MaxBytesReader(nil, r.http.Body, r.maxBody), r.http.ContentLength)
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, r.tooLarge()
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBodyUnread, err)
	}
	r.body, r.read = body, true
	return body, nil
}

func (r *Request) tooLarge() error {
	return ErrBodyTooLarge.Withf("The body of the request is larger than %d bytes.", r.maxBody)
}

// readAll reads to the end; size is the expected number of bytes, or -1.
func readAll(from io.Reader, size int64) ([]byte, error) {
	if size < 0 {
		return io.ReadAll(from)
	}
	body := make([]byte, size)
	n, err := io.ReadFull(from, body)
	if errors.Is(err, io.EOF) && size == 0 {
		err = nil
	}
	return body[:n], err
}

// Bearer returns the access token of the Authorization header, or "".
func (r *Request) Bearer() string { return bearer(r.http.Header) }

func bearer(header http.Header) string {
	value := header.Get("Authorization")
	if len(value) > 7 && strings.EqualFold(value[:7], "Bearer ") {
		return strings.TrimSpace(value[7:])
	}
	return ""
}
