package cloudevent

import (
	"fmt"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/engine"
)

// BatchProgress is what batch.progress says: how far a batch is. Actor is who has made it.
type BatchProgress struct {
	ID     engine.ID `json:"batchId"`
	Kind   string    `json:"kind"`
	State  string    `json:"state"`
	Total  int       `json:"total"`
	Done   int       `json:"done"`
	Failed int       `json:"failed"`
	Actor  string    `json:"actor"`
}

// Progress returns the event of a batch whose progress has a revision. Its id is the batch and the revision,
// so that a resend is a duplicate; sequence orders the events of one batch.
func Progress(source string, p BatchProgress, revision int64, at time.Time) (event.Event, error) {
	e := event.New(event.CloudEventsVersionV1)
	e.SetID(fmt.Sprintf("%s/%d", p.ID, revision))
	e.SetSource(source)
	e.SetType(TypeBatchProgress)
	e.SetTime(at)
	e.SetSubject("batches/" + p.ID.String())
	e.SetExtension("partitionkey", p.ID.String())
	e.SetExtension("sequence", fmt.Sprintf("%010d.%03d", revision, 1))
	err := e.SetData(event.ApplicationJSON, p)
	return e, err
}
