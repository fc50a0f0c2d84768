package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
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
	var asJSON, rebuild bool
	var archived string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Verify the database of an installation",
		Long: "Checks the database of DIOM_MYSQL_DSN, or that of the local run under DIOM_HOME: each history is gapless and folds to the stored state; the rows\n" +
			"of tasks, jobs, timers, subscriptions and incidents agree with it; no row has lost what it belongs to; outbox and inbox are in order.\n" +
			"It only reads, in short looks, and people may go on working. Each violation is told as it is found; then the exit code is 1.\n" +
			"With --rebuild the rows that repeat the state of an instance are then written anew where they differ from it, if its history proves the\n" +
			"state; a worker that holds a job of the instance has to fetch it again. The exit code is 1 when violations remain.\n" +
			"It is 3 when the database cannot be looked at.\n" +
			"With --json each violation is a line of JSON, and the last line holds the counts.\n" +
			"With --archived it checks no database, but an archive of DIOM_ARCHIVE_BUCKET: no line is missing or another, each content is the one that\n" +
			"was uploaded, and the history is gapless and folds to the state.",
		Example: "  diom check\n  aws s3 cp s3://diom-archive/2026/11/leave/019….jsonl.zst - | diom check --archived -\n  DIOM_SECRETS_DIR=/run/secrets diom check --json | jq 'select(.rule)'",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if archived != "" {
				return checkArchived(cmd, archived, asJSON)
			}
			return check(cmd, asJSON, rebuild)
		},
	}
	cmd.Flags().StringVar(&archived, "archived", "", "check the archive of an instance in this `file`, - for the standard input")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print violations and counts as lines of JSON")
	cmd.Flags().BoolVar(&rebuild, "rebuild", false, "write rows anew that differ from a sound state")
	return cmd
}

func check(cmd *cobra.Command, asJSON, rebuild bool) error {
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
	out := violations{newReport(cmd.OutOrStdout(), cmd.ErrOrStderr(), asJSON, "instances"), map[engine.ID]int{}}
	st := store.New(db)
	checker := invariant.Checker{Store: st, Found: out.print, Progress: out.progress.Set}
	counts, err := checker.Run(cmd.Context())
	out.progress.Clear()
	rebuilt := 0
	if err == nil && rebuild {
		rebuilt, err = out.rebuild(cmd.Context(), st)
	}
	if err = errors.Join(err, db.Close(), out.err); err != nil {
		return client.Unreachable("the database cannot be checked", err)
	}
	if out.sum(counts); out.err != nil {
		return out.err
	}
	if left := counts.Violations - rebuilt; left > 0 {
		return fmt.Errorf("%d violations", left)
	}
	return nil
}

// rebuild writes the rows of the instances anew for which that helps, and returns how many violations are
// gone.
func (v *violations) rebuild(ctx context.Context, st *store.Store) (gone int, err error) {
	for _, id := range slices.SortedFunc(maps.Keys(v.rows), func(a, b engine.ID) int { return slices.Compare(a[:], b[:]) }) {
		left, err := invariant.Rebuild(ctx, st, id)
		if errors.Is(err, store.ErrNoInstance) || errors.Is(err, database.ErrGuard) {
			left, err = []invariant.Violation{{Rule: "busy", Detail: "it went on meanwhile"}}, nil
		}
		if err != nil {
			return gone, err
		}
		if len(left) == 0 {
			gone += v.rows[id]
			v.text("rebuilt: instance %s\n", id)
		} else {
			v.text("not rebuilt: instance %s: %s: %s\n", id, left[0].Rule, left[0].Detail)
		}
	}
	return gone, nil
}

// violations prints what is found, while it is found.
type violations struct {
	report
	rows map[engine.ID]int // violations of an instance that rebuilding its rows may put right
}

func (v *violations) print(one invariant.Violation) {
	if invariant.Rebuilds(one) {
		v.rows[one.InstanceID]++
	}
	instance := ""
	if one.InstanceID != (engine.ID{}) {
		instance = " instance " + one.InstanceID.String() + ":"
	}
	v.thing(one, fmt.Sprintf("%s:%s %s\n", one.Rule, instance, one.Detail))
}

func (v *violations) sum(c invariant.Counts) {
	oldest := ""
	if !c.Oldest.IsZero() {
		oldest = ", the oldest of " + c.Oldest.Local().Format(time.DateTime)
	}
	v.thing(c, fmt.Sprintf("%d instances, %d steps, %d open rows, %d rules: %d violations\noutbox: %d steps unsent%s, %d dead; inbox: %d messages parked\n",
		c.Instances, c.Steps, c.Rows, c.Rules, c.Violations, c.Unsent, oldest, c.Dead, c.Parked))
}
