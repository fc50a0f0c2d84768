package client

import (
	"net/http"

	"github.com/spf13/cobra"
)

const decisionColumns = "id key version name versionTag:tag latest resource deployedBy:by deployedAt:deployed"

func decisions() noun {
	const one = "/api/v1/decisions/{decision}"
	return noun{"decision", "Look at deployed decisions and make them", []command{
		{
			use: "list", short: "List decisions", example: "diom decision list --latest\ndiom decision list --decision route",
			method: http.MethodGet, path: "/api/v1/decisions", pages: true, view: view("items", decisionColumns),
			fields: []field{
				{name: "decision", key: "key", query: true, usage: "with this `key`"},
				{name: "latest", key: "latest", kind: yes, query: true, usage: "the latest version of each alone"},
			},
		},
		{
			use: "show <decision>", short: "Show a decision", example: "diom decision show " + exampleID,
			method: http.MethodGet, path: one, view: view("", decisionColumns+" modelKey:model deploymentId:deployment"),
		},
		{
			use: "xml <decision>", short: "Print the uploaded DMN file, byte for byte", example: "diom decision xml " + exampleID + " --output route.dmn",
			method: http.MethodGet, path: one + "/xml", run: printXML,
			flags: func(cmd *cobra.Command) { cmd.Flags().String("output", "", "write it into this `file`") },
		},
		{
			use: "evaluate <key>", short: "Make a decision with variables; nothing is kept",
			long: "Makes the latest version of a deployed decision, or one version, as a business rule task would. See `diom dmn evaluate` for a file\n" +
				"that is not deployed.",
			example: "diom decision evaluate route --var days=5\ndiom decision evaluate route --vars case.json --version 1",
			method:  http.MethodPost, path: "/api/v1/decisions/{key}/evaluate",
			fields: []field{variable(), {name: "version", key: "version", kind: number, usage: "the `number` of a version"}},
			view: []section{
				part("", "decision", "key version name"),
				part("evaluated", "evaluated", "key inputs matched outputs"), part("diagnostics", "diagnostics", "where message"),
			},
		},
	}}
}
