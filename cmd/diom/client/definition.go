package client

import (
	"context"
	"net/http"
	"os"

	"github.com/spf13/cobra"
)

const (
	definitionColumns = "id key version name versionTag:tag latest suspended resource deployedBy:by deployedAt:deployed"
	diffColumns       = "element id name"
)

func definitions() noun {
	const one = "/api/v1/definitions/{definition}"
	return noun{"definition", "Look at deployed process definitions", []command{
		{
			use: "list", short: "List definitions", example: "diom definition list --latest\ndiom definition list --process leave",
			method: http.MethodGet, path: "/api/v1/definitions", pages: true, view: view("items", definitionColumns),
			fields: []field{
				{name: "process", key: "key", query: true, usage: "of the process with this `key`"},
				{name: "latest", key: "latest", kind: yes, query: true, usage: "the latest version of each alone"},
			},
		},
		{
			use: "show <definition>", short: "Show a definition", example: "diom definition show " + exampleID,
			method: http.MethodGet, path: one, view: view("", definitionColumns+" deploymentId:deployment"),
		},
		{
			use: "xml <definition>", short: "Print the uploaded BPMN file, byte for byte", example: "diom definition xml " + exampleID + " --output leave.bpmn",
			method: http.MethodGet, path: one + "/xml", run: printXML,
			flags: func(cmd *cobra.Command) { cmd.Flags().String("output", "", "write it into this `file`") },
		},
		{
			use: "diff <definition> <other>", short: "Tell what changed from one definition to another", example: "diom definition diff " + exampleID + " " + exampleID[:35] + "2",
			method: http.MethodGet, path: one + "/diff/{other}",
			view: []section{part("added", "added", diffColumns), part("removed", "removed", diffColumns), part("changed", "changed", diffColumns+" attributes")},
		},
		{
			use: "form <process>", short: "Show the start form of a process", example: "diom definition form leave",
			method: http.MethodGet, path: "/api/v1/processes/{process}/start-form",
			view: []section{part("", "", "processKey:process name formKey:form definitionId:definition"), part("fields", "fields", "id label type defaultValue:default")},
		},
		{
			use: "start <definition>", short: "Start an instance of one version", example: "diom definition start " + exampleID + " --var days=5",
			method: http.MethodPost, path: one + "/start", fields: startFields(), view: startedView(),
		},
		{
			use: "suspend <definition>", short: "Suspend a definition: nothing can be started", example: "diom definition suspend " + exampleID,
			method: http.MethodPost, path: one + "/suspend", view: view("", definitionColumns+" batchId:batch"), fields: withInstances(),
		},
		{
			use: "resume <definition>", short: "Resume a definition", example: "diom definition resume " + exampleID,
			method: http.MethodPost, path: one + "/resume", view: view("", definitionColumns+" batchId:batch"), fields: withInstances(),
		},
	}}
}

func withInstances() []field {
	return []field{{name: "instances", key: "instances", kind: yes, usage: "its running instances too, by a batch"}}
}

// printXML writes a file of a definition.
func printXML(ctx context.Context, in *invocation) error {
	if err := in.logIn(); err != nil {
		return err
	}
	a, err := in.call(ctx)
	if err != nil {
		return err
	}
	if name := in.text("output"); name != "" {
		return os.WriteFile(name, a.body, 0o644) //nolint:gosec // the caller's own file, no secret
	}
	_, err = in.cmd.OutOrStdout().Write(a.body)
	return err
}
