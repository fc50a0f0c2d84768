package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/signal"
	"slices"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	vault "diom.io/workflow/shared/backup"
	"diom.io/workflow/shared/config"
)

// backupOptions are the flags that the commands about backups share.
type backupOptions struct {
	dir  string // instead of DIOM_BACKUP_DIR
	json bool
	due  bool
}

func (o *backupOptions) flags(cmd *cobra.Command, direction string) *cobra.Command {
	cmd.Flags().StringVar(&o.dir, direction, "", "where the backups are: a directory, or s3://bucket/prefix (default DIOM_BACKUP_DIR)")
	cmd.Flags().BoolVar(&o.json, "json", false, "print JSON")
	return cmd
}

// open prepares the vault; the database to restore into is the product's.
func (o *backupOptions) open() (*vault.Vault, vault.Database, error) {
	useLocalSecrets()
	var to vault.Database
	cfg, err := config.Load()
	if err != nil {
		return nil, to, err
	}
	to.DSN = cfg.MySQLDSN
	settings, err := vault.LoadSettings(cfg)
	if err != nil {
		return nil, to, err
	}
	v, err := vault.Open(settings.At(o.dir))
	return v, to, err
}

// source opens the backups and says which database they are of.
func (o *backupOptions) source() (*vault.Vault, vault.Database, error) {
	v, _, err := o.open()
	if err != nil {
		return nil, vault.Database{}, err
	}
	from := vault.Database{DSN: v.Settings().DSN}
	if from.DSN == "" {
		return nil, from, errNoDSN
	}
	return v, from, nil
}

// untilSignal ends with Ctrl-C, so that what was begun is cleaned up.
func untilSignal(cmd *cobra.Command) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
}

func backupCommand() *cobra.Command {
	var o backupOptions
	cmd := o.flags(&cobra.Command{
		Use:   "backup",
		Short: "Copy the database to a directory or a bucket",
		Long: "Makes a backup of the database of DIOM_BACKUP_MYSQL_DSN or DIOM_MYSQL_DSN in DIOM_BACKUP_DIR and deletes those that are older than DIOM_BACKUP_KEEP; with --to it deletes none.\n" +
			"It is encrypted for DIOM_BACKUP_RECIPIENT and signed with the secret " + vault.SecretSigning + "; the secret " + vault.SecretIdentity + " does for both.",
		Example: "  diom backup key --to /etc/diom/secrets\n  DIOM_BACKUP_DIR=/srv/backup diom backup\n  diom restore latest",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return makeBackup(cmd, o) },
	}, "to")
	cmd.Flags().BoolVar(&o.due, "if-due", false, "make one only if it is due by DIOM_BACKUP_SCHEDULE")
	cmd.AddCommand(backupListCommand(), backupVerifyCommand(), backupCopyCommand(), backupDrillCommand(), backupKeyCommand())
	return cmd
}

func makeBackup(cmd *cobra.Command, o backupOptions) error {
	ctx, stop := untilSignal(cmd)
	defer stop()
	v, from, err := o.source()
	if err != nil {
		return err
	}
	if o.due {
		round, err := v.RunDue(ctx, from, 0)
		if err != nil {
			return err
		}
		return o.print(cmd, round, func(w io.Writer) {
			if !round.Made {
				fmt.Fprintf(w, "none is due before %s\n", round.Next.Format(time.RFC3339))
				return
			}
			fmt.Fprintf(w, "made %s: %d rows, %s; deleted %d old ones\n", round.ID, round.Rows, size(round.Bytes), len(round.Deleted))
		})
	}
	tell, done := progress(cmd, "backup")
	m, err := v.Make(ctx, from, tell)
	done()
	if err != nil {
		return err
	}
	if o.dir == "" {
		if _, err := v.Prune(ctx, time.Now()); err != nil {
			return fmt.Errorf("made %s, but old ones could not be deleted: %w", m.ID, err)
		}
	}
	return o.print(cmd, m, func(w io.Writer) {
		fmt.Fprintf(w, "made %s: %d rows of %d tables, %s, in %s (%s)\n", m.ID, m.Rows(), len(m.Tables), size(m.Bytes()),
			m.Finished.Sub(m.Started).Round(time.Millisecond), m.Snapshot.Method)
	})
}

func backupListCommand() *cobra.Command {
	var o backupOptions
	return o.flags(&cobra.Command{
		Use: "list", Short: "List the backups, newest first", Args: cobra.NoArgs,
		Long: "Lists the backups with what a glance tells: whole, partial (never finished), damaged, or unreadable with these keys. Only verify reads what is in them.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			v, _, err := o.open()
			if err != nil {
				return err
			}
			entries, err := v.List(cmd.Context())
			if err != nil {
				return err
			}
			return o.print(cmd, entries, func(w io.Writer) { printEntries(w, entries) })
		},
	}, "from")
}

func printEntries(w io.Writer, entries []vault.Entry) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "BACKUP\tSTATE\tROWS\tSIZE\tDATABASE\tENVIRONMENT\tPROBLEM")
	for _, e := range entries {
		if m := e.Manifest; m != nil {
			fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%s\t%s\t%s\n", e.ID, e.State, m.Rows(), size(m.Bytes()), m.Database, m.Environment, e.Problem)
		} else {
			fmt.Fprintf(table, "%s\t%s\t\t\t\t\t%s\n", e.ID, e.State, e.Problem)
		}
	}
	_ = table.Flush() // an error of standard output has nowhere to go
}

func backupVerifyCommand() *cobra.Command {
	var o backupOptions
	return o.flags(&cobra.Command{
		Use: "verify [backup]", Short: "Read all of a backup and check it", Args: cobra.MaximumNArgs(1),
		Long: "Checks the signature, reads, decrypts and decompresses each object, and counts and compares the rows with what was in the database. Without a name the newest one is meant.",
		RunE: func(cmd *cobra.Command, arguments []string) error {
			ctx, stop := untilSignal(cmd)
			defer stop()
			v, _, err := o.open()
			if err != nil {
				return err
			}
			name := named(arguments)
			if err := tellPassedOver(cmd, v, name); err != nil {
				return err
			}
			tell, done := progress(cmd, "verify")
			m, err := v.Verify(ctx, name, tell)
			done()
			if err != nil {
				return err
			}
			tell, done = progress(cmd, "verify")
			reached, missing, err := v.VerifyLog(ctx, m.ID, tell)
			done()
			if err != nil {
				return err
			}
			return o.print(cmd, m, func(w io.Writer) {
				fmt.Fprintf(w, "%s is whole: %d rows of %d tables, %s\n", m.ID, m.Rows(), len(m.Tables), size(m.Bytes()))
				if reached.Transactions > 0 {
					fmt.Fprintf(w, "its increments are whole: %d transactions, up to %s of %s\n", reached.Transactions, reached.GTID, reached.At.Format(time.RFC3339))
				}
				if missing != "" {
					fmt.Fprintf(w, "between them and %s a part of the binary log is missing\n", missing)
				}
			})
		},
	}, "from")
}

func named(arguments []string) string {
	if len(arguments) == 0 {
		return vault.Latest
	}
	return arguments[0]
}

// tellPassedOver says on standard error which newer backups are not the latest whole one, and why.
func tellPassedOver(cmd *cobra.Command, v *vault.Vault, name string) error {
	if name != vault.Latest {
		return nil
	}
	entries, err := v.List(cmd.Context())
	whole := slices.IndexFunc(entries, func(e vault.Entry) bool { return e.State == vault.Whole })
	for _, e := range entries[:max(whole, 0)] {
		fmt.Fprintf(cmd.ErrOrStderr(), "diom: passing over %s, which is newer but %s: %s\n", e.ID, e.State, e.Problem)
	}
	return err
}

func backupKeyCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use: "key", Short: "Make the keys of the backups", Args: cobra.NoArgs,
		Long: "Makes the files " + vault.SecretIdentity + ", which reads backups, and " + vault.SecretSigning + ", which signs them, and prints the recipient, which is public.\n" +
			"Keep a copy of " + vault.SecretIdentity + " where neither the database nor the backups are: without it no backup can be read. Files that exist are never overwritten.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			useLocalSecrets()
			cfg, err := config.Load()
			if err != nil {
				return err
			}
			recipient, err := vault.GenerateKeys(cmp.Or(dir, cfg.SecretsDir))
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "DIOM_BACKUP_RECIPIENT=%s\n", recipient)
			return err
		},
	}
	cmd.Flags().StringVar(&dir, "to", "", "the directory of the two files (default DIOM_SECRETS_DIR)")
	return cmd
}

// print writes value as JSON where that is wanted, or else what text writes.
func (o *backupOptions) print(cmd *cobra.Command, value any, text func(io.Writer)) error {
	if !o.json {
		text(cmd.OutOrStdout())
		return nil
	}
	encoder := json.NewEncoder(cmd.OutOrStdout())
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// size is a number of bytes for people.
func size(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	value, prefix := float64(n)/unit, 0
	for value >= unit && prefix < 3 {
		value, prefix = value/unit, prefix+1
	}
	return fmt.Sprintf("%.1f %ciB", value, "KMGT"[prefix])
}
