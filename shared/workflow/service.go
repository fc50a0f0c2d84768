// Package workflow holds the use cases that run processes: deploy, start, complete a task, claim,
// cancel, retry. Each that touches an instance is one command through Execute.
package workflow

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/maypok86/otter/v2"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/bucket"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/lock"
	"diom.io/workflow/shared/setting"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/telemetry"
)

// maxCached bounds the compiled definitions that a process keeps.
const maxCached = 1000

// Service holds the use cases. It is safe for concurrent use.
type Service struct {
	store    *store.Store
	lock     *lock.Locker
	location *time.Location
	relay    *Relay
	code     Code

	// ByHand leaves continuations and timers to those who run them by RunJob; Tick does not. It is set before
	// the first use.
	ByHand bool
	// Clock tells the time of the steps; nil is that of the machine. It is set before the first use, by those who
	// write a history that has happened before.
	Clock func() time.Time
	// Settings are what an administrator has set; it may be nil, and is set before the first use.
	Settings *setting.Live

	// Metrics are those of the process; where it is not set, ones that nobody reads. It is set before the first use.
	Metrics *telemetry.Metrics

	// Bucket opens where the contents of attachments and files are kept; nil keeps them in the database. It is set before
	// the first use.
	Bucket func() (*bucket.Bucket, error)

	// Archive opens where instances are written to before they are deleted for their age; nil deletes them so. It is set
	// before the first use.
	Archive func() (*bucket.Bucket, error)

	// KnowDelegations is for how long the delegations that were read are taken for all, 0 is two seconds.
	KnowDelegations time.Duration

	definitions *otter.Cache[engine.ID, *definition]
	latest      *otter.Cache[string, *definition]
	decisions   *otter.Cache[engine.ID, *decision]
	forms       *otter.Cache[engine.ID, *deployedForm]
	delegations *delegations
	lookout     lookout
	setbacks    setbacks
	stuck       stuck
	mail        bool // there is a mail server
}

// definition is a deployed version with its compiled process. The process never changes; Latest and
// Suspended may, so a start is guarded in its transaction.
type definition struct {
	store.Definition
	process *bpmn.Process
}

// New returns a Service. relay may be nil: then events wait in the outbox for another process.
func New(st *store.Store, l *lock.Locker, location *time.Location, relay *Relay) *Service {
	return &Service{
		store: st, lock: l, location: location, relay: relay, delegations: newDelegations(), Metrics: telemetry.Unread(),
		definitions: otter.Must(&otter.Options[engine.ID, *definition]{MaximumSize: maxCached}),
		latest:      otter.Must(&otter.Options[string, *definition]{MaximumSize: maxCached}),
		decisions:   otter.Must(&otter.Options[engine.ID, *decision]{MaximumSize: maxCached}),
		forms:       otter.Must(&otter.Options[engine.ID, *deployedForm]{MaximumSize: maxCached}),
	}
}

// newID returns a fresh UUIDv7.
func newID() engine.ID { return engine.ID(uuid.Must(uuid.NewV7())) }

// instant is the present as a DATETIME(3) column keeps it.
func instant() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// instant is the present by the clock of the service.
func (s *Service) instant() time.Time {
	if s.Clock == nil {
		return instant()
	}
	return s.Clock().UTC().Truncate(time.Millisecond)
}

// newID returns a fresh UUIDv7 of the present by the clock of the service.
func (s *Service) newID() engine.ID {
	id := newID()
	if s.Clock != nil {
		var milliseconds [8]byte
		binary.BigEndian.PutUint64(milliseconds[:], uint64(max(s.instant().UnixMilli(), 0)))
		copy(id[:6], milliseconds[2:])
	}
	return id
}

// ErrSuspendedDefinition: no instance may be started from the definition.
var ErrSuspendedDefinition = fault.New(fault.Conflict, "definition_suspended", "The process definition is suspended.")

// definition returns a compiled definition by its id; it is loaded and compiled once a process.
func (s *Service) definition(ctx context.Context, id engine.ID) (*definition, error) {
	return s.definitions.Get(ctx, id, otter.LoaderFunc[engine.ID, *definition](
		func(ctx context.Context, id engine.ID) (*definition, error) {
			d, content, err := s.store.Definition(ctx, id)
			if err != nil {
				return nil, err
			}
			return s.compile(ctx, d, content)
		}))
}

// latestDefinition returns the latest definition of a key as this process knows it.
func (s *Service) latestDefinition(ctx context.Context, key string) (*definition, error) {
	return s.latest.Get(ctx, key, otter.LoaderFunc[string, *definition](
		func(ctx context.Context, key string) (*definition, error) {
			d, content, err := s.store.LatestDefinition(ctx, key)
			if err != nil {
				return nil, err
			}
			return s.compile(ctx, d, content)
		}))
}

func compile(d store.Definition, content []byte, o bpmn.Options) (*definition, error) {
	model, err := bpmn.Read(content, o)
	if err != nil {
		return nil, err
	}
	for _, p := range model.Processes {
		if p.Key == d.Key {
			return &definition{Definition: d, process: p}, nil
		}
	}
	return nil, errors.New("definition " + d.ID.String() + ": its model has no process " + d.Key)
}
