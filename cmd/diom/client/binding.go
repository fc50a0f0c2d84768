package client

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"
)

const bindingColumns = "id topic kind target method timeoutSeconds:timeout retries keyId:key enabled updatedAt:changed"

func bindings() noun {
	const all, one = "/api/v1/topic-bindings", "/api/v1/topic-bindings/{binding}"
	return noun{"binding", "Manage who does the jobs of a topic in place of a worker", []command{
		{
			use: "list", short: "List the topic bindings", example: "diom binding list",
			method: http.MethodGet, path: all, pages: true, view: view("items", bindingColumns),
		},
		{
			use: "show <binding>", short: "Show a topic binding; its key is not shown", example: "diom binding show " + exampleID,
			method: http.MethodGet, path: one, view: []section{part("", "", bindingColumns), part("headers", "headers", "name value secret")},
		},
		{
			use: "add <file>", short: "Bind a topic",
			long: "Binds a topic as a file of JSON describes it: topic, kind, target and what docs/service-tasks.md tells of. A key comes from --key-file or\n" +
				keyVariable + ", or from the file itself.",
			example: "diom binding add invoice.json\ndiom binding add invoice.json --key-file invoice.key",
			method:  http.MethodPost, path: all, view: view("", bindingColumns),
			run: func(ctx context.Context, in *invocation) error { return addWithKey(ctx, in, false) },
			flags: func(cmd *cobra.Command) {
				cmd.Flags().String("key-file", "", "read the key from a `file` (or "+keyVariable+" in the environment)")
			},
		},
		{
			use: "update <binding>", short: "Change a topic binding; what is not given stays", example: "diom binding update " + exampleID + " --enabled=false",
			method: http.MethodPut, path: one, single: true, view: view("", bindingColumns),
			fields: []field{
				{name: "target", key: "target", usage: "the `URL`, or the name of the built-in"},
				{name: "attempt", key: "timeoutSeconds", kind: number, usage: "`seconds` of one attempt"},
				{name: "retries", key: "retries", kind: number, usage: "how `often` a job is tried whose model does not say"},
				{name: "enabled", key: "enabled", kind: yes, usage: "whether the binding counts: --enabled=false leaves the jobs to workers"},
			},
		},
		{
			use: "delete <binding>", short: "Delete a topic binding", example: "diom binding delete " + exampleID,
			method: http.MethodDelete, path: one, single: true,
		},
	}}
}
