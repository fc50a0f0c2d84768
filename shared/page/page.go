// Package page reads the paging parameters of a list request and writes keyset cursors: a page
// begins after the last row of the one before, never at an offset.
package page

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// DefaultLimit and MaxLimit bound the rows of one page.
const (
	DefaultLimit = 20
	MaxLimit     = 100
)

// Error says which parameter of a list request is wrong: Code is one of bad_limit, bad_sort,
// bad_cursor and unknown_parameter. All are the caller's (400).
type Error struct {
	Parameter string
	Code      string
	Message   string
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// List describes a list to Parse: its name, the columns a caller may sort by (the first is the
// default; a leading "-" means descending), and the names of its filters.
type List struct {
	Name    string
	Sorts   []string
	Filters []string
}

// Request is a checked list request.
type Request struct {
	Limit      int
	Sort       string // a name of List.Sorts without its sign
	Descending bool
	After      []string // key of the row to continue from, empty on the first page
	Backward   bool     // the page before After is wanted
	Count      bool     // ?count=true
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
// name: a cursor is bound to the list, its filters, its sort and its principal. The error is
// always an *Error.
func Parse(query url.Values, list List, who string) (Request, error) {
	r := Request{Limit: DefaultLimit, Count: query.Get("count") == "true"}
	for name := range query {
		if !slices.Contains([]string{"limit", "sort", "cursor", "count"}, name) && !slices.Contains(list.Filters, name) {
			return r, &Error{name, "unknown_parameter", "The list has no such parameter."}
		}
	}
	if text := query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > MaxLimit {
			return r, &Error{"limit", "bad_limit", "limit is a number from 1 to 100."}
		}
		r.Limit = n
	}
	if err := r.sort(query.Get("sort"), list); err != nil {
		return r, err
	}
	r.stamp = stamp(query, list, r, who)
	return r, r.resume(query.Get("cursor"))
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
	for _, name := range list.Filters {
		h.Write([]byte(name + "\x00" + strings.Join(query[name], "\x01") + "\x00"))
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
