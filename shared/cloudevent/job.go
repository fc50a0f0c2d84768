package cloudevent

import (
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/engine"
)

// JobRequest is the data of job.requested: a job with all that its receiver needs to do it. WorkerID is
// the name under which the product holds it, for the routes by which a result may come later.
type JobRequest struct {
	JobID       engine.ID        `json:"jobId"`
	Topic       string           `json:"topic"`
	WorkerID    string           `json:"workerId"`
	InstanceID  engine.ID        `json:"instanceId"`
	ProcessKey  string           `json:"processKey"`
	BusinessKey string           `json:"businessKey,omitempty"`
	NodeID      string           `json:"nodeId"`
	Retries     int              `json:"retries"`
	Variables   engine.Variables `json:"variables"`
}

// Requested returns the event by which a job is handed to its receiver. Its id is the job's: the same id
// again is another attempt at the same work. at is when the job was created.
func Requested(source string, j JobRequest, at time.Time) (event.Event, error) {
	e := event.New(event.CloudEventsVersionV1)
	e.SetID(j.JobID.String())
	e.SetSource(source)
	e.SetType(TypeJobRequested)
	e.SetTime(at)
	e.SetSubject("instances/" + j.InstanceID.String())
	e.SetExtension("partitionkey", j.InstanceID.String())
	e.SetExtension("diomprocess", j.ProcessKey)
	if j.BusinessKey != "" {
		e.SetExtension(businessKey, j.BusinessKey)
	}
	err := e.SetData(event.ApplicationJSON, j)
	return e, err
}
