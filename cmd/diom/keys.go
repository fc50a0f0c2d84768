package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"diom.io/workflow/cmd/diom/client"
	"diom.io/workflow/shared/access"
)

func keysCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "keys", Short: "Look after the keys of an installation"}
	cmd.AddCommand(keysRotateCommand())
	return cmd
}

func keysRotateCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "rotate",
		Short: "Seal the secrets in the database with the newest data key",
		Long: "Seals what is sealed in the database of DIOM_MYSQL_DSN, or that of the local run under DIOM_HOME, with the first key of the secret diom-data-key: keys of\n" +
			"event sources and topic bindings, secrets of channels. To change the key, add the new one as a second line, start the processes anew, put the new line\n" +
			"first, start them anew, and run this. When it has no failures no secret needs the old key. It can be broken off and run again while the product serves.\n" +
			"Seals over the audit trail keep the key that made them: diom audit verify needs the old line for as long as their rows are kept.",
		Example: "  diom keys rotate",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return rotateKeys(cmd, asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print failures and counts as lines of JSON")
	return cmd
}

// sealFailure is a value that no key here opens.
type sealFailure struct {
	Table  string `json:"table"`
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

func rotateKeys(cmd *cobra.Command, asJSON bool) error {
	useLocalSecrets()
	app, err := open(cmd.Context())
	if errors.Is(err, errNoDSN) {
		return client.Usage(err)
	}
	if err != nil {
		return err
	}
	out := newReport(cmd.OutOrStdout(), cmd.ErrOrStderr(), asJSON, "values")
	failures := 0
	counts, err := app.Access.Reseal(cmd.Context(), func(p access.Place, reason error) {
		failures++
		out.thing(sealFailure{p.Table, p.ID.String(), reason.Error()}, fmt.Sprintf("%s %s: %v\n", p.Table, p.ID, reason))
	})
	if err = errors.Join(err, app.Close(), out.err); err != nil {
		return client.Unreachable("the secrets cannot be sealed anew", err)
	}
	for _, c := range counts {
		out.thing(c, fmt.Sprintf("%s: %d values, %d sealed anew, %d failed\n", c.Table, c.Values, c.Resealed, c.Failed))
	}
	if failures > 0 {
		return errors.Join(out.err, fmt.Errorf("%d values cannot be opened", failures))
	}
	return out.err
}
