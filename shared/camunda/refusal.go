package camunda

import (
	"errors"
	"net/http"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/form"
)

// formFailed words what goes wrong when a form is submitted or something is started or completed. A text that is no
// number has Java's name for it.
func formFailed(err error, prefix string) error {
	if errors.Is(err, engine.ErrForm) {
		for _, d := range fault.From(err).Details {
			if d.Code == engine.NotWhole {
				return As(err, http.StatusInternalServerError, "NumberFormatException", prefix)
			}
		}
	}
	if errors.Is(err, form.ErrSubmission) {
		for _, d := range fault.From(err).Details[:1] {
			prefix += d.Pointer + ": " + d.Detail + " "
		}
		return As(err, http.StatusBadRequest, "FormFieldValidationException", prefix)
	}
	return failed(err, prefix)
}

// onSuspended names the refusal to touch what is suspended as Camunda does.
func onSuspended(err error) error {
	if !errors.Is(err, engine.ErrSuspended) {
		return err
	}
	return As(err, http.StatusBadRequest, "SuspendedEntityInteractionException", "")
}

// nullValue is the refusal of something that was left out.
func nullValue(what string) *Error {
	return &Error{Status: http.StatusInternalServerError, Type: "NullValueException", Message: what + " is null"}
}

// engineRefuses is the refusal of a value by the engine, not by its REST API.
func engineRefuses(message string) *Error {
	return &Error{Status: http.StatusInternalServerError, Type: engineException, Message: message}
}

// setJob words a failure to change a job: to Camunda that is one of the engine.
func setJob(err error, id string) error {
	if err = goneJob(err, id); err != nil {
		return As(err, http.StatusInternalServerError, invalidRequest, "")
	}
	return nil
}

// failedNode is where what an incident is about has failed.
func (x scene) failedNode(i engine.Incident) string {
	if j := x.Instance.Job(i.Job); j != nil && j.FailedNode != "" {
		return j.FailedNode
	}
	if t := x.Timer(i.Job); t != nil {
		return t.FailedNode
	}
	return i.Node
}
