package takeover

import (
	"context"
	"time"

	"diom.io/workflow/shared/foreign"
)

// Camunda7 moves what a Camunda 7 database (7.13 or later) holds. zone is that of the machine on which Camunda ran.
// It returns ErrSourceUnknown, or what kept it from reading or writing: what was moved until then stays.
func Camunda7(ctx context.Context, t Target, dsn string, zone *time.Location, o Options) (Counts, error) {
	counts := Counts{}
	err := foreign.Read(ctx, dsn, zone, func(s *foreign.Source) error {
		r := newRun(t, s, o)
		r.counts = counts
		if err := r.need("ACT_GE_BYTEARRAY", "ACT_RE_DEPLOYMENT", "ACT_RE_PROCDEF", "ACT_RU_EXECUTION", "ACT_RU_TASK", "ACT_RU_VARIABLE", "ACT_RU_JOB", "ACT_RU_EVENT_SUBSCR"); err != nil {
			return err
		}
		for _, part := range []func(context.Context) error{r.people, r.deployments, r.instances, r.finished} {
			if err := part(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	return counts, err
}
