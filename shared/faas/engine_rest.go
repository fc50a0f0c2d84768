package faas

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strconv"
	"strings"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/camunda"
)

// EngineRest returns a route of Camunda 7's REST API (package camunda). Under its path a caller may also
// prove who he is by name and password, and a failure has Camunda's shape; such routes are not part of
// openapi.yaml, since Camunda has a document of its own.
func EngineRest(method, path string, permission access.Permission, serve func(context.Context, *Request) (any, error)) Route {
	return Route{Method: method, Pattern: camunda.Root + path, Summary: "As in Camunda 7", Permission: permission, Serve: serve}
}

// EngineRestQuestion is EngineRest's route of a POST that changes nothing.
func EngineRestQuestion(path string, permission access.Permission, serve func(context.Context, *Request) (any, error)) Route {
	r := EngineRest(http.MethodPost, path, permission, serve)
	r.Asks = true
	return r
}

// Listing reads a list of Camunda's: one page of it and how long it is.
type Listing[T any] func(context.Context, access.Principal, camunda.Query) (items []T, total int, err error)

// EngineRestList returns the four routes of a list: itself and its length, each asked for by the parameters
// of a GET or the JSON of a POST. of finds the list in the App.
func EngineRestList[T any](path string, permission access.Permission, of func(*App) Listing[T]) []Route {
	items := func(ctx context.Context, r *Request) (any, error) { return list(ctx, r, of(r.App)) }
	count := func(ctx context.Context, r *Request) (any, error) { return length(ctx, r, of(r.App)) }
	return []Route{
		EngineRest(http.MethodGet, path, permission, items), EngineRestQuestion(path, permission, items),
		EngineRest(http.MethodGet, path+"/count", permission, count), EngineRestQuestion(path+"/count", permission, count),
	}
}

func list[T any](ctx context.Context, r *Request, read Listing[T]) (any, error) {
	q, err := r.Query()
	if err != nil {
		return nil, err
	}
	items, _, err := read(ctx, r.Principal, q)
	if err == nil && items == nil {
		items = []T{}
	}
	return items, err
}

func length[T any](ctx context.Context, r *Request, read Listing[T]) (any, error) {
	q, err := r.Query()
	if err != nil {
		return nil, err
	}
	q.Count = true
	_, total, err := read(ctx, r.Principal, q)
	return camunda.Count{Count: total}, err
}

// WithBody is a handler of one of these routes whose body is JSON (Read).
func WithBody[T any](serve func(context.Context, *Request, T) (any, error)) func(context.Context, *Request) (any, error) {
	return func(ctx context.Context, r *Request) (any, error) {
		var body T
		if err := r.Read(&body); err != nil {
			return nil, err
		}
		return serve(ctx, r, body)
	}
}

// Parameters are those of the URL of one of these routes.
func (r *Request) Parameters() camunda.Query { return camunda.ParseQuery(r.http.URL.Query()) }

// Query reads what a list of Camunda's is asked for.
func (r *Request) Query() (camunda.Query, error) {
	q := camunda.ParseQuery(r.http.URL.Query())
	if r.http.Method != http.MethodPost {
		return q, nil
	}
	body, err := r.Body()
	if err != nil {
		return q, err
	}
	return q.ParseBody(body)
}

// Read reads a JSON body as Camunda does: a field that is not known is passed over, an empty body is {}.
func (r *Request) Read(into any) error {
	body, err := r.Body()
	if err != nil || strings.TrimSpace(string(body)) == "" {
		return err
	}
	if tooDeep(body) {
		return camunda.BadRequest("The body nests deeper than %d levels", maxDepth)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return camunda.BadRequest("%s", camunda.Reason(err))
	}
	return nil
}

// authenticateHeader finds the principal of a request to one of these routes.
func (e *endpoint) authenticateHeader(ctx context.Context, r *Request) (access.Principal, error) {
	return e.app.Access.AuthenticateHeader(ctx, r.http.Header.Get("Authorization"), Address(r.http))
}

// writeFailure answers with a failure in Camunda's shape; the stable code of the product is in a header.
func writeFailure(w http.ResponseWriter, err error, p Problem) {
	f := camunda.Failure(err)
	if p.Status == http.StatusMethodNotAllowed {
		f = &camunda.Error{Status: p.Status, Type: "NotAllowedException", Message: "HTTP 405 Method Not Allowed"}
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set(CodeHeader, p.Code)
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	if f.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Basic realm="`+camunda.EngineName+`", charset="UTF-8"`)
	}
	h.Set(contentType, jsonType)
	if err := writeJSON(w, f.Status, f); err != nil {
		w.WriteHeader(f.Status)
	}
}

// CodeHeader is where an answer of /engine-rest has the stable code of a failure (docs/errors.md).
const CodeHeader = "X-Error-Code"

// Address is the caller's IP address: the last hop that a proxy of ours wrote down, else the peer.
func Address(r *http.Request) string {
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	if last := strings.TrimSpace(hops[len(hops)-1]); last != "" {
		return last
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
