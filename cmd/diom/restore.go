package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	vault "diom.io/workflow/shared/backup"
)

func restoreCommand() *cobra.Command {
	var o backupOptions
	var at string
	cmd := o.flags(&cobra.Command{
		Use:   "restore <backup>",
		Short: "Copy a backup into an empty database",
		Long: "Copies a backup, or the newest one (latest), into the database of DIOM_MYSQL_DSN, which must be empty. All of the backup is verified before the first write, " +
			"and each table is compared afterwards.\n" +
			"With --at it goes on from there with the increments of diom archive, to the last transaction that began at a time or before (2026-11-30T01:15:00+08:00), to a transaction (its GTID, 0-1-4711), or to their end (end); latest is then the newest backup from before that.\n" +
			"It needs the secret " + vault.SecretIdentity + ". Start the product afterwards with an empty Redis.",
		Example: "  diom restore latest\n  diom restore latest --at end\n  diom restore latest --at 2026-11-30T01:15:00+08:00\n  diom restore 20261128T020000.000Z-1a2b3c4d --from /mnt/copy",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			ctx, stop := untilSignal(cmd)
			defer stop()
			v, to, err := o.open()
			if err != nil {
				return err
			}
			if to.DSN == "" {
				return errNoDSN
			}
			if err := tellPassedOver(cmd, v, arguments[0]); err != nil {
				return err
			}
			if at != "" {
				return restoreAt(cmd, o, v, to, target{arguments[0], at})
			}
			tell, done := progress(cmd, "restore")
			m, err := v.Restore(ctx, arguments[0], to, tell)
			done()
			if err != nil {
				return err
			}
			return o.print(cmd, m, func(w io.Writer) {
				fmt.Fprintf(w, "restored %s: %d rows of %d tables, as they were at %s\n", m.ID, m.Rows(), len(m.Tables), m.Started.Format("2006-01-02 15:04:05 MST"))
			})
		},
	}, "from")
	cmd.Flags().StringVar(&at, "at", "", "a time (RFC 3339), a GTID, or end")
	return cmd
}

// target is a backup and a point in time after it.
type target struct{ backup, at string }

// point reads what --at says.
func (t target) point() (vault.Point, error) {
	if t.at == "end" {
		return vault.Point{}, nil
	}
	if at, err := time.Parse(time.RFC3339, t.at); err == nil {
		return vault.Point{Time: at}, nil
	}
	if strings.Count(t.at, "-") == 2 && !strings.ContainsAny(t.at, ":T ") {
		return vault.Point{GTID: t.at}, nil
	}
	return vault.Point{}, fmt.Errorf("--at %q is no time such as 2026-11-30T01:15:00+08:00, no GTID such as 0-1-4711, and not end", t.at)
}

func restoreAt(cmd *cobra.Command, o backupOptions, v *vault.Vault, to vault.Database, t target) error {
	point, err := t.point()
	if err != nil {
		return err
	}
	tell, done := progress(cmd, "restore")
	m, reached, err := v.RestoreAt(cmd.Context(), t.backup, point, to, tell)
	done()
	if err != nil {
		return err
	}
	return o.print(cmd, struct {
		Backup  vault.Manifest `json:"backup"`
		Reached vault.Reached  `json:"reached"`
	}{m, reached}, func(w io.Writer) {
		fmt.Fprintf(w, "restored %s and %d transactions after it, the last one %s of %s\n", m.ID, reached.Transactions, reached.GTID, reached.At.Format("2006-01-02 15:04:05 MST"))
	})
}

// progress shows a bar on standard error where that is a terminal. The second function takes it away.
func progress(cmd *cobra.Command, what string) (vault.Progress, func()) {
	file, is := cmd.ErrOrStderr().(*os.File)
	if !is || !term.IsTerminal(int(file.Fd())) {
		return nil, func() {}
	}
	bar := progressbar.NewOptions64(-1, progressbar.OptionSetWriter(file), progressbar.OptionSetDescription(what), progressbar.OptionShowBytes(true),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetPredictTime(true), progressbar.OptionFullWidth())
	return func(done, total int64) {
		if bar.GetMax64() != total {
			bar.ChangeMax64(total)
		}
		_ = bar.Set64(done) // a terminal that does not take it is no reason to stop
	}, func() { _ = bar.Clear() }
}
