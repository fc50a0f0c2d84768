// Package page reads the paging parameters of a list request and writes keyset cursors: a page
// begins after the last row of the one before, never at an offset.
package page

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// DefaultLimit and MaxLimit bound the rows of one page.
const (
	DefaultLimit = 20
	MaxLimit     = 100
)

// Error says which parameter of a list request is wrong: Code is one of bad_limit, bad_sort,
// bad_cursor, bad_count, bad_filter, repeated_parameter and unknown_parameter. All are the caller's (400).
type Error struct {
	Parameter string
	Code      string
	Message   string
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// List describes a list to Parse and to openapi.yaml: its name, the columns a caller may sort by (the
// first is the default; a leading "-" means descending), and its filters. A list without Sorts has no
// cursor and no count either: it pages by a filter of its own.
type List struct {
	Name    string
	Sorts   []string
	Filters []Filter
}

// Filter is a query parameter that narrows a list.
type Filter struct {
	Name string
	Form Form
	// Values are what it takes; empty is every value of its form.
	Values []string
	// Summary is a phrase that says more than the name does, or empty.
	Summary string
}

// Form is the form of a filter's value.
type Form string

// The forms: any text, a UUID in its canonical form, true or false, a number from 0, a time (RFC 3339).
const (
	Text   Form = ""
	ID     Form = "uuid"
	Flag   Form = "boolean"
	Number Form = "integer"
	Time   Form = "date-time"
)

// Request is a checked list request.
type Request struct {
	Limit      int
	Sort       string // a name of List.Sorts without its sign
	Descending bool
	After      []string // key of the row to continue from, empty on the first page
	Backward   bool     // the page before After is wanted
	Count      bool     // ?count=true
	Filters    url.Values
	stamp      string
}

// Page is one page of a list as the API answers it. A cursor is empty where there is no more.
type Page[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"nextCursor,omitempty"`
	PrevCursor string `json:"prevCursor,omitempty"`
	Total      *int   `json:"total,omitempty"`
}

type cursor struct {
	Stamp    string   `json:"s"`
	Key      []string `json:"k"`
	Backward bool     `json:"b,omitempty"`
}

// Parse reads limit, sort, cursor, count and the filters from a query. who is the principal's
// name: a cursor is bound to the list, its filters, its sort and its principal. A filter without a
// value is none. The error is always an *Error.
func Parse(query url.Values, list List, who string) (Request, error) {
	r := Request{Limit: DefaultLimit, Count: query.Get("count") == "true", Filters: url.Values{}}
	for name := range query {
		if err := r.take(query, list, name); err != nil {
			return r, err
		}
	}
	if text := query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > MaxLimit {
			return r, &Error{"limit", "bad_limit", "limit is a number from 1 to 100."}
		}
		r.Limit = n
	}
	if len(list.Sorts) == 0 {
		return r, nil
	}
	if err := r.sort(query.Get("sort"), list); err != nil {
		return r, err
	}
	r.stamp = stamp(query, list, r, who)
	return r, r.resume(query.Get("cursor"))
}

// take checks one parameter and keeps it if it is a filter.
func (r *Request) take(query url.Values, list List, name string) error {
	i := slices.IndexFunc(list.Filters, func(f Filter) bool { return f.Name == name })
	value := query.Get(name)
	switch {
	case len(query[name]) > 1: // one on the way might take the first, another the last
		return &Error{name, "repeated_parameter", "The parameter is given more than once."}
	case i >= 0 && value == "":
		return nil
	case i >= 0:
		r.Filters[name] = query[name]
		return list.Filters[i].check(value)
	case name == "limit" || len(list.Sorts) > 0 && (name == "sort" || name == "cursor"):
		return nil
	case name == "count" && len(list.Sorts) > 0:
		if value != "true" && value != "false" {
			return &Error{name, "bad_count", "count is true or false."}
		}
		return nil
	}
	return &Error{name, "unknown_parameter", "The list has no such parameter."}
}

var uuid = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

func (f Filter) check(value string) error {
	wrong := ""
	switch {
	case len(f.Values) > 0 && !slices.Contains(f.Values, value):
		wrong = " is one of " + strings.Join(f.Values, ", ") + "."
	case f.Form == ID && !uuid.MatchString(value):
		wrong = " is not an id."
	case f.Form == Flag && value != "true" && value != "false":
		wrong = " is true or false."
	case f.Form == Time:
		if _, err := time.Parse(time.RFC3339, value); err != nil {
			wrong = " is a time such as 2026-01-31T09:30:00Z."
		}
	case f.Form == Number:
		if _, err := strconv.ParseUint(value, 10, 63); err != nil {
			wrong = " is a number from 0."
		}
	}
	if wrong == "" {
		return nil
	}
	return &Error{f.Name, "bad_filter", f.Name + wrong}
}

func (r *Request) sort(text string, list List) error {
	if text == "" {
		text = list.Sorts[0]
	}
	name := strings.TrimPrefix(text, "-")
	for _, s := range list.Sorts {
		if strings.TrimPrefix(s, "-") == name {
			r.Sort, r.Descending = name, strings.HasPrefix(text, "-")
			return nil
		}
	}
	return &Error{"sort", "bad_sort", "The list cannot be sorted by that column; it can by " + strings.Join(list.Sorts, ", ") + "."}
}

func (r *Request) resume(text string) error {
	if text == "" {
		return nil
	}
	var c cursor
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) > 4096 || json.Unmarshal(raw, &c) != nil || c.Stamp != r.stamp || len(c.Key) == 0 {
		return &Error{"cursor", "bad_cursor", "The cursor is not one of this list, filter and sort."}
	}
	r.After, r.Backward = c.Key, c.Backward
	return nil
}

// stamp names what a cursor belongs to. It is a check against mistakes, not a secret: visibility is
// part of every list's WHERE clause, so a forged cursor shows nothing that is not the caller's.
func stamp(query url.Values, list List, r Request, who string) string {
	h := sha256.New()
	for _, part := range []string{list.Name, who, r.Sort, strconv.FormatBool(r.Descending)} {
		h.Write([]byte(part + "\x00"))
	}
	for _, f := range list.Filters {
		h.Write([]byte(f.Name + "\x00" + strings.Join(query[f.Name], "\x01") + "\x00"))
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:9])
}

// Ascending reports the direction in which the rows must be read: a backward page is read against
// the list's order and turned round by Fill.
func (r Request) Ascending() bool { return r.Descending == r.Backward }

// Fill makes a page of rows that were read with LIMIT Limit+1 in the direction of Ascending. key
// returns the keyset key of a row: the sort column's text first, the unique id last.
func Fill[T any](r Request, rows []T, key func(T) []string) Page[T] {
	more := len(rows) > r.Limit
	if more {
		rows = rows[:r.Limit]
	}
	if r.Backward {
		slices.Reverse(rows)
	}
	p := Page[T]{Items: rows}
	if rows == nil {
		p.Items = []T{}
	}
	if len(rows) == 0 {
		return p
	}
	if more || r.Backward {
		p.NextCursor = r.encode(key(rows[len(rows)-1]), false)
	}
	if (r.Backward && more) || (!r.Backward && len(r.After) > 0) {
		p.PrevCursor = r.encode(key(rows[0]), true)
	}
	return p
}

func (r Request) encode(key []string, backward bool) string {
	raw, _ := json.Marshal(cursor{Stamp: r.stamp, Key: key, Backward: backward}) // strings always marshal
	return base64.RawURLEncoding.EncodeToString(raw)
}
