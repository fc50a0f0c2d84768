package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	gateway "diom.io/workflow/functions/gateway"
	"diom.io/workflow/shared/demo"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/telemetry"
)

func serveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "serve [function or group]",
		Short: "Serve one function, a group of them, or all of them in one process",
		Long: "Serves a function as OpenFaaS and Knative expect it, at PORT or DIOM_ADDR; without a name all functions behind the gateway, in one process. " +
			"A group serves each of its functions below /function/<name>, for machines without a platform: docs/operations/machines.md.\n\n" +
			"Functions: " + strings.Join(names(), ", ") + "\nGroups: " + strings.Join(slices.Sorted(maps.Keys(groups)), ", "),
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: append(names(), slices.Sorted(maps.Keys(groups))...),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			// faas.Run obeys signals by itself: it drains before it ends.
			return serve(cmd.Context(), arguments)
		},
	}
}

func names() []string {
	list := make([]string, len(functions))
	for i, f := range functions {
		list[i] = f.Name
	}
	return list
}

func serve(ctx context.Context, arguments []string) error {
	name := everything
	if len(arguments) > 0 {
		name = arguments[0]
	}
	served := selected(name)
	if len(served) == 0 {
		return fmt.Errorf("there is no function %q; there are: %s; and the groups %s", name, strings.Join(names(), ", "), strings.Join(slices.Sorted(maps.Keys(groups)), ", "))
	}
	app, closing, err := openServer(ctx, name)
	if err != nil {
		return err
	}
	h, err := handler(app, served)
	if err != nil {
		return errors.Join(err, closing())
	}
	if len(served) == len(functions) { // nobody else has to be asked
		app.Consume(served)
	}
	stop := func() {}
	if app.Config.Demo && slices.ContainsFunc(served, func(f faas.Function) bool { return f.Name == "jobs" }) {
		stop = serveDemo(ctx, app)
	}
	err = faas.Run(ctx, faas.Server{App: app, Handler: h, Functions: served, Version: telemetry.Version()})
	stop()
	return errors.Join(err, closing())
}

// serveDemo lets the worker of the demo do its service tasks until it is stopped.
func serveDemo(ctx context.Context, app *faas.App) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		demo.Work(ctx, app.Workflow, app.Telemetry.Log)
		close(done)
	}()
	return func() { cancel(); <-done }
}

// handler serves one function, a group, or all of them behind the gateway. The gateway alone reaches the
// others by URL.
func handler(app *faas.App, served []faas.Function) (http.Handler, error) {
	if len(served) == 1 && served[0].Name == gatewayName {
		return gateway.Handler(app, nil)
	}
	if 1 < len(served) && len(served) < len(functions) {
		return groupHandler(app, served), nil
	}
	neighbours := make(map[string]http.Handler, len(served))
	for _, f := range served {
		if f.Name != gatewayName {
			neighbours[f.Name] = faas.Handler(app, f)
		}
	}
	if len(served) == 1 {
		return neighbours[served[0].Name], nil
	}
	return gateway.Handler(app, func(name string) http.Handler { return neighbours[name] })
}
