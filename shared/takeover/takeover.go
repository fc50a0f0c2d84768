// Package takeover moves what another product has in its database into this one: definitions, people, running
// instances and the history. The source is only read, as it was at one moment. What is here already is passed over,
// so that a move may be repeated; what does not fit is told and left out whole.
package takeover

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/google/uuid"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/foreign"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// ErrSourceUnknown: the source has none of the tables that the move needs.
var ErrSourceUnknown = fault.New(fault.Invalid, "takeover_source_unknown", "The source database has not the tables that this move reads.")

// Options say how to move. Told is called for each line of the report, Progress for each family of instances.
type Options struct {
	DryRun    bool
	Listeners string   // as in a deployment: refuse, ignore or job
	Roles     []string // of the people that are taken over
	Told      func(Line)
	Progress  func(done, all int)
}

// Target is where things are moved to.
type Target struct {
	Store    *store.Store
	Workflow *workflow.Service
}

// run is one move.
type run struct {
	Target
	options Options
	source  *foreign.Source
	counts  Counts
	now     time.Time

	definitions map[string]definition // by the id in the source
	taken       map[string]bool       // instances that are here, by the id in the source
}

// definition is one of the source with what it is here; without a process it was left out.
type definition struct {
	id      engine.ID
	key     string
	version int
	process *bpmn.Process
}

func newRun(t Target, s *foreign.Source, o Options) *run {
	return &run{
		Target: t, options: o, source: s, counts: Counts{}, now: time.Now().UTC().Truncate(time.Millisecond),
		definitions: map[string]definition{}, taken: map[string]bool{},
	}
}

func newID() engine.ID { return engine.ID(uuid.Must(uuid.NewV7())) }

// ident keeps an id that is a UUID. From any other the same id is made each time.
func ident(kind, text string) engine.ID {
	if id, err := engine.ParseID(text); err == nil && !id.IsZero() {
		return id
	}
	sum := sha256.Sum256([]byte("takeover:" + kind + ":" + text))
	id := engine.ID(sum[:16])
	id[6], id[8] = 0x80|id[6]&0x0f, 0x80|id[8]&0x3f
	return id
}

// rows reads a table that may not be there.
func (r *run) rows(ctx context.Context, q foreign.Query) ([]foreign.Row, error) {
	if !r.source.Has(q.Table) {
		return nil, nil
	}
	return r.source.Rows(ctx, q)
}

// need refuses a source without the tables that matter.
func (r *run) need(tables ...string) error {
	for _, t := range tables {
		if !r.source.Has(t) {
			return ErrSourceUnknown.Withf("The source database has no table %s.", t)
		}
	}
	return nil
}

func sentence(err error) string {
	f := fault.From(err)
	if f == nil {
		return err.Error()
	}
	return fmt.Sprintf("%s (%s)", f.Message, f.Code)
}
