// Package fault classifies failures: what each kind means to a caller (an HTTP status) and to a
// broker (a verdict), and the stable codes that a console translates.
//
// A sentinel is a kind, a code and a message, declared beside the use case that returns it:
//
//	var ErrTaskNotFound = fault.New(fault.NotFound, "task_not_found", "There is no such task.")
//
// Wrap only to name the object: fmt.Errorf("task %s: %w", id, ErrTaskNotFound). An error that is
// not a *fault.Error is Internal and tells the caller nothing but a trace id.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind is the class of a failure. The zero value is Internal, so that what nobody classified is
// never shown to a caller.
type Kind uint8

// The kinds, in the order of the table below.
const (
	Internal Kind = iota
	Malformed
	Unauthorized
	Forbidden
	NotFound
	Conflict
	Stale
	TooLarge
	Invalid
	Precondition
	Busy
	Unavailable
)

// Verdict is what an event route tells the broker about an event that failed with a kind.
type Verdict uint8

// Reject sends the event to the dead letter (422 on every event route: Knative would retry 404 and
// 409); Acknowledge says that the effect is already there; Retry asks for redelivery.
const (
	Reject Verdict = iota
	Acknowledge
	Retry
)

type meaning struct {
	name    string
	status  int
	verdict Verdict
}

// kinds is the one table of what a kind means.
var kinds = [...]meaning{
	Internal:     {"internal", 500, Retry},
	Malformed:    {"malformed", 400, Reject},
	Unauthorized: {"unauthorized", 401, Reject},
	Forbidden:    {"forbidden", 403, Reject},
	NotFound:     {"not_found", 404, Reject},
	Conflict:     {"conflict", 409, Acknowledge},
	Stale:        {"stale", 412, Reject},
	TooLarge:     {"too_large", 413, Reject},
	Invalid:      {"invalid", 422, Reject},
	Precondition: {"precondition", 428, Reject},
	Busy:         {"busy", 429, Retry},
	Unavailable:  {"unavailable", 503, Retry},
}

// Kinds lists every kind, for the generated documentation.
func Kinds() []Kind {
	list := make([]Kind, len(kinds))
	for i := range kinds {
		list[i] = Kind(i)
	}
	return list
}

// String returns the name of the kind in lower case, as in docs/errors.md.
func (k Kind) String() string { return kinds[k].name }

// Status returns the HTTP status code of the kind.
func (k Kind) Status() int { return kinds[k].status }

// Verdict returns what an event route tells the broker.
func (k Kind) Verdict() Verdict { return kinds[k].verdict }

// Detail is one problem of a request that has several: a field of a JSON body (Pointer, RFC 6901)
// or an element of a deployed model (Element, Line, Rule, Fix).
type Detail struct {
	Pointer string `json:"pointer,omitempty"`
	Code    string `json:"code,omitempty"`
	Detail  string `json:"detail,omitempty"`
	Element string `json:"element,omitempty"`
	Name    string `json:"name,omitempty"`
	Line    int    `json:"line,omitempty"`
	Rule    string `json:"rule,omitempty"`
	Fix     string `json:"fix,omitempty"`
	// Path shows how a model comes to the problem: ids of flow nodes and sequence flows in order.
	Path []string `json:"path,omitempty"`
}

// Error is a classified failure. Code is stable and listed in docs/errors.md; Message is English
// text for people; Details may be empty; RetryAfter is zero unless the caller should wait.
type Error struct {
	Kind       Kind
	Code       string
	Message    string
	Details    []Detail
	RetryAfter time.Duration
	verdict    *Verdict
	precise    bool
	elsewhere  bool
}

// New returns a sentinel.
func New(kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message}
}

// Error returns the code and the message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Is reports whether target is a fault with the same code, so that errors.Is finds a sentinel
// behind the copies that With, Withf and After make.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// With returns a copy of e that carries details.
func (e *Error) With(details ...Detail) *Error {
	c := *e
	c.Details = append(append([]Detail(nil), e.Details...), details...)
	return &c
}

// Withf returns a copy of e with a more precise message.
func (e *Error) Withf(format string, arguments ...any) *Error {
	c := *e
	c.Message, c.precise = fmt.Sprintf(format, arguments...), true
	return &c
}

// Explain returns the message in English, or in Chinese. What was made more precise stands behind the Chinese
// sentence of the code as it is.
func (e *Error) Explain(inChinese bool) string {
	text := Chinese(e.Code)
	switch {
	case !inChinese || text == "":
		return e.Message
	case e.precise:
		return text + "（" + e.Message + "）"
	}
	return text
}

// After returns a copy of e that tells the caller to wait for d.
func (e *Error) After(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// Verdicted returns a copy of e whose verdict for events differs from its kind's.
func (e *Error) Verdicted(v Verdict) *Error {
	c := *e
	c.verdict = &v
	return &c
}

// Elsewhere returns a copy of e, which is Unavailable, that is the matter of a few requests: what they need from another
// system is away, or people have switched it off. The function is well, and whoever asks it for something else is answered.
func (e *Error) Elsewhere() *Error {
	c := *e
	c.elsewhere = true
	return &c
}

// IsElsewhere reports whether err is a failure of what a few requests need, and not of the function.
func IsElsewhere(err error) bool {
	e := From(err)
	return e != nil && e.elsewhere
}

// From returns the fault in err's chain, or nil when there is none.
func From(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// KindOf returns the kind of err; an unclassified error is Internal.
func KindOf(err error) Kind {
	if e := From(err); e != nil {
		return e.Kind
	}
	return Internal
}

// VerdictOf returns what an event route tells the broker about err.
func VerdictOf(err error) Verdict {
	e := From(err)
	if e == nil {
		return Internal.Verdict()
	}
	if e.verdict != nil {
		return *e.verdict
	}
	return e.Kind.Verdict()
}
