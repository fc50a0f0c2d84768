package manifest

import (
	"bytes"
	"cmp"
	"fmt"
	"io/fs"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/camunda"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/fault"
)

// openAPIPaths are where openapi.yaml belongs, from the repository's root: beside the gateway, which embeds
// and serves it, and at the root for readers. They are two files, since no archive and no build context
// loses one as it may lose a link.
var openAPIPaths = []string{"functions/gateway/openapi.yaml", "openapi.yaml"}

// document is openapi.yaml while it is written.
type document struct {
	schemas *schemas
	codes   map[fault.Kind][]string
	paths   map[string]object
	ids     map[string]string // operation id → its route
	shown   map[string]example
}

// openAPI returns openapi.yaml (OpenAPI 3.1): every route that callers from outside may use, as the routes
// declare it, the JSON of the Go types, and the problem documents with their codes. Descriptions and
// codes are those of the sources under root.
func openAPI(root fs.FS, functions []faas.Function) ([]byte, error) {
	list, err := sentinels(root)
	if err != nil {
		return nil, err
	}
	d := &document{codes: map[fault.Kind][]string{}, paths: map[string]object{}, ids: map[string]string{}}
	for _, s := range list {
		if !slices.Contains(d.codes[s.kind], s.code) {
			d.codes[s.kind] = append(d.codes[s.kind], s.code)
		}
	}
	functions = slices.SortedFunc(slices.Values(functions), func(a, b faas.Function) int { return cmp.Compare(a.Name, b.Name) })
	var tags []object
	var routes []faas.Route
	for _, f := range functions {
		if own := outside(f); len(own) > 0 {
			tags = append(tags, object{"name": f.Name, "description": f.Summary})
			routes = append(routes, own...)
		}
	}
	if d.schemas, err = reflectRoutes(root, routes); err != nil {
		return nil, err
	}
	if d.shown, err = examples(root); err != nil {
		return nil, err
	}
	for _, f := range functions {
		for _, r := range outside(f) {
			if err := d.add(f.Name, r); err != nil {
				return nil, err
			}
		}
	}
	return sections(
		object{"openapi": "3.1.0"}, object{"info": information}, object{"servers": []object{{"url": "/"}}}, object{"tags": tags},
		object{"paths": d.paths}, object{"components": d.components()},
	)
}

// information heads the document.
var information = object{
	"title": "DIOM Workflow", "version": "1",
	"license": object{"name": "Apache-2.0", "identifier": "Apache-2.0"},
	"description": "Business processes in BPMN 2.0 on stateless functions. Bodies and answers are JSON, times RFC 3339 in UTC, ids UUIDs as text.\n\n" +
		"A failure is a problem document (RFC 9457) whose `code` is stable; its text is English or, by `Accept-Language`, Chinese. Who calls is known " +
		"from the access token alone. A list answers `items` with `nextCursor` and `prevCursor`, which go into `cursor`. A POST that takes an " +
		"`Idempotency-Key` may be sent again: it has its effect once and is answered as it was the first time.",
}

// sections writes the parts of a document in the given order; within one the keys are sorted.
func sections(parts ...object) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(header)
	for _, part := range parts {
		text, err := yaml.Marshal(part)
		if err != nil {
			return nil, fmt.Errorf("yaml: %w", err)
		}
		b.Write(text)
	}
	return b.Bytes(), nil
}

// outside returns the routes of a function that callers from outside may use. The gateway's catch-all is
// the routes of the others.
func outside(f faas.Function) []faas.Route {
	if f.Internal {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(f.Routes), func(r faas.Route) bool {
		return r.Permission == access.Internal || r.Platform || r.Method == "" || foreign(r)
	})
}

// foreign reports whether a route is one of Camunda 7's REST API. That has an OpenAPI document of its own,
// of which ours says nothing; docs/camunda7.md says what of it is served.
func foreign(r faas.Route) bool { return camunda.Speaks(r.Pattern) }

// add adds one route to the paths.
func (d *document) add(function string, r faas.Route) error {
	path := strings.ReplaceAll(r.Pattern, "{$}", "")
	id := operationID(r)
	if other := d.ids[id]; other != "" {
		return fmt.Errorf("openapi: %s %s has the operation id %s of %s", r.Method, r.Pattern, id, other)
	}
	d.ids[id] = r.Method + " " + r.Pattern
	operation := object{
		"operationId": id, "summary": strings.TrimSuffix(r.Summary, "."), "tags": []string{function},
		"security": security(r), "responses": d.responses(r),
	}
	if r.Permission != access.Public && r.Permission != access.Authenticated {
		operation["description"] = "Needs the permission `" + string(r.Permission) + "`."
	}
	if r.Deprecated != nil {
		operation["deprecated"] = true
	}
	if parameters := parameters(r); len(parameters) > 0 {
		operation["parameters"] = parameters
	}
	if body := d.body(r); body != nil {
		show(body, d.shown[r.Method+" "+r.Pattern].Request)
		operation["requestBody"] = body
	}
	if d.paths[path] == nil {
		d.paths[path] = object{}
	}
	d.paths[path][strings.ToLower(r.Method)] = operation
	return nil
}

var word = regexp.MustCompile(`\{?[A-Za-z0-9]+\}?`)

// operationID names an operation by its method and its path: getTasks, getTasksById, postTasksByIdComplete.
// What is also reached without /api/v1 has the V1 in its name.
func operationID(r faas.Route) string {
	path, versioned := strings.CutPrefix(r.Pattern, "/api/v1/")
	id := strings.ToLower(r.Method)
	if versioned && strings.HasPrefix(path, "auth/") {
		id += "V1"
	}
	for _, w := range word.FindAllString(strings.ReplaceAll(path, "{$}", "root"), -1) {
		name, wildcard := strings.CutPrefix(strings.TrimSuffix(w, "}"), "{")
		if wildcard {
			id += "By"
		}
		id += strings.ToUpper(name[:1]) + name[1:]
	}
	return id
}

// security is what proves the caller; the role of a bearer is the permission.
func security(r faas.Route) []object {
	switch {
	case r.Proof == faas.EventSignature: // in structured mode it is in the body
		return []object{{string(r.Proof): []string{}}, {}}
	case r.Proof != "":
		return []object{{string(r.Proof): []string{}}}
	case r.Permission == access.Public:
		return []object{}
	case r.Permission == access.Authenticated:
		return []object{{"bearer": []string{}}}
	}
	return []object{{"bearer": []string{string(r.Permission)}}}
}

// body is the request body of a route, or nil.
func (d *document) body(r faas.Route) object {
	if r.Body == nil && len(r.Accepts) == 0 {
		return nil
	}
	content := object{}
	for _, kind := range r.Accepts {
		content[kind] = object{"schema": d.schemas.media(kind, r.Body)}
	}
	if len(r.Accepts) == 0 {
		content["application/json"] = object{"schema": d.schemas.of(r.Body)}
	}
	return object{"required": r.Body == nil || d.schemas.demands(r.Body), "content": content}
}

// responses are the answers of a route by their status.
func (d *document) responses(r faas.Route) object {
	all := object{}
	for _, k := range failures(r) {
		all[strconv.Itoa(k.Status())] = reference("responses", problemName(k))
	}
	if r.Proof == faas.EventSignature { // what is refused for good is 422, whatever its code
		all[strconv.Itoa(fault.Invalid.Status())] = problemResponse("The CloudEvent is refused for good.", nil)
	}
	status := cmp.Or(r.Status, http.StatusOK)
	if r.Status == 0 && r.Answer == nil && r.Media == "" {
		status = http.StatusNoContent
	}
	for _, s := range []int{status, r.Also} {
		if s != 0 {
			all[strconv.Itoa(s)] = d.success(r, s)
		}
	}
	return all
}

func (d *document) success(r faas.Route, status int) object {
	answer, headers := object{"description": http.StatusText(status)}, object{}
	if r.Versioned {
		headers["ETag"] = reference("headers", "ETag")
	}
	if r.Replayable {
		headers["Idempotency-Replayed"] = reference("headers", "Idempotency-Replayed")
	}
	if len(headers) > 0 {
		answer["headers"] = headers
	}
	defer show(answer, d.shown[r.Method+" "+r.Pattern].Answer)
	switch {
	case status == http.StatusNotModified:
	case r.Media != "":
		content := object{}
		for media := range strings.SplitSeq(r.Media, ", ") {
			content[media] = object{"schema": object{"type": "string"}}
		}
		answer["content"] = content
	case r.Answer != nil:
		answer["content"] = object{"application/json": object{"schema": d.schemas.of(r.Answer)}}
	}
	return answer
}

// components are what operations refer to.
func (d *document) components() object {
	responses := object{}
	for _, k := range fault.Kinds() {
		responses[problemName(k)] = problemResponse(sentence(k), d.codes[k])
	}
	return object{
		"schemas": d.schemas.components, "responses": responses, "parameters": sharedParameters, "headers": sharedHeaders,
		"securitySchemes": securitySchemes,
	}
}

func reference(kind, name string) object { return object{"$ref": "#/components/" + kind + "/" + name} }
