package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	vault "diom.io/workflow/shared/backup"
)

func restoreCommand() *cobra.Command {
	var o backupOptions
	return o.flags(&cobra.Command{
		Use:   "restore <backup>",
		Short: "Copy a backup into an empty database",
		Long: "Copies a backup, or the newest one (latest), into the database of DIOM_MYSQL_DSN, which must be empty. All of the backup is verified before the first write, " +
			"and each table is compared afterwards.\n" +
			"It needs the secret " + vault.SecretIdentity + ". Start the product afterwards with an empty Redis.",
		Example: "  diom restore latest\n  diom restore 20261128T020000.000Z-1a2b3c4d --from /mnt/copy",
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
