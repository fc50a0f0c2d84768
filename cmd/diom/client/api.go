package client

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/spf13/cobra"
)

// apiCommand is for routes that have no command of their own.
func apiCommand() command {
	return command{
		use: "api <path>", short: "Call any route of the API, and print its answer unchanged",
		long: "Calls a route as the user who has logged in, with the same repetitions as any other command. docs/functions.md lists the routes. A path that does not\n" +
			"begin with / is one below /api/v1.",
		example: "diom api permissions\ndiom api 'tasks?view=done&limit=5'\ndiom api jobs:fetch --method POST --data-file fetch.json",
		run:     callAPI,
		flags: func(cmd *cobra.Command) {
			cmd.Flags().String("method", "", "GET, POST, PUT or DELETE, a `method` of HTTP; without it GET, with data POST")
			cmd.Flags().String("data-file", "", "`file` with the JSON of the body; - is standard input")
			cmd.Flags().String("key", "", "Idempotency-Key of a POST: the same `text` again repeats nothing (made by itself where absent)")
			cmd.Flags().Int("if-version", 0, "change it only while it still has this `version`")
			methods := []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete}
			_ = cmd.RegisterFlagCompletionFunc("method", cobra.FixedCompletions(methods, cobra.ShellCompDirectiveNoFileComp)) // fails for an unknown flag alone
		},
	}
}

func callAPI(ctx context.Context, in *invocation) error {
	in.path = in.argument["path"]
	if !strings.HasPrefix(in.path, "/") {
		in.path = "/api/v1/" + in.path
	}
	in.argument = nil // the path is meant as it is
	body := json.RawMessage("{}")
	in.method = http.MethodGet
	if name := in.text("data-file"); name != "" {
		raw, err := in.readFile(name)
		if err != nil {
			return err
		}
		if !json.Valid(raw) {
			return usagef("%s is not JSON", name)
		}
		body, in.method = raw, http.MethodPost
	}
	if method := in.text("method"); method != "" {
		in.method = strings.ToUpper(method)
	}
	if err := in.logIn(); err != nil {
		return err
	}
	in.single = in.method != http.MethodGet && in.method != http.MethodPost
	a, err := in.ask(ctx, nil, body)
	if err != nil {
		return err
	}
	return printRaw(in.cmd.OutOrStdout(), a.body)
}
