package camunda

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Query is what a list is asked for: the parameters of a GET or the JSON of a POST. Count says that only
// the number is wanted.
type Query struct {
	values map[string]any
	Count  bool
}

// ParseQuery reads the parameters of a URL.
func ParseQuery(values url.Values) Query {
	q := Query{values: make(map[string]any, len(values))}
	for name := range values {
		q.values[name] = values.Get(name)
	}
	return q
}

// ParseBody reads the JSON of a query on top of the parameters of the URL, which page it.
func (q Query) ParseBody(body []byte) (Query, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return q, nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&q.values); err != nil {
		return q, BadRequest("The body is not a JSON object: %v", err)
	}
	return q, nil
}

// Has reports whether a parameter is given.
func (q Query) Has(name string) bool { return q.values[name] != nil && q.values[name] != "" }

// Text returns a parameter as a text, "" where it is absent.
func (q Query) Text(name string) string {
	switch v := q.values[name].(type) {
	case nil:
		return ""
	case string:
		return v
	case []any:
		return strings.Join(q.List(name), ",")
	default:
		return fmt.Sprint(v)
	}
}

// List returns a parameter that has several values: an array, or a text with commas.
func (q Query) List(name string) []string {
	switch v := q.values[name].(type) {
	case nil:
		return nil
	case []any:
		list := make([]string, 0, len(v))
		for _, one := range v {
			list = append(list, fmt.Sprint(one))
		}
		return list
	default:
		return strings.Split(q.Text(name), ",")
	}
}

// Flag reports whether a parameter is true.
func (q Query) Flag(name string) bool { return q.Text(name) == "true" }

// Number returns a parameter as a whole number, or other where it is absent or none.
func (q Query) Number(name string, other int) int {
	n, err := strconv.Atoi(q.Text(name))
	if err != nil {
		return other
	}
	return n
}

// is reports whether a parameter is absent or is the value.
func (q Query) is(name, value string) bool { return !q.Has(name) || q.Text(name) == value }

// in reports whether a parameter is absent or has the value among its own.
func (q Query) in(name, value string) bool {
	return !q.Has(name) || slices.Contains(q.List(name), value)
}

// inAnyCase is as in, with letters of either case.
func (q Query) inAnyCase(name, value string) bool {
	return !q.Has(name) || slices.ContainsFunc(q.List(name), func(one string) bool { return strings.EqualFold(one, value) })
}

// notIn is the contrary of in.
func (q Query) notIn(name, value string) bool {
	return !q.Has(name) || !slices.Contains(q.List(name), value)
}

// like reports whether a parameter is absent or a pattern of SQL that the value matches. No pattern matches what
// is not there.
func (q Query) like(name, value string) bool {
	return !q.Has(name) || value != "" && like(q.Text(name), value)
}

// like matches % and _ as SQL does, in any case of letters as Camunda's databases do not: exactly.
func like(pattern, value string) bool {
	p, v := []rune(pattern), []rune(value)
	i, star, mark := 0, -1, 0 // star is the last % seen, which has taken what is before mark
	for j := 0; j < len(v); {
		switch {
		case i < len(p) && p[i] == '%':
			star, mark = i, j
			i++
		case i < len(p) && (p[i] == '_' || p[i] == v[j]):
			i++
			j++
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(string(p[i:]), "%") == ""
}

// holds reports whether a flag is not set or the condition is true.
func (q Query) holds(name string, condition bool) bool { return !q.Flag(name) || condition }

// equal reports whether a flag, true or false, is absent or has the value.
func (q Query) equal(name string, value bool) bool {
	return !q.Has(name) || q.Text(name) == strconv.FormatBool(value)
}

// before reports whether a date parameter is absent or later than at; a zero time is never before one.
func (q Query) before(name string, at time.Time) bool {
	limit, given := q.date(name)
	return !given || !at.IsZero() && at.Before(limit)
}

// after is as before.
func (q Query) after(name string, at time.Time) bool {
	limit, given := q.date(name)
	return !given || !at.IsZero() && at.After(limit)
}

// on reports whether a date parameter is absent or that very time.
func (q Query) on(name string, at time.Time) bool {
	limit, given := q.date(name)
	return !given || at.Truncate(time.Millisecond).Equal(limit)
}

func (q Query) date(name string) (time.Time, bool) {
	if !q.Has(name) {
		return time.Time{}, false
	}
	at, err := ParseDate(q.Text(name))
	return at, err == nil
}

// around holds the parameters nameBefore, nameAfter and nameOn.
func (q Query) around(name string, at time.Time) bool {
	return q.before(name+"Before", at) && q.after(name+"After", at) && q.on(name+"On", at) && q.on(name+"Date", at)
}

// sorts are the names that a list may be sorted by, and how two items compare.
type sorts[T any] map[string]func(a, b T) int

// finish sorts a list as the query says and cuts out the wanted stretch; total is the length before.
func finish[T any](q Query, list []T, by sorts[T]) (items []T, total int, err error) {
	total = len(list)
	if q.Count {
		return nil, total, nil
	}
	if err := arrange(q, list, by); err != nil {
		return nil, 0, err
	}
	first := min(max(q.Number("firstResult", 0), 0), total)
	last := total
	if n := q.Number("maxResults", -1); n >= 0 {
		last = min(first+n, total)
	}
	if list == nil {
		list = []T{}
	}
	return list[first:last], total, nil
}

type sorting struct{ by, order string }

func (q Query) sorting() []sorting {
	var list []sorting
	if several, ok := q.values["sorting"].([]any); ok {
		for _, one := range several {
			if m, ok := one.(map[string]any); ok {
				by, _ := m["sortBy"].(string)
				order, _ := m["sortOrder"].(string)
				list = append(list, sorting{by, order})
			}
		}
	}
	if q.Has("sortBy") || q.Has("sortOrder") {
		list = append(list, sorting{q.Text("sortBy"), q.Text("sortOrder")})
	}
	return list
}

func arrange[T any](q Query, list []T, by sorts[T]) error {
	wanted := q.sorting()
	for _, s := range wanted {
		switch {
		case s.by == "" || s.order == "":
			return BadRequest("Only a single sorting parameter specified. sortBy and sortOrder required")
		case by[s.by] == nil:
			return BadRequest("Cannot set query parameter 'sortBy' to value '%s'", s.by)
		case s.order != "asc" && s.order != "desc":
			return BadRequest("Cannot set query parameter 'sortOrder' to value '%s'", s.order)
		}
	}
	slices.SortStableFunc(list, func(a, b T) int {
		for _, s := range wanted {
			c := by[s.by](a, b)
			if s.order == "desc" {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
	return nil
}

// Count is the answer to a question for a number.
type Count struct {
	Count int `json:"count"`
}
