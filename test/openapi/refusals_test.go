package openapi

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
)

// refusals send each operation what its declaration forbids: the product must refuse it, so that nothing is
// declared that it does not read.
func refusals(s *session) {
	for _, name := range s.contract.operations() {
		o := s.contract.operation(name)
		path := fill(name, o, nothing)
		if bearer(o) {
			s.refused(http.StatusUnauthorized, "", path, nil)
		}
		for _, p := range o.Parameters {
			if p.In == "path" && p.Schema.Schema().Format == "uuid" {
				s.refused(http.StatusNotFound, "admin", fill(name, o, "no-id"), value{})
			} else if p.In == "path" {
				s.refused(http.StatusNotFound, "admin", path, value{}, "If-Match", "*") // some must say a version
			} else if p.Name == "If-Match" && p.Required != nil && *p.Required {
				s.refused(http.StatusNotFound, "admin", path, value{}, "If-Match", "*")
				s.refused(http.StatusBadRequest, "admin", path, value{}, "If-Match", "x")
				s.refused(http.StatusPreconditionRequired, "admin", path, value{})
			}
		}
		parameters(s, path, o)
		bodies(s, name, o)
	}
}

// parameters sends every query parameter with values that its schema allows and some that it does not, and
// one that is not declared.
func parameters(s *session, path string, o *v3.Operation) {
	queries := slices.DeleteFunc(slices.Clone(o.Parameters), func(p *v3.Parameter) bool { return p.In != "query" })
	if len(queries) == 0 || strings.Contains(path, "/auth/oidc/") { // what a provider adds is not looked at (RFC 6749 §4.1.2)
		return
	}
	if strings.Contains(path, nothing) { // a history: there must be an instance
		place := slices.IndexFunc(o.Parameters, func(p *v3.Parameter) bool { return p.In == "path" })
		taken := s.contract.taken[strings.Replace(path, nothing, "{"+o.Parameters[place].Name+"}", 1)]
		path = "GET " + taken.request.URL.Path
	}
	s.refused(http.StatusBadRequest, "admin", path+"?undeclared=1", nil)
	for _, p := range queries {
		right, wrong := values(p)
		for _, v := range right {
			s.do("admin", path+"?"+p.Name+"="+url.QueryEscape(v), nil)
		}
		for _, v := range wrong {
			s.refused(http.StatusBadRequest, "admin", path+"?"+p.Name+"="+url.QueryEscape(v), nil)
		}
	}
}

// values are some of those that a parameter may have, and some that it may not.
func values(p *v3.Parameter) (right, wrong []string) {
	schema := p.Schema.Schema()
	for _, word := range schema.Enum {
		right = append(right, word.Value)
	}
	switch {
	case len(right) > 0:
		return right, []string{"no-such-word"}
	case schema.Format == "date-time":
		return []string{"2026-01-31T09:30:00Z", "2026-01-31T09:30:00.5+08:00"}, []string{"x", "2026-01-31"}
	case schema.Type[0] == "boolean":
		return []string{"true", "false"}, []string{"1", "yes"}
	case schema.Type[0] == "integer":
		return []string{"1"}, []string{"-1", "many"}
	case schema.Format == "uuid":
		return []string{nothing}, []string{"1"}
	case p.Name == "cursor":
		return nil, []string{"x"}
	}
	return []string{"x", "汉字"}, nil
}

// bodies sends a body that was taken before with a field that is not declared, and without each field that is
// required.
func bodies(s *session, name string, o *v3.Operation) {
	if o.RequestBody == nil {
		return
	}
	media := o.RequestBody.Content.GetOrZero("application/json")
	taken, ok := s.contract.taken[name]
	var body value
	if media == nil || !ok || json.Unmarshal(taken.body, &body) != nil || media.Schema.Schema().Properties == nil {
		return
	}
	spoil := func(status int, change func(value)) {
		var spoilt value
		if err := json.Unmarshal(taken.body, &spoilt); err != nil {
			s.Fatal(err)
		}
		change(spoilt)
		text, err := json.Marshal(spoilt)
		if err != nil {
			s.Fatal(err)
		}
		request := taken.request.Clone(s.Context())
		request.Header.Del("Idempotency-Key")
		if bearer(o) { // his who sent it may have been revoked since
			request.Header.Set("Authorization", "Bearer "+s.tokens["admin"])
		}
		request.Body, request.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
		response, err := s.contract.RoundTrip(request)
		if err != nil {
			s.Fatal(err)
		}
		if response.StatusCode != status {
			answer, _ := io.ReadAll(response.Body)
			s.Errorf("%s with %s: %d, want %d: %.300s", name, text, response.StatusCode, status, answer)
		}
	}
	spoil(http.StatusBadRequest, func(v value) { v["undeclared"] = 1 })
	for _, field := range media.Schema.Schema().Required {
		spoil(http.StatusUnprocessableEntity, func(v value) { delete(v, field) })
	}
}

// fill puts an id, or the key of nothing, into the wildcards of a path.
func fill(name string, o *v3.Operation, id string) string {
	path := strings.TrimSuffix(name, "{$}")
	for _, p := range o.Parameters {
		if p.In == "path" {
			path = strings.ReplaceAll(path, "{"+p.Name+"}", id)
		}
	}
	return path
}

func bearer(o *v3.Operation) bool {
	for _, requirement := range o.Security {
		if requirement.Requirements != nil {
			if _, wanted := requirement.Requirements.Get("bearer"); wanted {
				return true
			}
		}
	}
	return false
}
