package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"diom.io/workflow/cmd/diom/client"
	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/takeover"
	"diom.io/workflow/shared/workflow"
)

// importVariable names the source where no flag does.
const importVariable = "DIOM_IMPORT_DSN"

const importLong = "The source is only read, as it is at one moment: stop what writes to it before the last run. What is in the target already is passed\n" +
	"over, so the command may be repeated; what does not fit is told with the reason and left out whole. Name the source, such as\n" +
	"reader:secret@tcp(10.0.0.5:3306)/camunda, by --from, or, so that no password is on the command line, by " + importVariable + " or --from-file.\n" +
	"It writes to the database of DIOM_MYSQL_DSN, or to that of the local run under DIOM_HOME. The exit code is 1 when something was left out."

// importOptions are the flags.
type importOptions struct {
	from, fromFile, zone string
	asJSON               bool
	takeover.Options
}

func importCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "import", Short: "Take over what another product has in its database"}
	var c, d importOptions
	camunda := &cobra.Command{
		Use: "camunda7", Short: "Take over a Camunda 7 database: definitions, people, running instances, history", Args: cobra.NoArgs,
		Long:    "Takes over what Camunda 7 (7.13 or later, MySQL or MariaDB) has in its database; docs/takeover.md tells what that is, step by step.\n" + importLong,
		Example: "  DIOM_IMPORT_DSN='reader:secret@tcp(10.0.0.5:3306)/camunda' diom import camunda7 --dry-run\n  diom import camunda7 --from-file /run/secrets/camunda-dsn --json",
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.run(cmd, takeover.Camunda7) },
	}
	camunda.Flags().StringSliceVar(&c.Roles, "role", []string{"EMPLOYEE"}, "a role that the users get who are taken over")
	c.flags(camunda)
	diom := &cobra.Command{
		Use: "diom", Short: "Take over the earlier DIOM: users, roles, published processes, notifications", Args: cobra.NoArgs,
		Long: "Takes over the own tables (sys_* and workflow_*) of the earlier DIOM, which ran Camunda 7 inside. Its instances are Camunda's: move them first,\n" +
			"by diom import camunda7. docs/takeover.md tells what is taken, and which rights are which.\n" + importLong,
		Example: "  DIOM_IMPORT_DSN='reader:secret@tcp(10.0.0.5:3306)/diom' diom import diom --dry-run\n  diom import diom --from-file /run/secrets/old-dsn --json",
		RunE:    func(cmd *cobra.Command, _ []string) error { return d.run(cmd, takeover.EarlierDiom) },
	}
	d.flags(diom)
	cmd.AddCommand(camunda, diom)
	return cmd
}

func (o *importOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.from, "from", "", "the source `database`, as a go-sql-driver DSN")
	f.StringVar(&o.fromFile, "from-file", "", "a `file` that holds the DSN of the source")
	f.StringVar(&o.zone, "zone", "", "the time `zone` of the machine that wrote the source; DIOM_TZ where absent")
	f.StringVar(&o.Listeners, "listeners", "", "what becomes of listeners that are code: refuse, ignore or job; DIOM_LISTENERS where absent")
	f.BoolVar(&o.DryRun, "dry-run", false, "do everything but the writing, and print the same report")
	f.BoolVar(&o.asJSON, "json", false, "print the report as lines of JSON, the counts last")
}

// source returns the DSN.
func (o *importOptions) dsn() (string, error) {
	given := o.from
	if o.fromFile != "" {
		raw, err := os.ReadFile(o.fromFile)
		if err != nil {
			return "", err
		}
		given = strings.TrimSpace(string(raw))
	}
	given = cmp.Or(given, os.Getenv(importVariable))
	if given == "" {
		return "", errors.New("no source is named: --from, --from-file or " + importVariable)
	}
	return given, nil
}

type mover func(context.Context, takeover.Target, string, *time.Location, takeover.Options) (takeover.Counts, error)

func (o *importOptions) run(cmd *cobra.Command, move mover) error {
	dsn, err := o.dsn()
	if err != nil {
		return client.Usage(err)
	}
	useLocalSecrets()
	cfg, err := config.Load()
	if err != nil {
		return err
	}
	if cfg.MySQLDSN == "" {
		return client.Usage(errNoDSN)
	}
	zone, err := time.LoadLocation(cmp.Or(o.zone, cfg.TimeZone))
	if err != nil {
		return client.Usage(fmt.Errorf("--zone: %w", err))
	}
	db, err := database.Open(cfg.MySQLDSN, database.Options{Pool: 2})
	if err != nil {
		return err
	}
	counts, err := o.move(cmd, o.target(cfg, db, zone), source{dsn, zone}, move)
	if err = errors.Join(err, db.Close()); err != nil {
		if errors.Is(err, database.ErrUnavailable) {
			return client.Unreachable("the move was not finished", err)
		}
		return plain(err)
	}
	if n := counts.LeftOut(); n > 0 {
		return fmt.Errorf("%d left out", n)
	}
	return nil
}

// source is where the move begins.
type source struct {
	dsn  string
	zone *time.Location
}

// target needs neither Redis nor keys: nobody is told of what is taken over.
func (o *importOptions) target(cfg config.Config, db *database.DB, zone *time.Location) takeover.Target {
	o.Listeners = cmp.Or(o.Listeners, cfg.Listeners)
	st := store.New(db)
	w := workflow.New(st, nil, zone, nil)
	w.SetCode(workflow.Code{Listeners: cfg.Listeners, Scripts: cfg.Scripts})
	return takeover.Target{Store: st, Workflow: w}
}

func (o *importOptions) move(cmd *cobra.Command, to takeover.Target, from source, move mover) (takeover.Counts, error) {
	out := lines{newReport(cmd.OutOrStdout(), cmd.ErrOrStderr(), o.asJSON, "instances")}
	o.Told, o.Progress = out.print, out.progress.Set
	counts, err := move(cmd.Context(), to, from.dsn, from.zone, o.Options)
	out.progress.Clear()
	out.sum(counts, o.DryRun)
	return counts, errors.Join(err, out.err)
}

// lines print the report while it is made.
type lines struct{ report }

func (l *lines) print(one takeover.Line) {
	name := ""
	if one.Name != "" {
		name = " (" + one.Name + ")"
	}
	text := fmt.Sprintf("%-8s %s %s%s\n", one.Outcome, one.Kind, one.ID, name)
	for _, p := range one.Problems {
		text += "         why: " + p + "\n"
	}
	for _, n := range one.Notes {
		text += "         note: " + n + "\n"
	}
	l.thing(one, text)
}

func (l *lines) sum(counts takeover.Counts, dry bool) {
	var text strings.Builder
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		of := counts[kind]
		fmt.Fprintf(&text, "%s: %d taken, %d here already, %d left out", kind, of[takeover.Taken], of[takeover.Already], of[takeover.LeftOut])
		if n := of[takeover.Absent]; n > 0 {
			fmt.Fprintf(&text, ", %d not there", n)
		}
		text.WriteString("\n")
	}
	if dry {
		text.WriteString("This was a dry run: nothing was written.\n")
	}
	l.thing(map[string]any{"counts": counts, "dryRun": dry}, text.String())
}
