package client

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

const (
	designColumns   = "id kind key name state version publishedVersion:published updatedBy:by updatedAt:changed"
	warningsColumns = "pointer element line rule detail fix"
	oneDesign       = "/api/v1/designs/{design}"
)

func designs() noun {
	return noun{"design", "Draw processes, decisions and forms outside of the browser, and publish them", append(drawings(), publications()...)}
}

// drawings are the commands about the content of designs.
func drawings() []command {
	return []command{
		{
			use: "list", short: "List designs", example: "diom design list --kind bpmn",
			method: http.MethodGet, path: "/api/v1/designs", pages: true, view: view("items", designColumns),
			fields: []field{
				{name: "kind", key: "kind", query: true, usage: "of this `kind`: bpmn, dmn or form", values: []string{"bpmn", "dmn", "form"}}, {name: "key", key: "key", query: true, usage: "with this `key`"},
				{name: "state", key: "state", query: true, usage: "in this `state`: draft, published or deprecated", values: []string{"draft", "published", "deprecated"}},
			},
		},
		{use: "show <design>", short: "Show a design without its content", example: "diom design show " + exampleID, method: http.MethodGet, path: oneDesign, view: view("", designColumns+" description deploymentId:deployment")},
		{
			use: "pull <design>", short: "Print the file of a design, or of one of its versions", example: "diom design pull " + exampleID + " --output leave.bpmn",
			method: http.MethodGet, path: oneDesign, run: pullDesign,
			flags: func(cmd *cobra.Command) {
				cmd.Flags().String("output", "", "write it into this `file`")
				cmd.Flags().Int("version", 0, "the `number` of a version; without it the latest")
			},
		},
		{
			use: "push <file>", short: "Save a file as a new version of its design, which is made where it is not there",
			long: "Saves a .bpmn, .dmn or .form file as a new version of the design of this kind and key. The key is that of --key, or the name of the file without\n" +
				"its extension; it must be that of what the file describes. With --if-version it is saved only while the design still has that version.",
			example: "diom design push leave.bpmn --comment 'two signers'\ndiom design push forms/leave.form --key leave --name 请假单",
			method:  http.MethodPut, path: oneDesign, run: pushDesign, view: view("", designColumns),
			fields: []field{named(), comment()},
			flags: func(cmd *cobra.Command) {
				cmd.Flags().String("key", "", "the `key` of the design")
				ifVersion(cmd)
			},
		},
		{
			use: "versions <design>", short: "List the versions of a design", example: "diom design versions " + exampleID,
			method: http.MethodGet, path: oneDesign + "/versions", pages: true, view: view("items", "version action savedBy:by savedAt:at comment deploymentId:deployment"),
		},
		{
			use: "diff <design>", short: "Tell what changed from one version to another, and what that means for what runs", example: "diom design diff " + exampleID + " --from 3 --to 5",
			method: http.MethodGet, path: oneDesign + "/diff",
			fields: []field{{name: "from", key: "from", kind: number, query: true, usage: "`number` of the version; without it the published one"}, {name: "to", key: "to", kind: number, query: true, usage: "`number` of the version; without it the latest"}},
			view: []section{
				part("", "", "from to"), part("added", "added", diffColumns), part("removed", "removed", diffColumns), part("changed", "changed", diffColumns+" attributes"),
				part("impact", "impact", "definitionId:definition version instances complete nodes"),
			},
		},
	}
}

// publications are those about what becomes of them.
func publications() []command {
	return []command{
		{
			use: "validate <design>", short: "Check a design as its publication would", example: "diom design validate " + exampleID,
			method: http.MethodPost, path: oneDesign + "/validate", view: view("warnings", warningsColumns), fields: []field{listenersField()},
		},
		{
			use: "publish <design>", short: "Deploy a design", example: "diom design publish " + exampleID + " --comment 'release 7'",
			method: http.MethodPost, path: oneDesign + "/publish", run: guarded, flags: ifVersion,
			view:   []section{part("", "definitions", "id key version name resource"), part("decisions", "decisions", "id key version name resource"), part("forms", "forms", "id key version resource")},
			fields: []field{comment(), listenersField()},
		},
		{
			use: "rollback <design> <version>", short: "Give a design the content of an earlier version, as a new one", example: "diom design rollback " + exampleID + " 3",
			method: http.MethodPost, path: oneDesign + "/rollback", run: guarded, flags: ifVersion, view: view("", designColumns), fields: []field{{name: "version", key: "version", kind: number}, comment()},
		},
		{
			use: "shadow-run <design>", short: "Replay ended instances on a design, and list those that go another way", example: "diom design shadow-run " + exampleID + " --instances 100",
			method: http.MethodPost, path: oneDesign + "/shadow-run",
			view: []section{part("", "", "version replayed same different unsure"), part("another way", "items", "instanceId:instance processVersion:version verdict nodeId:node fromNodeId:from expectedNodeId:expected reason")},
			fields: []field{
				{name: "instances", key: "instances", kind: number, usage: "so `many` of the latest; required"}, {name: "version", key: "version", kind: number, usage: "the `number` of a version; without it the latest"}, listenersField(),
			},
		},
		{use: "delete <design>", short: "Delete a design; what it has deployed stays deployed", example: "diom design delete " + exampleID, method: http.MethodDelete, path: oneDesign, single: true, run: guarded, flags: ifVersion},
	}
}

func listenersField() field {
	return field{name: "listeners", key: "listeners", usage: "`what` becomes of listeners that are Java code: refuse, ignore or job", values: []string{"refuse", "ignore", "job"}}
}

func ifVersion(cmd *cobra.Command) {
	cmd.Flags().Int("if-version", 0, "only while the design still has this `version`; without it the one that it has now")
}

// design is what these commands read of one.
type design struct {
	ID      string `json:"id"`
	Version int64  `json:"version"`
	Content string `json:"content"`
}

// read reads a thing of the API.
func (in *invocation) read(ctx context.Context, path string, into any) error {
	a, err := in.session.do(ctx, request{method: http.MethodGet, path: path, header: http.Header{}})
	if err != nil {
		return err
	}
	return json.Unmarshal(a.body, into)
}

// guarded makes a request that must say which version it is about: the one of --if-version, or what there is now.
func guarded(ctx context.Context, in *invocation) error {
	if err := in.logIn(); err != nil {
		return err
	}
	if err := in.pin(ctx, in.argument["design"]); err != nil {
		return err
	}
	a, err := in.call(ctx)
	if err != nil {
		return err
	}
	return in.show(a)
}

// pin fills in the version of a design that is there now, unless the caller gives one.
func (in *invocation) pin(ctx context.Context, id string) error {
	if in.cmd.Flags().Changed("if-version") {
		return nil
	}
	var d design
	if err := in.read(ctx, "/api/v1/designs/"+url.PathEscape(id), &d); err != nil {
		return err
	}
	return in.cmd.Flags().Set("if-version", strconv.FormatInt(d.Version, 10))
}

// pullDesign writes the content of a design.
func pullDesign(ctx context.Context, in *invocation) error {
	if err := in.logIn(); err != nil {
		return err
	}
	path := "/api/v1/designs/" + url.PathEscape(in.argument["design"])
	if version := in.text("version"); version != "0" {
		path += "/versions/" + version
	}
	var d design
	if err := in.read(ctx, path, &d); err != nil {
		return err
	}
	if name := in.text("output"); name != "" {
		return os.WriteFile(name, []byte(d.Content), 0o644) //nolint:gosec // the caller's own file, no secret
	}
	_, err := in.cmd.OutOrStdout().Write([]byte(d.Content))
	return err
}

// pushDesign saves a file as a version of its design.
func pushDesign(ctx context.Context, in *invocation) error {
	file := in.argument["file"]
	content, err := in.readFile(file)
	if err != nil {
		return err
	}
	kind := strings.TrimPrefix(strings.ToLower(filepath.Ext(file)), ".")
	if kind != "bpmn" && kind != "dmn" && kind != "form" {
		return usagef("%s: a design is a .bpmn, .dmn or .form file", file)
	}
	key := in.text("key")
	if key == "" {
		key = strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	}
	body := map[string]any{"content": string(content)}
	if err := fill(in, in.fields, url.Values{}, body); err != nil {
		return err
	}
	if err := in.logIn(); err != nil {
		return err
	}
	var there struct {
		Items []design `json:"items"`
	}
	if err := in.read(ctx, "/api/v1/designs?"+url.Values{"kind": {kind}, "key": {key}}.Encode(), &there); err != nil {
		return err
	}
	switch len(there.Items) {
	case 0:
		in.method, in.path = http.MethodPost, "/api/v1/designs"
		body["kind"], body["key"] = kind, key
		if body["name"] == nil {
			body["name"] = key
		}
	case 1:
		in.argument["design"], in.single = there.Items[0].ID, true
		if err := in.pin(ctx, there.Items[0].ID); err != nil {
			return err
		}
	default:
		return errors.New("there are several designs of the kind " + kind + " with the key " + key)
	}
	a, err := in.ask(ctx, nil, body)
	if err != nil {
		return err
	}
	return in.show(a)
}
