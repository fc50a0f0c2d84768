package cloudevent

import (
	"encoding/base64"
	"strings"
)

// The attributes that Knative adds to an event that goes to a dead letter sink.
const (
	failedAt     = "knativeerrordest"
	failedStatus = "knativeerrorcode"
	failedAnswer = "knativeerrordata"
)

// Failure is why a broker gave an event up, as the event itself says: who was to take it, the status of
// the last answer and the beginning of its body. What the broker does not know is empty.
type Failure struct{ Destination, Status, Answer string }

// Failure reads what Knative has added to the event.
func (r *Received) Failure() Failure {
	f := Failure{extension(&r.Event, failedAt), extension(&r.Event, failedStatus), extension(&r.Event, failedAnswer)}
	if text, err := base64.StdEncoding.DecodeString(f.Answer); err == nil {
		f.Answer = strings.ToValidUTF8(string(text), "�")
	}
	return f
}

// Signed returns when the event was sent, as its sender wrote it: two deliveries of one event differ in
// it.
func (r *Received) Signed() string { return extension(&r.Event, SignedAttribute) }
