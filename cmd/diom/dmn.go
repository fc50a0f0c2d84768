package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"diom.io/workflow/cmd/diom/client"
	"diom.io/workflow/cmd/diom/tck"
)

func dmnCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "dmn", Short: "Evaluate decision models and run the conformance tests of DMN"}
	cmd.AddCommand(tckCommand())
	return cmd
}

func tckCommand() *cobra.Command {
	var atLeast map[string]int
	var all bool
	cmd := &cobra.Command{
		Use:   "tck directory",
		Short: "Run the conformance tests of DMN below a directory",
		Long: "Runs every test case below a directory in the format of the DMN TCK: compliance-level-N/name/name-test-01.xml beside its models.\n" +
			"Each failure is told with its reason; then come the counts of each folder with failures and of each level.\n" +
			"The exit code is 1 when a level has passed less than --at-least asks, in percent.",
		Example: "  diom dmn tck TestCases --at-least 2=95,3=85",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			cases, err := tck.Run(arguments[0])
			if err != nil {
				return client.Usage(err)
			}
			return reportTCK(cmd.OutOrStdout(), cases, atLeast, all)
		},
	}
	cmd.Flags().StringToIntVar(&atLeast, "at-least", nil, "percent that each level must pass")
	cmd.Flags().BoolVar(&all, "all", false, "print the cases that pass, too")
	return cmd
}

func reportTCK(out io.Writer, cases []tck.Case, atLeast map[string]int, all bool) error {
	for _, c := range cases {
		switch {
		case !c.Passed():
			fmt.Fprintf(out, "FAIL level %s %s %s: %s\n", c.Level, c.Folder, c.ID, c.Reason)
		case all:
			fmt.Fprintf(out, "ok   level %s %s %s\n", c.Level, c.Folder, c.ID)
		}
	}
	var short []string
	reached := map[string]int{}
	for _, s := range tck.Summarize(cases) {
		fmt.Fprintf(out, "level %s: %d of %d passed (%d %%)\n", s.Level, s.Passed, s.Total, s.Percent())
		reached[s.Level] = s.Percent()
	}
	for level, percent := range atLeast {
		if got, ran := reached[level]; !ran || got < percent {
			short = append(short, fmt.Sprintf("level %s passes %d %%, not %d %%", level, got, percent))
		}
	}
	if len(short) > 0 {
		return fmt.Errorf("the decision models do not conform: %s", strings.Join(short, "; "))
	}
	return nil
}
