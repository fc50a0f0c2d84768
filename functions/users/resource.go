package users

import (
	"context"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas"
)

func summaries(one, many string) faas.Summaries {
	return faas.Summaries{
		List: "List " + many + ".", Create: "Create " + one + ".", Read: "Read " + one + ".", Change: "Change " + one + ".", Delete: "Delete " + one + ".",
	}
}

// read is how a thing of the directory is read.
func read[T any](get func(*access.Service, context.Context, engine.ID) (T, error)) func(context.Context, *faas.Request, engine.ID) (T, error) {
	return func(ctx context.Context, r *faas.Request, id engine.ID) (T, error) { return get(r.App.Access, ctx, id) }
}
