package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"diom.io/workflow/shared/manifest"
)

func genCommand() *cobra.Command {
	var check bool
	var dir string
	cmd := &cobra.Command{
		Use:   "gen",
		Short: "Write the stack files, knative/base, openapi.yaml and the tables of docs/ from the functions",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if check {
				differ, err := manifest.Check(dir, functions, reference())
				if err == nil && len(differ) > 0 {
					err = errors.New("generated files differ; run make gen and commit them: " + strings.Join(differ, ", "))
				}
				return err
			}
			changed, err := manifest.Write(dir, functions, reference())
			for _, path := range changed {
				fmt.Fprintln(cmd.OutOrStdout(), path)
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "write nothing; fail when a file differs")
	cmd.Flags().StringVar(&dir, "root", ".", "the root of the repository")
	return cmd
}
