package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"diom.io/workflow/cmd/diom/client"
	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/invariant"
	"diom.io/workflow/shared/store"
)

func checkCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Verify the database of an installation, reading only",
		Long: "Checks the database of DIOM_MYSQL_DSN, or that of the local run under DIOM_HOME: each history is gapless and folds to the stored state; the rows\n" +
			"of tasks, jobs, timers, subscriptions and incidents agree with it; no row has lost what it belongs to; outbox and inbox are in order.\n" +
			"It only reads, in short looks, and people may go on working. Each violation is told as it is found; then the exit code is 1.\n" +
			"It is 3 when the database cannot be looked at.\n" +
			"With --json each violation is a line of JSON, and the last line holds the counts.",
		Example: "  diom check\n  DIOM_SECRETS_DIR=/run/secrets diom check --json | jq 'select(.rule)'",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return check(cmd, asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print violations and counts as lines of JSON")
	return cmd
}

func check(cmd *cobra.Command, asJSON bool) error {
	useLocalSecrets()
	cfg, err := config.Load()
	if err != nil {
		return err
	}
	if cfg.MySQLDSN == "" {
		return client.Usage(errNoDSN)
	}
	db, err := database.Open(cfg.MySQLDSN, database.Options{Pool: 1})
	if err != nil {
		return err
	}
	progress := client.NewProgress(cmd.ErrOrStderr(), "instances")
	out := violations{w: cmd.OutOrStdout(), json: asJSON, progress: progress}
	checker := invariant.Checker{Store: store.New(db), Found: out.print, Progress: progress.Set}
	counts, err := checker.Run(cmd.Context())
	progress.Clear()
	if err = errors.Join(err, db.Close(), out.err); err != nil {
		return client.Unreachable("the database cannot be checked", err)
	}
	if err := out.sum(counts); err != nil {
		return err
	}
	if counts.Violations > 0 {
		return fmt.Errorf("%d violations", counts.Violations)
	}
	return nil
}

// violations prints what is found, while it is found.
type violations struct {
	w        io.Writer
	json     bool
	progress *client.Progress
	err      error // of the first line that could not be written
}

func (v *violations) print(one invariant.Violation) {
	if v.err != nil {
		return
	}
	if v.json {
		v.err = json.NewEncoder(v.w).Encode(one)
		return
	}
	v.progress.Clear()
	instance := ""
	if one.InstanceID != (engine.ID{}) {
		instance = " instance " + one.InstanceID.String() + ":"
	}
	_, v.err = fmt.Fprintf(v.w, "%s:%s %s\n", one.Rule, instance, one.Detail)
}

func (v *violations) sum(c invariant.Counts) error {
	if v.json {
		return json.NewEncoder(v.w).Encode(c)
	}
	oldest := ""
	if !c.Oldest.IsZero() {
		oldest = ", the oldest of " + c.Oldest.Local().Format(time.DateTime)
	}
	_, err := fmt.Fprintf(v.w, "%d instances, %d steps, %d open rows, %d rules: %d violations\noutbox: %d steps unsent%s, %d dead; inbox: %d messages parked\n",
		c.Instances, c.Steps, c.Rows, c.Rules, c.Violations, c.Unsent, oldest, c.Dead, c.Parked)
	return err
}
