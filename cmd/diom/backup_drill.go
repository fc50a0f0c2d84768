package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	drill "diom.io/workflow/functions/backup"
	vault "diom.io/workflow/shared/backup"
)

var errNoDrill = errors.New("DIOM_BACKUP_DRILL_DSN is not set; it names a server on which a drill may make and drop databases")

func backupDrillCommand() *cobra.Command {
	var o backupOptions
	return o.flags(&cobra.Command{
		Use: "drill [backup]", Short: "Restore a backup into a scratch database and try it", Args: cobra.MaximumNArgs(1),
		Long: "Restores a backup, without a name the newest one, into a database of its own on the server of DIOM_BACKUP_DRILL_DSN, compares each table with what the backup says, checks it as diom check does,\n" +
			"goes on with an instance that waits, and drops the database. The signed result lies beside the backup. It needs the secret " + vault.SecretIdentity + ". The exit code is 1 when the backup does not pass.",
		Example: "  DIOM_BACKUP_DRILL_DSN='drill:…@tcp(scratch:3306)/' diom backup drill",
		RunE: func(cmd *cobra.Command, arguments []string) error {
			ctx, stop := untilSignal(cmd)
			defer stop()
			v, _, err := o.open()
			if err != nil {
				return err
			}
			dsn := v.Settings().DrillDSN
			if dsn == "" {
				return errNoDrill
			}
			c, err := v.Drill(ctx, named(arguments), vault.Database{DSN: dsn}, drill.Rehearse)
			if err != nil {
				return err
			}
			return o.print(cmd, c, func(w io.Writer) { printDrill(w, c) })
		},
	}, "from")
}

func printDrill(w io.Writer, c vault.Check) {
	d := c.Drill
	fmt.Fprintf(w, "%s passes: %d rows of %d tables are as they were, %d instances hold", c.Backup, d.Rows, d.Tables, d.Instances)
	switch {
	case d.Instance == "":
		fmt.Fprint(w, ", none waited that could go on")
	case d.Ended:
		fmt.Fprintf(w, ", %s went on to its end", d.Instance)
	default:
		fmt.Fprintf(w, ", %s went on", d.Instance)
	}
	fmt.Fprintf(w, "; %.1f s\n", c.Finished.Sub(c.Started).Seconds())
}
