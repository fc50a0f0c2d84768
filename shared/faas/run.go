package faas

import (
	"context"

	"diom.io/workflow/shared/database"
)

// run lets the route do what it is there for. Of what only shows something, what the store marks by database.ToShow
// comes from the replica, where the caller would not miss there what he has done himself. A failure there is no answer:
// what is missing, or may not be seen, the primary says.
func (e *endpoint) run(ctx context.Context, r *Request) (any, error) {
	ctx = r.acting(ctx)
	if !e.app.Reads.Any() {
		return r.route.Serve(ctx, r)
	}
	ctx, wrote := database.NoteWrites(ctx)
	defer func() {
		if r.route.changes() || wrote() {
			e.app.Reads.Wrote(ctx, r.person())
		}
	}()
	if r.route.changes() || r.Principal.Username == "" {
		return r.route.Serve(ctx, r)
	}
	shown, done, may := e.app.Reads.May(ctx, r.Principal.Username)
	defer done()
	result, err := r.route.Serve(shown, r)
	if may && err != nil {
		e.app.Telemetry.Metrics.Replica.Reads.WithLabelValues("again").Inc()
		return r.route.Serve(ctx, r)
	}
	return result, err
}

// By says who has changed something where no principal does: who has logged in, or the person of a link.
func (r *Request) By(username string) { r.by = username }

// person is who changes something.
func (r *Request) person() string {
	if r.by != "" {
		return r.by
	}
	return r.Principal.Username
}
