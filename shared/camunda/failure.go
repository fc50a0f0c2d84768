package camunda

import (
	"errors"
	"fmt"
	"net/http"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// Error is a failure as Camunda answers it: the simple name of a Java exception, and a text. Status is
// that of the answer.
type Error struct {
	Status  int                `json:"-"`
	Type    string             `json:"type"`
	Message string             `json:"message"`
	Code    int                `json:"code"`
	Details map[string]*Report `json:"details,omitempty"`

	Validation *MigrationReport `json:"validationReport,omitempty"`

	cause error
}

// Report is what is wrong with one file of a deployment.
type Report struct {
	Errors   []Problem `json:"errors"`
	Warnings []Problem `json:"warnings"`
}

// Problem is one thing that is wrong with a file.
type Problem struct {
	Message    string   `json:"message"`
	Line       int      `json:"line"`
	Column     int      `json:"column"`
	Element    *string  `json:"mainElementId"`
	ElementIDs []string `json:"elementIds"`
}

// Error returns the message.
func (e *Error) Error() string { return e.Type + ": " + e.Message }

// Unwrap returns the failure of the product that was behind it, or nil.
func (e *Error) Unwrap() error { return e.cause }

// The names of exceptions.
const (
	invalidRequest  = "InvalidRequestException"
	restException   = "RestException"
	engineException = "ProcessEngineException"
	notValid        = "NotValidException"
)

// BadRequest is a request that cannot be read (400 InvalidRequestException).
func BadRequest(format string, arguments ...any) *Error {
	return &Error{Status: http.StatusBadRequest, Type: invalidRequest, Message: fmt.Sprintf(format, arguments...)}
}

// Reason words an error of encoding/json.
func Reason(err error) string {
	var own *Error
	if errors.As(err, &own) {
		return own.Message
	}
	return "Cannot read the JSON of the request: " + err.Error()
}

// NotFound is what is not there (404 InvalidRequestException).
func NotFound(format string, arguments ...any) *Error {
	return &Error{Status: http.StatusNotFound, Type: invalidRequest, Message: fmt.Sprintf(format, arguments...)}
}

// NotImplemented is what this product does not do (501).
func NotImplemented(what string) *Error {
	return &Error{Status: http.StatusNotImplemented, Type: restException, Message: what + " is not implemented by this engine"}
}

// As gives a failure another status and a text before its own, where Camunda answers a route in a way of
// its own; a failure that is not the caller's or the process's stays as it is.
func As(err error, status int, kind, prefix string) error {
	switch fault.KindOf(err) {
	case fault.Unauthorized, fault.Forbidden, fault.Busy, fault.Unavailable, fault.TooLarge:
		return err
	case fault.Internal:
		if fault.From(err) == nil && !errors.As(err, new(*Error)) {
			return err
		}
	}
	return &Error{Status: status, Type: kind, Message: prefix + Failure(err).Message, cause: err}
}

// failed gives what goes wrong in a command the name and the status with which Camunda answers most routes that start
// or complete something: 500 RestException.
func failed(err error, prefix string) error {
	if err == nil {
		return nil
	}
	return As(err, http.StatusInternalServerError, restException, prefix)
}

// Unknown makes a failure that something is not there one of another status: Camunda answers some of its
// routes with 500 then.
func Unknown(err error, status int, prefix string) error {
	if fault.KindOf(err) != fault.NotFound {
		return err
	}
	return As(err, status, restException, prefix)
}

// Failure describes an error as Camunda does (ExceptionHandlerHelper): what is wrong with the request is
// 400, what is not there 404, what the state of the process does not allow and what goes wrong within it
// is 500.
func Failure(err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	f := fault.From(err)
	if f == nil {
		return &Error{Status: http.StatusInternalServerError, Type: engineException, Message: "Something went wrong."}
	}
	e := &Error{Status: f.Kind.Status(), Type: restException, Message: f.Message}
	for _, d := range f.Details {
		if d.Detail != "" && d.Detail != f.Message && len(f.Details) == 1 {
			e.Message += " " + d.Detail
		}
	}
	switch {
	case errors.Is(err, bpmn.ErrModel) || errors.Is(err, store.ErrMessageTaken):
		parseFailure(e, f)
	case errors.Is(err, workflow.ErrNoSubscription) || errors.Is(err, workflow.ErrAmbiguous):
		e.Status, e.Type = http.StatusBadRequest, "MismatchingMessageCorrelationException"
	case errors.Is(err, store.ErrJobLock) || errors.Is(err, workflow.ErrJobNotLocked):
		e.Status, e.Type = http.StatusBadRequest, restException
	default:
		byKind(e, f.Kind)
	}
	return e
}

func byKind(e *Error, kind fault.Kind) {
	switch kind {
	case fault.Malformed, fault.Invalid, fault.Precondition:
		e.Status, e.Type = http.StatusBadRequest, invalidRequest
	case fault.Forbidden:
		e.Type = "AuthorizationException"
	case fault.Unauthorized:
		e.Type = "AuthenticationException"
	case fault.NotFound:
		e.Type = invalidRequest
	case fault.Conflict, fault.Stale, fault.Internal:
		e.Status, e.Type = http.StatusInternalServerError, engineException
	}
}

// parseFailure lists what is wrong with the files of a deployment.
func parseFailure(e *Error, f *fault.Error) {
	e.Status, e.Type, e.Details = http.StatusBadRequest, "ParseException", map[string]*Report{}
	for _, d := range f.Details {
		name := resourceOf(d.Pointer)
		r := e.Details[name]
		if r == nil {
			r = &Report{Errors: []Problem{}, Warnings: []Problem{}}
			e.Details[name] = r
		}
		r.Errors = append(r.Errors, problem(d))
		e.Message += " " + d.Detail + "."
	}
}

func problem(d fault.Detail) Problem {
	p := Problem{Message: d.Detail, Line: d.Line, Element: pointer(d.Element), ElementIDs: []string{}}
	if d.Element != "" {
		p.ElementIDs = append(p.ElementIDs, d.Element)
	}
	return p
}

const resources = "/resources/"

func resourceOf(pointer string) string {
	if len(pointer) > len(resources) && pointer[:len(resources)] == resources {
		return pointer[len(resources):]
	}
	return pointer
}
