package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"diom.io/workflow/shared/bpmn"
)

func camunda7Command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "camunda7",
		Short: "Move from Camunda 7",
	}
	cmd.AddCommand(camunda7CheckCommand())
	return cmd
}

func camunda7CheckCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check DIRECTORY|FILE…",
		Short: "Tell which models of Camunda 7 run as they are, with which workers, and which not",
		Long: "Reads the .bpmn files of a folder and prints for each of them whether it runs as it is, runs once workers serve the topics that\n" +
			"stand for its external tasks, Java classes and beans, or is refused and because of what. The exit code is 1 when one is refused.\n" +
			"docs/camunda7.md tells what runs, what differs and what to do instead.",
		Example: "  diom camunda7 check src/main/resources\n  diom camunda7 check models/ --json | jq 'select(.refused)'",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			reports, err := readModels(arguments)
			if err != nil {
				return err
			}
			return checkCamunda7(cmd.OutOrStdout(), reports, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a line of JSON for each file")
	return cmd
}

// verdict is what becomes of one file of Camunda 7.
type verdict struct {
	modelReport
	Verdict string   `json:"verdict"` // runs, workers or refused
	Topics  []string `json:"topics,omitempty"`
}

const (
	verdictRuns    = "runs"
	verdictWorkers = "workers"
	verdictRefused = "refused"
)

func judge(r modelReport) verdict {
	v := verdict{modelReport: r, Verdict: verdictRuns, Topics: topics(r.processes)}
	switch {
	case len(r.Refused) > 0:
		v.Verdict = verdictRefused
	case len(v.Topics) > 0:
		v.Verdict = verdictWorkers
	}
	return v
}

// topics lists what workers must serve, each once; an expression stands for the topics that it gives.
func topics(processes []*bpmn.Process) []string {
	var list []string
	for _, p := range processes {
		for _, n := range p.Nodes {
			if n.Work != nil && n.Work.Topic != nil {
				list = append(list, n.Work.Topic.Source())
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func checkCamunda7(w io.Writer, reports []modelReport, asJSON bool) error {
	counts := map[string]int{}
	for _, r := range reports {
		v := judge(r)
		counts[v.Verdict]++
		if err := v.print(w, asJSON); err != nil {
			return err
		}
	}
	if asJSON {
		return refusal(counts[verdictRefused])
	}
	if _, err := fmt.Fprintf(w, "\n%d run, %d run with workers, %d are refused\n", counts[verdictRuns], counts[verdictWorkers], counts[verdictRefused]); err != nil {
		return err
	}
	return refusal(counts[verdictRefused])
}

func refusal(refused int) error {
	if refused > 0 {
		return fmt.Errorf("%d files are refused", refused)
	}
	return nil
}

func (v verdict) print(w io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(v)
	}
	var b strings.Builder
	switch v.Verdict {
	case verdictRefused:
		fmt.Fprintf(&b, "%s: refused\n", v.File)
		for _, d := range v.Refused {
			tell(&b, v.File, "because", d)
		}
	case verdictWorkers:
		fmt.Fprintf(&b, "%s: runs with workers for the topics %s\n", v.File, strings.Join(v.Topics, ", "))
	default:
		fmt.Fprintf(&b, "%s: runs\n", v.File)
	}
	for _, d := range v.Warnings {
		if d.Code != "worker_needed" { // the topics say so
			tell(&b, v.File, "note", d)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
