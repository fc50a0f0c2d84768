package manifest

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/tasklink"
)

// securitySchemes are the ways in which a caller proves who he is.
var securitySchemes = object{
	"bearer": object{
		"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "The access token of POST /auth/login. A role in `security` is a permission.",
	},
	string(faas.RefreshCookie): object{
		"type": "apiKey", "in": "cookie", "name": "__Secure-diom_refresh",
		"description": "The cookie that a log-in sets; over plain http on loopback it is called diom_refresh.",
	},
	string(faas.EventSignature): object{
		"type": "apiKey", "in": "header", "name": "ce-" + cloudevent.SignatureAttribute,
		"description": "The attributes " + cloudevent.SignedAttribute + " and " + cloudevent.SignatureAttribute + " of each CloudEvent, as docs/events.md describes them; in binary mode they are headers.",
	},
}

var sharedParameters = object{
	"limit": object{
		"name": "limit", "in": "query", "description": "How many rows a page has at most.",
		"schema": object{"type": "integer", "minimum": 1, "maximum": page.MaxLimit, "default": page.DefaultLimit},
	},
	"cursor": object{"name": "cursor", "in": "query", "description": "The nextCursor or the prevCursor of another page.", "schema": anyText},
	"count":  object{"name": "count", "in": "query", "description": "true counts the rows of all pages, into total.", "schema": object{"type": "boolean"}},
	"Idempotency-Key": object{
		"name": "Idempotency-Key", "in": "header", "description": "Names this request: sent again with the same key it has no second effect.",
		"schema": object{"type": "string", "pattern": "^[ -~]{1,255}$"},
	},
	"If-Match": object{
		"name": "If-Match", "in": "header", "description": "The ETag that must still be the current one; without it the change wins over others.",
		"schema": object{"type": "string", "examples": []string{`"3"`}},
	},
	"If-Match-Required": object{
		"name": "If-Match", "in": "header", "required": true, "description": "The ETag that must still be the current one, or * for any.",
		"schema": object{"type": "string", "examples": []string{`"3"`}},
	},
	"If-None-Match":    object{"name": "If-None-Match", "in": "header", "description": "The ETag of what the caller has.", "schema": anyText},
	"X-Requested-With": object{"name": "X-Requested-With", "in": "header", "required": true, "description": "Any value; pages of other sites cannot send it.", "schema": anyText},
}

var sharedHeaders = object{
	"ETag":                 object{"description": "The version of the answer.", "schema": anyText},
	"Idempotency-Replayed": object{"description": "true when the answer is that of an earlier request with this Idempotency-Key.", "schema": object{"type": "string", "enum": []string{"true"}}},
	"Retry-After":          object{"description": "After how many seconds to try again.", "schema": object{"type": "integer"}},
	"WWW-Authenticate":     object{"description": "Bearer", "schema": anyText},
}

var anyText = object{"type": "string"}

var wildcard = regexp.MustCompile(`\{(\w+)\}`)

// parameters are those of a route's path, its query and its headers.
func parameters(r faas.Route) []object {
	var list []object
	for _, m := range wildcard.FindAllStringSubmatch(r.Pattern, -1) {
		schema := anyText
		if m[1] == "id" || m[1] == "other" { // Request.ID reads them
			schema = object{"type": "string", "format": "uuid"}
		}
		list = append(list, object{"name": m[1], "in": "path", "required": true, "schema": schema})
	}
	if r.List.Name != "" {
		list = append(list, query(r.List)...)
	} else {
		for _, f := range r.List.Filters { // no list: parameters alone
			list = append(list, filter(f))
		}
	}
	for _, h := range []struct {
		name  string
		taken bool
	}{
		{"Idempotency-Key", r.Replayable},
		{"If-Match", r.Versioned && r.Method == http.MethodPut && !r.Guarded},
		{"If-Match-Required", r.Guarded},
		{"If-None-Match", r.Also == http.StatusNotModified},
		{"X-Requested-With", r.Proof == faas.RefreshCookie},
	} {
		if h.taken {
			list = append(list, reference("parameters", h.name))
		}
	}
	return list
}

// query are the parameters of a list.
func query(l page.List) []object {
	list := []object{reference("parameters", "limit")}
	if len(l.Sorts) > 0 {
		var columns []string
		for _, s := range l.Sorts {
			name := strings.TrimPrefix(s, "-")
			columns = append(columns, name, "-"+name)
		}
		list = append(list, reference("parameters", "cursor"), reference("parameters", "count"), object{
			"name": "sort", "in": "query", "description": "The column to sort by; with - the largest first.",
			"schema": object{"type": "string", "enum": columns, "default": l.Sorts[0]},
		})
	}
	for _, f := range l.Filters {
		list = append(list, filter(f))
	}
	return list
}

func filter(f page.Filter) object {
	schema := object{"type": "string"}
	switch f.Form {
	case page.ID, page.Time:
		schema["format"] = string(f.Form)
	case page.Flag:
		schema["type"] = "boolean"
	case page.Number:
		schema = object{"type": "integer", "format": "int64", "minimum": 0}
	}
	if len(f.Values) > 0 {
		schema["enum"] = f.Values
	}
	parameter := object{"name": f.Name, "in": "query", "schema": schema}
	if f.Summary != "" {
		parameter["description"] = capital(f.Summary) + "."
	}
	return parameter
}

// signing reports whether a route signs in who is known elsewhere, and whether it lets anybody in: he may be nobody here.
func signing(r faas.Route) (elsewhere, lets bool) {
	public := r.Permission == access.Public
	elsewhere = public && strings.Contains(r.Pattern, "/auth/oidc/")
	return elsewhere, elsewhere || public && strings.HasSuffix(r.Pattern, "/auth/login")
}

// names reports whether a path names something, which may not be there.
func names(pattern string) bool { return strings.Contains(pattern, "{") && pattern != "/{$}" }

// failures are the kinds of failure that a route may answer with.
func failures(r faas.Route) []fault.Kind {
	list := []fault.Kind{fault.Busy, fault.Internal, fault.Unavailable}
	for kind, may := range mayFail(r) {
		if may {
			list = append(list, kind)
		}
	}
	return list
}

// mayFail says of kinds of failure whether a route may answer with them, by what it is: whom it asks for, what it
// reads, what it changes.
func mayFail(r faas.Route) map[fault.Kind]bool {
	public := r.Permission == access.Public
	changes := r.Method != http.MethodGet
	reads := r.Body != nil || len(r.Accepts) > 0 || r.Replayable
	own := changes && !public
	folds := strings.HasPrefix(r.Pattern, "/api/v1/instances/{id}/") // a history that may be too long to fold
	link := strings.HasPrefix(r.Pattern, tasklink.Path)              // whose task may be over
	copies := strings.HasPrefix(r.Pattern, "/api/v1/backups")        // which nobody may have set up
	signsIn, lets := signing(r)
	return map[fault.Kind]bool{
		fault.Malformed:    changes && (reads || !public) || r.List.Name != "" || signsIn,
		fault.Unauthorized: !public || r.Proof != "" || r.Body != nil || signsIn,
		fault.Forbidden:    !public || r.Proof == faas.RefreshCookie || lets,
		fault.NotFound:     names(r.Pattern) || own,
		fault.Conflict:     own || link || lets,
		fault.Stale:        r.Versioned && r.Method == http.MethodPut || r.Guarded,
		fault.Precondition: r.Guarded || copies,
		fault.TooLarge:     reads || folds,
		fault.Invalid:      reads || signsIn || copies && changes,
	}
}

// problemName is the name of the response of a kind: NotFound.
func problemName(k fault.Kind) string {
	name := ""
	for part := range strings.SplitSeq(k.String(), "_") {
		name += capital(part)
	}
	return name
}

// sentence is what a kind means, in words.
func sentence(k fault.Kind) string { return capital(strings.ReplaceAll(k.String(), "_", " ")) + "." }

// problemResponse is the answer of a failure. codes are those that it may carry; none is any.
func problemResponse(description string, codes []string) object {
	schema := reference("schemas", "Problem")
	if len(codes) > 0 {
		codes = slices.Sorted(slices.Values(codes))
		schema = object{"allOf": []object{schema, {"properties": object{"code": object{"enum": codes}}}}}
	}
	return object{
		"description": description, "content": object{"application/problem+json": object{"schema": schema}},
		"headers": object{"Retry-After": reference("headers", "Retry-After"), "WWW-Authenticate": reference("headers", "WWW-Authenticate")},
	}
}

// media is the schema of a body of one of the content types that a route accepts.
func (s *schemas) media(kind string, body any) object {
	one := reference("schemas", "CloudEvent")
	switch {
	case kind == event.ApplicationCloudEventsJSON:
		s.components["CloudEvent"] = cloudEvent
		return one
	case kind == event.ApplicationCloudEventsBatchJSON:
		s.components["CloudEvent"] = cloudEvent
		return object{"type": "array", "items": one}
	case body == nil:
		return object{}
	}
	return s.of(body)
}

// cloudEvent is an event of another system in structured mode.
var cloudEvent = object{
	"type": "object", "description": "A CloudEvent 1.0 in structured mode. Extension attributes may be added.",
	"required": []string{"specversion", "id", "source", "type"},
	"properties": object{
		"specversion": object{"const": "1.0"}, "id": object{"type": "string", "minLength": 1}, "source": object{"type": "string", "format": "uri-reference", "minLength": 1},
		"type": object{"type": "string", "minLength": 1}, "subject": anyText, "time": object{"type": "string", "format": "date-time"}, "datacontenttype": anyText,
		"dataschema": object{"type": "string", "format": "uri"}, "data": object{}, "data_base64": object{"type": "string", "contentEncoding": "base64"},
		"businesskey":              object{"type": "string", "description": "The business key of the instance that it is about."},
		cloudevent.SignedAttribute: object{"type": "string", "format": "date-time"}, cloudevent.SignatureAttribute: anyText,
	},
}
