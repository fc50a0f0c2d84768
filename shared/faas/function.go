// Package faas turns an HTTP request or a CloudEvent into a call of a function, and what the
// function returns into an answer: routes, authentication, permissions, limits, deadlines,
// idempotent replay, problem documents, health, metrics and drain.
//
// A function describes itself in a Function value and is served in three ways that share one path:
// as the OpenFaaS Handle signature (Serve), as an HTTP server of its own (Knative, containers), and
// beside the others in one process (diom serve).
package faas

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/page"
)

// Function is what a function says of itself; stack.yml, knative/, openapi.yaml and the tables
// under docs/ are generated from it.
type Function struct {
	// Name is a DNS label and the directory under functions/.
	Name string
	// Summary is one English sentence.
	Summary string
	Routes  []Route
	// Events are the CloudEvent types that the function consumes.
	Events []Event
	// Schedule is a five-field cron expression, or empty. The platforms call the route POST /{$} by it.
	Schedule string
	// Scheduled is one pass of what Schedule asks for, within Limits.Exec. A process that is its own clock
	// (Run) calls it again and again; on a platform a route of the function does.
	Scheduled func(context.Context, *App) error
	// Secrets are the names of the secret files that the function reads.
	Secrets []string
	Limits  Limits
	// Internal functions are reachable by other functions only.
	Internal bool
}

// Route is one operation of a function over HTTP.
type Route struct {
	// Method is GET, POST, PUT, PATCH or DELETE; empty means each of them (the gateway's own routes).
	Method string
	// Pattern is a net/http ServeMux path such as /api/v1/tasks/{id}/complete. A pattern that ends in
	// a custom verb, /api/v1/tasks:complete, is written as it is.
	Pattern string
	Summary string
	// Permission is what the principal needs; there is no default, a route without one does not
	// start. access.Public and access.Authenticated are permissions too.
	Permission access.Permission
	// List says which query parameters the route takes, for Request.List and openapi.yaml; a route without
	// one takes none.
	List page.List
	// Body and Answer are zero values of the JSON types, for openapi.yaml; nil where there is none.
	Body, Answer any
	// Accepts are the content types of the body, for openapi.yaml, and Media that of the answer, where they
	// are not JSON; several are separated by a comma and a blank, and the answer names its own.
	Accepts []string
	Media   string
	// Status is the status of success; 0 means 200, or 204 where there is no answer. Also is another one,
	// with the same answer.
	Status, Also int
	// Versioned says that the answer carries its version as ETag, and that a change takes If-Match.
	Versioned bool
	// Guarded says that a change must say which version it changes: without If-Match it is refused (428).
	Guarded bool
	// Early says that the route serves who must change his password first, too.
	Early bool
	// Proof is what a public route takes in place of an access token.
	Proof Proof
	// Replayable marks a POST that keeps an idempotency record with its effect.
	Replayable bool
	// Asks marks a POST that changes nothing: a question that is too long for a query.
	Asks bool
	// Deprecated says that the route is not to be used any more; nil where it is.
	Deprecated *Deprecation
	// MaxBody is the largest body in bytes; 0 means 1 MiB.
	MaxBody int64
	// Platform marks a route that the platform alone calls, a broker for example: the gateway does not
	// lead to it.
	Platform bool
	Serve    func(context.Context, *Request) (any, error)
}

// Proof is what proves the caller of a public route.
type Proof string

// The proofs: the cookie that a log-in sets, with the header X-Requested-With; the signature in each
// CloudEvent.
const (
	RefreshCookie  Proof = "refreshCookie"
	EventSignature Proof = "eventSignature"
)

// Event is one CloudEvent type that a function consumes.
type Event struct {
	Type    string
	Summary string
	Serve   func(context.Context, *Request) error
}

// Limits are the resources and bounds of one replica, and the numbers of replicas.
type Limits struct {
	Memory, CPU   string // limits, Kubernetes quantities: 128Mi, 500m
	RequestMemory string
	RequestCPU    string
	Exec          time.Duration // deadline of one call, ≤ 30 s but for tick and backup; 0 means exec_timeout
	MaxInflight   int           // calls at once, beyond it 429; 0 means no bound; max_inflight wins
	Pool          int           // database connections of each pool
	Min, Max      int           // replicas
}

// Answer is a result with a status or headers of its own. Body is marshalled as JSON unless it is a
// []byte (sent as it is, with the Content-Type in Header, application/json without one), nil (no
// content), or an http.Handler that writes the answer by itself, without the deadline of a call: a
// proxied answer, a stream. The handler's request carries the traceparent of this call.
type Answer struct {
	Status int
	Header http.Header
	Body   any
}

// methods are the HTTP methods that a route may have.
var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

var name = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)

// Check reports what is wrong with the description of a function: a name that is no DNS label, a
// route without a permission or a handler, an unknown method, a replayable route that is no POST or
// has no principal, a question that is none, a CloudEvent type that is given twice, a pass without a schedule.
func (f Function) Check() error {
	if !name.MatchString(f.Name) {
		return fmt.Errorf("function %q: the name is not a DNS label", f.Name)
	}
	for _, r := range f.Routes {
		if err := r.check(); err != nil {
			return fmt.Errorf("function %s: %s %s: %w", f.Name, r.Method, r.Pattern, err)
		}
	}
	seen := map[string]bool{}
	for _, e := range f.Events {
		if e.Type == "" || e.Serve == nil || seen[e.Type] {
			return fmt.Errorf("function %s: event %q: has no type or handler, or is given twice", f.Name, e.Type)
		}
		seen[e.Type] = true
	}
	if f.Scheduled != nil && f.Schedule == "" {
		return fmt.Errorf("function %s: Scheduled without a Schedule", f.Name)
	}
	return nil
}

// changes reports whether the route is there to change something.
func (r *Route) changes() bool { return r.Method != http.MethodGet && !r.Asks }

func (r Route) check() error {
	switch {
	case !slices.Contains(methods, r.Method) && r.Method != "":
		return errors.New("the method is unknown")
	case !strings.HasPrefix(r.Pattern, "/"):
		return errors.New("the pattern does not begin with /")
	case r.Permission == "":
		return errors.New("the route has no permission")
	case r.Serve == nil:
		return errors.New("the route has no handler")
	case r.Replayable && r.Method != http.MethodPost:
		return errors.New("only a POST is replayable")
	case r.Asks && (r.Method != http.MethodPost || r.Replayable || r.Versioned || r.Guarded):
		return errors.New("only a POST asks, and what changes nothing has neither a version nor an effect to repeat")
	case r.Proof != "" && r.Permission != access.Public:
		return errors.New("only a public route has another proof than an access token")
	case r.Replayable && (r.Permission == access.Public || r.Permission == access.Internal):
		return errors.New("a replayable route needs a principal: keys are theirs")
	}
	return r.Deprecated.check()
}
