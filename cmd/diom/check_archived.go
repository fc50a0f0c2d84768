package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"diom.io/workflow/shared/invariant"
	"diom.io/workflow/shared/store"
)

// checkArchived checks the archive of an instance that is in a file, or comes from the standard input.
func checkArchived(cmd *cobra.Command, path string, asJSON bool) error {
	in := cmd.InOrStdin()
	if path != "-" {
		file, err := os.Open(path) //nolint:gosec // the operator names it
		if err != nil {
			return err
		}
		defer file.Close()
		in = file
	}
	archive, found := invariant.Archived(in)
	out := newReport(cmd.OutOrStdout(), cmd.ErrOrStderr(), asJSON, "lines")
	for _, v := range found {
		out.thing(v, fmt.Sprintf("%s: %s\n", v.Rule, v.Detail))
	}
	out.thing(archive, fmt.Sprintf("instance %s of %s, version %d: %d steps, %d tasks, %d comments, %d contents: %d violations\n", archive.ID, archive.ProcessKey,
		archive.Version, archive.Lines[store.LineStep], archive.Lines[store.LineTask], archive.Lines[store.LineComment], archive.Lines[store.LineContent], len(found)))
	if out.err == nil && len(found) > 0 {
		return fmt.Errorf("%d violations", len(found))
	}
	return out.err
}
