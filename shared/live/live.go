// Package live tells those who are looking what has just happened. Whatever consumes an event of the product
// publishes it in a stream of Redis, with whom it may be told to; the gateways read that stream, and pass on
// to each of their callers what is for him.
//
// What is told are ids: who sees one asks the API again, where the authorisation is. Nothing here is a source
// of truth, and nothing waits for it: while nobody looks, nothing is written; without Redis there are no
// streams, and callers ask from time to time as they did before.
package live

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"diom.io/workflow/shared/cache"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
)

// The types of what is told.
const (
	TaskCreated         = "task.created"         // a task is there, or another person has it
	TaskCompleted       = "task.completed"       // a task has ended in one way or another
	NotificationCreated = "notification.created" // the caller has a notification
	InstanceUpdated     = "instance.updated"     // an instance has started, ended, or been changed
	IncidentCreated     = "incident.created"     // something failed
	BatchProgress       = "batch.progress"       // a batch has gone on
	Reset               = "stream.reset"         // something may have been missed: read again what is shown
)

// Why there is no stream.
var (
	ErrUnavailable = fault.New(fault.Unavailable, "stream_unavailable", "There are no live events at the moment. Ask for the lists every few seconds, and try again later.").After(15 * time.Second)
	ErrTooMany     = fault.New(fault.Busy, "too_many_streams", "There are too many streams. Close one, or ask for the lists every few seconds.").After(15 * time.Second)
)

const (
	stream  = "diom:live"         // the entries
	watched = "diom:live:watched" // there while a gateway has callers

	keep     = 10_000           // entries that a caller who comes back may be told
	backlog  = 1_000            // entries that he is told at once; with more he is told to read again
	life     = time.Minute      // of watched
	renewed  = 10 * time.Second // how often a gateway says that it has callers
	patience = time.Second      // of one look at the stream
	buffer   = 512              // entries that a caller may be behind
)

// Data says what an event is about. Fields that are zero are absent.
type Data struct {
	InstanceID     engine.ID `json:"instanceId,omitzero"`
	ProcessKey     string    `json:"processKey,omitempty"`
	TaskID         engine.ID `json:"taskId,omitzero"`
	IncidentID     engine.ID `json:"incidentId,omitzero"`
	BatchID        engine.ID `json:"batchId,omitzero"`
	NotificationID engine.ID `json:"notificationId,omitzero"`
}

// Event is what happened and who may be told: persons by name, the members of groups and roles, those who
// see everything (Seers), and persons who are told of something of their own.
type Event struct {
	ID         string               `json:"-"`
	Type       string               `json:"type"`
	Data       Data                 `json:"data"`
	Users      []string             `json:"users,omitempty"`
	Identities []string             `json:"identities,omitempty"`
	Seers      bool                 `json:"seers,omitempty"`
	Own        map[string]engine.ID `json:"own,omitempty"` // the notification of each person
}

// Viewer is who looks.
type Viewer struct {
	Username   string
	Identities []string // keys of groups and codes of roles
	SeesAll    bool
}

// For returns what a viewer is told of an event, and whether it is for him.
func (e Event) For(v Viewer) (Data, bool) {
	if own, his := e.Own[v.Username]; his {
		return Data{NotificationID: own}, true
	}
	return e.Data, e.Type == Reset || e.Seers && v.SeesAll || slices.Contains(e.Users, v.Username) ||
		slices.ContainsFunc(e.Identities, func(i string) bool { return slices.Contains(v.Identities, i) })
}

// Limits bound the streams of one process, and of one person there.
type Limits struct{ All, Person int }

// Feed publishes events and reads them. It is safe for concurrent use; a nil Feed publishes nothing.
type Feed struct {
	// Before, where it is set, is called before anything is told: what happened can be read when it returns. It is set
	// before the Feed is used.
	Before func(context.Context)

	cache *cache.Client
	lost  atomic.Bool // an event could not be published

	mutex     sync.Mutex
	streams   map[*Stream]struct{}
	persons   map[string]int
	following bool
	at        string // the newest entry that was handed on
	done      sync.WaitGroup
	ctx       context.Context //nolint:containedctx // ends the goroutine that Open begins
	stop      context.CancelFunc
}

// New returns a Feed over Redis. It does nothing before its first use.
func New(c *cache.Client) *Feed {
	ctx, stop := context.WithCancel(context.Background())
	return &Feed{cache: c, streams: map[*Stream]struct{}{}, persons: map[string]int{}, ctx: ctx, stop: stop}
}

// Watched reports whether anybody looks at the moment: who publishes need not find out for nothing who may
// be told. A caller who gets an answer from Open is seen by the next call.
func (f *Feed) Watched(ctx context.Context) bool {
	if f == nil {
		return false
	}
	looks, err := f.cache.Exists(ctx, watched)
	if err != nil {
		f.lost.Store(true)
	}
	return looks
}

// Publish tells events to those who look. What cannot be told is made good by telling everybody, as soon as
// that is possible, to read again.
func (f *Feed) Publish(ctx context.Context, events ...Event) {
	if f == nil {
		return
	}
	if f.Before != nil {
		f.Before(ctx)
	}
	if f.lost.Load() && f.append(ctx, Event{Type: Reset}) == nil {
		f.lost.Store(false)
	}
	for _, e := range events {
		if f.append(ctx, e) != nil {
			f.lost.Store(true)
			return
		}
	}
}

func (f *Feed) append(ctx context.Context, e Event) error {
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return f.cache.Append(ctx, stream, text, keep)
}

// Close ends all streams and what reads for them.
func (f *Feed) Close() {
	if f == nil {
		return
	}
	f.stop()
	f.mutex.Lock()
	f.closeAll(Shutdown)
	f.mutex.Unlock()
	f.done.Wait()
}
