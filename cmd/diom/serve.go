package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	gateway "diom.io/workflow/functions/gateway"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/telemetry"
)

func serveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "serve [function]",
		Short: "Serve one function, or all of them in one process",
		Long: "Serves a function as OpenFaaS and Knative expect it, at PORT or DIOM_ADDR; without a name all functions behind the gateway, in one process.\n\n" +
			"Functions: " + strings.Join(names(), ", "),
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: names(),
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
	served := functions
	if len(arguments) > 0 {
		i := slices.Index(names(), arguments[0])
		if i < 0 {
			return fmt.Errorf("there is no function %q; there are: %s", arguments[0], strings.Join(names(), ", "))
		}
		served = functions[i : i+1]
	}
	app, err := open(ctx)
	if err != nil {
		return err
	}
	h, err := handler(app, served)
	if err != nil {
		return errors.Join(err, app.Close())
	}
	if len(served) > 1 { // the whole product: nobody else has to be asked
		app.Consume(served)
	}
	err = faas.Run(ctx, faas.Server{App: app, Handler: h, Functions: served, Version: telemetry.Version()})
	return errors.Join(err, app.Close())
}

// handler serves one function, or all of them behind the gateway. The gateway alone reaches the
// others by URL.
func handler(app *faas.App, served []faas.Function) (http.Handler, error) {
	if len(served) == 1 && served[0].Name == gatewayName {
		return gateway.Handler(app, nil)
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
