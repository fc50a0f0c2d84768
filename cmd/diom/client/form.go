package client

import (
	"context"
	"encoding/json"
	"net/http"
	"os"

	"github.com/spf13/cobra"
)

const formColumns = "id key version latest resource deployedBy:by deployedAt:deployed"

func forms() noun {
	const one = "/api/v1/forms/{form}"
	return noun{"form", "Look at deployed forms", []command{
		{
			use: "list", short: "List forms", example: "diom form list --latest\ndiom form list --form leave",
			method: http.MethodGet, path: "/api/v1/forms", pages: true, view: view("items", formColumns),
			fields: []field{{name: "form", key: "key", query: true, usage: "with this `key`"}, {name: "latest", key: "latest", kind: yes, query: true, usage: "the latest version of each alone"}},
		},
		{use: "show <form>", short: "Show a form", example: "diom form show " + exampleID, method: http.MethodGet, path: one, view: view("", formColumns+" deploymentId:deployment")},
		{
			use: "schema <form>", short: "Print the schema of a form", example: "diom form schema " + exampleID + " --output leave.form",
			method: http.MethodGet, path: one, run: printForm,
			flags: func(cmd *cobra.Command) { cmd.Flags().String("output", "", "write it into this `file`") },
		},
	}}
}

// printForm writes the schema of a form.
func printForm(ctx context.Context, in *invocation) error {
	if err := in.logIn(); err != nil {
		return err
	}
	a, err := in.call(ctx)
	if err != nil {
		return err
	}
	var form struct {
		Schema json.RawMessage `json:"schema"`
	}
	if err := json.Unmarshal(a.body, &form); err != nil {
		return err
	}
	if name := in.text("output"); name != "" {
		return os.WriteFile(name, form.Schema, 0o644) //nolint:gosec // the caller's own file, no secret
	}
	return printRaw(in.cmd.OutOrStdout(), form.Schema)
}
