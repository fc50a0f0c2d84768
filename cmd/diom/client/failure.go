package client

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"diom.io/workflow/shared/excerpt"
	"diom.io/workflow/shared/fault"
)

// The exit codes of diom.
const (
	ExitProblem     = 1 // the installation refused, or the command failed
	ExitUsage       = 2 // the command line is wrong
	ExitUnreachable = 3 // nobody answers, or there is no log-in that is still good
	ExitInterrupted = 130
)

// errInterrupted: the person at the terminal has had enough.
var errInterrupted = errors.New("interrupted")

// usageError is a command line that cannot be meant.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, arguments ...any) error {
	return &usageError{fmt.Sprintf(format, arguments...)}
}

// Usage marks err as a fault of the command line.
func Usage(err error) error {
	if err == nil {
		return nil
	}
	return &usageError{err.Error()}
}

// Unreachable marks err as one that kept a command from its work: nothing is said of what it would have found.
func Unreachable(text string, err error) error { return &unreachable{text, err} }

// unreachable is an installation that does not answer, or does not know the caller.
type unreachable struct {
	text string
	err  error
}

func (e *unreachable) Error() string {
	if e.err == nil {
		return e.text
	}
	return e.text + ": " + e.err.Error()
}

func (e *unreachable) Unwrap() error { return e.err }

// ExitCode returns what diom exits with after err.
func ExitCode(err error) int {
	var usage *usageError
	var away *unreachable
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errInterrupted):
		return ExitInterrupted
	case errors.As(err, &usage):
		return ExitUsage
	case errors.As(err, &away):
		return ExitUnreachable
	}
	return ExitProblem
}

// problem is an error answer of the API (RFC 9457), as it came and as it is read.
type problem struct {
	Title      string         `json:"title"`
	Status     int            `json:"status"`
	Detail     string         `json:"detail"`
	Code       string         `json:"code"`
	TraceID    string         `json:"traceId"`
	Errors     []fault.Detail `json:"errors"`
	RetryAfter int            `json:"retryAfter"`

	raw   []byte
	files map[string]string // paths of deployed files by their names
}

// problemOf reads an error answer; one that is no problem document tells what it can.
func problemOf(a answer) *problem {
	p := &problem{}
	if err := json.Unmarshal(a.body, p); err != nil || p.Code == "" {
		p = &problem{Title: http.StatusText(a.status), Detail: excerpt.Of(strings.TrimSpace(string(a.body)), 300)}
		if to := a.header.Get("Location"); to != "" {
			p.Detail = "The address redirects to " + to + "; give that one."
		}
	}
	p.Status = a.status
	p.raw = a.body
	p.TraceID = cmp.Or(p.TraceID, a.trace())
	return p
}

// Error returns the lines that people read.
func (p *problem) Error() string {
	var b strings.Builder
	b.WriteString(clean(p.Title))
	if p.Code != "" {
		b.WriteString(" (" + clean(p.Code) + ")")
	} else {
		fmt.Fprintf(&b, " (status %d)", p.Status)
	}
	if p.Detail != "" {
		b.WriteString(": " + clean(p.Detail))
	}
	for _, d := range p.Errors {
		b.WriteString("\n  " + finding(d, p.files))
	}
	if p.TraceID != "" {
		b.WriteString("\n  trace " + clean(p.TraceID))
	}
	return b.String()
}

// finding is one detail: where, what, and what to do. A place in a deployed file is file:line.
func finding(d fault.Detail, files map[string]string) string {
	var parts []string
	name, inFile := strings.CutPrefix(d.Pointer, "/resources/")
	switch {
	case inFile && d.Line > 0:
		parts = append(parts, fmt.Sprintf("%s:%d", cmp.Or(files[name], name), d.Line))
	case inFile:
		parts = append(parts, cmp.Or(files[name], name))
	case d.Line > 0 && len(files) == 1:
		for _, path := range files {
			parts = append(parts, fmt.Sprintf("%s:%d", path, d.Line))
		}
	case d.Line > 0:
		parts = append(parts, fmt.Sprintf("line %d", d.Line))
	case d.Pointer != "":
		parts = append(parts, d.Pointer)
	}
	if about := strings.TrimSpace(d.Element + " " + quoted(d.Name)); about != "" {
		parts = append(parts, about)
	}
	parts = append(parts, strings.TrimSpace(cmp.Or(d.Detail, d.Code)+" ["+cmp.Or(d.Rule, d.Code)+"]"))
	line := strings.Join(parts, ": ")
	if d.Fix != "" {
		line += " " + d.Fix
	}
	return clean(line)
}

func quoted(name string) string {
	if name == "" {
		return ""
	}
	return "“" + name + "”"
}

// Report tells people, or with --json programs, what went wrong.
func Report(w io.Writer, asJSON bool, err error) {
	var p *problem
	if asJSON && errors.As(err, &p) && json.Valid(p.raw) {
		fmt.Fprintln(w, strings.TrimRight(string(p.raw), "\n"))
		return
	}
	fmt.Fprintln(w, paint(w, red, "diom:")+" "+err.Error())
}
