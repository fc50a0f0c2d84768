package openapi

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// canned answers every request with one answer.
type canned struct {
	status int
	kind   string
	body   string
	header []string // name, value
}

func (c canned) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", c.kind)
	for i := 0; i+1 < len(c.header); i += 2 {
		w.Header().Set(c.header[i], c.header[i+1])
	}
	w.WriteHeader(c.status)
	_, _ = io.WriteString(w, c.body)
}

// breachesOf sends one request by way of a contract to a product that gives a canned answer.
func breachesOf(t *testing.T, c *contract, answer canned, operation, body string) []string {
	t.Helper()
	method, path, _ := strings.Cut(operation, " ")
	c.breaches = nil
	server := httptest.NewServer(answer)
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer x")
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if _, err := c.RoundTrip(request); err != nil {
		t.Fatal(err)
	}
	return c.breaches
}

func contractOf(t *testing.T, text string) *contract {
	t.Helper()
	c, err := newContract([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const (
	count   = "/api/v1/notifications/unread-count"
	group   = "/api/v1/groups/" + nothing
	problem = `{"type": "t", "title": "t", "status": 401, "code": "token_missing", "traceId": "1"}`
)

// TestContractFindsPlantedBreaches: what is not as the document says is found, and what is is not.
func TestContractFindsPlantedBreaches(t *testing.T) {
	t.Parallel()
	contract := contractOf(t, string(document(t)))
	json := func(status int, body string) canned { return canned{status, "application/json", body, nil} }
	refusal := func(body string) canned { return canned{401, "application/problem+json", body, nil} }
	thing := `{"id": "` + nothing + `", "key": "k", "name": "n", "version": 1, "createdAt": "2026-03-02T09:00:00Z"}`
	for name, c := range map[string]struct {
		operation, body string
		answer          canned
		breaches        int
	}{
		"fine":               {"GET " + count, "", json(200, `{"count": 3}`), 0},
		"fine refusal":       {"GET " + count, "", refusal(problem), 0},
		"fine change":        {"PUT " + group, `{"name": "x"}`, canned{200, "application/json", thing, []string{"ETag", `"1"`}}, 0},
		"undeclared field":   {"GET " + count, "", json(200, `{"count": 3, "secret": 1}`), 1},
		"wrong type":         {"GET " + count, "", json(200, `{"count": "3"}`), 1},
		"missing field":      {"GET " + count, "", json(200, `{}`), 1},
		"undeclared status":  {"GET " + count, "", json(418, `{}`), 1},
		"wrong content type": {"GET " + count, "", canned{200, "text/plain", `3`, nil}, 1},
		"undeclared header":  {"GET " + count, "", canned{200, "application/json", `{"count": 3}`, []string{"ETag", `"1"`}}, 1},
		"no version":         {"PUT " + group, `{"name": "x"}`, json(200, thing), 1},
		"unknown code":       {"GET " + count, "", refusal(strings.Replace(problem, "token_missing", "no_such_code", 1)), 1},
		"open problem":       {"GET " + count, "", refusal(strings.Replace(problem, "{", `{"stack": "x", `, 1)), 1},
		"wrong date":         {"PUT " + group, `{"name": "x"}`, canned{200, "application/json", strings.Replace(thing, "T", " ", 1), []string{"ETag", `"1"`}}, 1},
		"undeclared request": {"PUT " + group, `{"nickname": "x"}`, canned{200, "application/json", thing, []string{"ETag", `"1"`}}, 1},
		"undeclared body":    {"GET " + count, `{}`, json(200, `{"count": 3}`), 1},
		"unknown parameter":  {"GET /api/v1/tasks?view=mine", "", json(200, `{"items": []}`), 1},
		"unknown operation":  {"PATCH " + count, "", json(200, `{"count": 3}`), 1},
	} {
		if found := breachesOf(t, contract, c.answer, c.operation, c.body); len(found) != c.breaches {
			t.Errorf("%s: %d breaches, want %d: %q", name, len(found), c.breaches, found)
		}
	}
}

// TestContractFindsAChangedDocument: a document that no longer says what the product does is found.
func TestContractFindsAChangedDocument(t *testing.T) {
	t.Parallel()
	text := string(document(t))
	at := strings.Index(text, "\n    Count:\n")
	changed := text[:at] + strings.Replace(text[at:], "type: integer", "type: string", 1)
	if found := breachesOf(t, contractOf(t, changed), canned{200, "application/json", `{"count": 3}`, nil}, "GET "+count, ""); len(found) != 1 {
		t.Errorf("another type: %q", found)
	}
	for name, spoilt := range map[string]string{
		"another version": strings.Replace(text, "openapi: 3.1.0", "openapi: 3.0.3", 1),
		"no paths":        strings.Replace(text, "\npaths:", "\nx-paths:", 1),
		"lost schema":     strings.Replace(text, "\n    Count:", "\n    Number:", 1),
		"no type":         text[:at] + strings.Replace(text[at:], "type: integer", "type: number-like", 1),
	} {
		if _, err := newContract([]byte(spoilt)); err == nil {
			t.Errorf("%s: the document is taken", name)
		}
	}
}

// TestContractFindsWhatWasNotSent: an operation that is not sent, or never succeeds, is named.
func TestContractFindsWhatWasNotSent(t *testing.T) {
	t.Parallel()
	c := contractOf(t, string(document(t)))
	all := c.operations()
	for _, name := range all {
		c.sent[name] = []int{http.StatusOK, http.StatusUnauthorized}
	}
	if left := c.unsent(); len(left) > 0 || len(all) < 70 {
		t.Errorf("%d operations, %q", len(all), left)
	}
	c.sent[all[0]], c.sent["GET "+count], c.sent["GET /api/v1/tasks"] = nil, []int{http.StatusUnauthorized}, []int{http.StatusOK}
	if left := c.unsent(); len(left) != 3 {
		t.Errorf("%q", left)
	}
}
