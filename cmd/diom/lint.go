package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"diom.io/workflow/cmd/diom/client"
	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/soundness"
)

const modelGroup = "model"

// modelling adds the commands that look at models and need no installation.
func modelling(cmd *cobra.Command) {
	cmd.AddGroup(&cobra.Group{ID: modelGroup, Title: "To check models, without an installation:"})
	for _, c := range []*cobra.Command{lintCommand(), camunda7Command()} {
		c.GroupID = modelGroup
		cmd.AddCommand(c)
	}
}

func lintCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "lint FILE|DIRECTORY…",
		Short: "Tell what a deployment of models would refuse or warn of",
		Long: "Reads .bpmn files, also those in a directory and below, as a deployment does, and prints what is wrong with file, line, element, rule\n" +
			"and remedy. The tokens of each process are played, and what such a run may meet is told with the way to it. The exit code is 1 when a\n" +
			"file would be refused.",
		Example: "  diom lint leave.bpmn\n  diom lint processes/ --json",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			reports, err := readModels(arguments)
			if err != nil {
				return err
			}
			return lint(cmd.OutOrStdout(), reports, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a line of JSON for each file")
	return cmd
}

// modelReport is what a deployment of one file would say.
type modelReport struct {
	File     string         `json:"file"`
	Refused  []fault.Detail `json:"refused,omitempty"`
	Warnings []fault.Detail `json:"warnings,omitempty"`

	processes []*bpmn.Process
}

// readModels reads the files that the arguments name, or that are in or below the directories that they
// name, in the order of their paths.
func readModels(arguments []string) ([]modelReport, error) {
	var reports []modelReport
	for _, argument := range arguments {
		files, err := modelFiles(argument)
		if err != nil {
			return nil, client.Usage(err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file) //nolint:gosec // the user names it
			if err != nil {
				return nil, client.Usage(err)
			}
			reports = append(reports, readModel(file, content))
		}
	}
	if len(reports) == 0 {
		return nil, client.Usage(errors.New("there is no .bpmn file"))
	}
	return reports, nil
}

func modelFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return []string{path}, err
	}
	var files []string
	err = filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		name := strings.ToLower(entry.Name())
		if err == nil && !entry.IsDir() && (strings.HasSuffix(name, ".bpmn") || strings.HasSuffix(name, ".bpmn20.xml")) {
			files = append(files, file)
		}
		return err
	})
	return files, err
}

func readModel(file string, content []byte) modelReport {
	report := modelReport{File: file}
	definitions, err := bpmn.Read(content, bpmn.Options{})
	if err != nil {
		report.Refused = fault.From(err).Details
		if len(report.Refused) == 0 {
			report.Refused = []fault.Detail{{Code: fault.From(err).Code, Detail: err.Error()}}
		}
		return report
	}
	report.Warnings, report.processes = definitions.Warnings, definitions.Processes
	for _, p := range definitions.Processes {
		report.Warnings = append(report.Warnings, soundness.Check(p)...)
	}
	slices.SortStableFunc(report.Warnings, func(a, b fault.Detail) int { return a.Line - b.Line })
	return report
}

func lint(w io.Writer, reports []modelReport, asJSON bool) error {
	refused := 0
	for _, r := range reports {
		if len(r.Refused) > 0 {
			refused++
		}
		if err := r.print(w, asJSON); err != nil {
			return err
		}
	}
	if refused > 0 {
		return fmt.Errorf("%d of %d files would be refused", refused, len(reports))
	}
	return nil
}

func (r modelReport) print(w io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(r)
	}
	var b strings.Builder
	for _, d := range r.Refused {
		tell(&b, r.File, "error", d)
	}
	for _, d := range r.Warnings {
		tell(&b, r.File, "warning", d)
	}
	if b.Len() == 0 {
		fmt.Fprintf(&b, "%s: good\n", r.File)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// tell writes one problem as compilers do: file, line, what it is, and on lines of their own what to do and
// the way to it.
func tell(b *strings.Builder, file, severity string, d fault.Detail) {
	fmt.Fprintf(b, "%s:%d: %s: ", file, max(d.Line, 1), severity)
	if d.Element != "" {
		fmt.Fprintf(b, "%s: ", d.Element)
	}
	fmt.Fprintf(b, "%s [%s]\n", d.Detail, d.Code)
	if d.Fix != "" {
		fmt.Fprintf(b, "    %s\n", d.Fix)
	}
	if len(d.Path) > 0 {
		fmt.Fprintf(b, "    way: %s\n", strings.Join(d.Path, " → "))
	}
}
