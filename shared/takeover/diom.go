package takeover

import (
	"context"
	"time"

	"diom.io/workflow/shared/foreign"
)

// Predecessor moves what the product that this one replaces has in its own tables. Its processes are in those of
// Camunda 7: see Camunda7.
func Predecessor(ctx context.Context, t Target, dsn string, zone *time.Location, o Options) (Counts, error) {
	counts := Counts{}
	err := foreign.Read(ctx, dsn, zone, func(s *foreign.Source) error {
		r := newRun(t, s, o)
		r.counts = counts
		return r.need("sys_user")
	})
	return counts, err
}
