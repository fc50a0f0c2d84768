package tick

import (
	"context"
	"time"

	"diom.io/workflow/shared/directory"
	"diom.io/workflow/shared/faas"
)

// synchronize makes the runs of directories that are due or asked for.
func synchronize(ctx context.Context, app *faas.App, end time.Time, report func(error)) {
	s, err := faas.Hold(app, func() (*directory.Service, error) { return directory.New(app.Config, app.Store, app.Access) })
	if err != nil {
		report(err)
		return
	}
	s.Watch(ctx, end, report)
}
