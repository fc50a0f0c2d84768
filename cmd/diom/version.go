package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"diom.io/workflow/shared/telemetry"
)

func versionCommand() *cobra.Command {
	var asJSON, whole bool
	cmd := &cobra.Command{
		Use: "version", Short: "Print the version of this binary, and where it comes from", Args: cobra.NoArgs,
		Long: "Prints the version; with --verbose or --json the commit, whether the source was that of the commit, the version of Go, the platform, and the modules that\n" +
			"are built in with their checksums.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			build := telemetry.Provenance()
			switch {
			case asJSON:
				out := json.NewEncoder(cmd.OutOrStdout())
				out.SetIndent("", "  ")
				return out.Encode(build)
			case whole:
				return tellBuild(cmd.OutOrStdout(), build)
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), telemetry.Version())
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print everything as JSON")
	cmd.Flags().BoolVar(&whole, "verbose", false, "print everything, in lines")
	cmd.MarkFlagsMutuallyExclusive("json", "verbose")
	return cmd
}

// tellBuild prints a line for each thing that is known.
func tellBuild(out io.Writer, b telemetry.Build) error {
	commit, at := b.Commit, ""
	if commit != "" && b.Modified {
		commit += ", and changes"
	}
	if !b.At.IsZero() {
		at = b.At.Format(time.RFC3339)
	}
	for _, line := range [][2]string{
		{"version", telemetry.Version()}, {"module", b.Module}, {"commit", commit}, {"committed", at}, {"go", b.Go}, {"platform", b.Platform},
		{"reproducible", fmt.Sprint(b.Reproducible)}, {"modules", fmt.Sprint(len(b.Modules))},
	} {
		if line[1] == "" {
			continue
		}
		if _, err := fmt.Fprintf(out, "%-13s %s\n", line[0], line[1]); err != nil {
			return err
		}
	}
	for _, m := range b.Modules {
		if _, err := fmt.Fprintf(out, "  %s %s %s\n", m.Path, m.Version, m.Sum); err != nil {
			return err
		}
	}
	return nil
}
