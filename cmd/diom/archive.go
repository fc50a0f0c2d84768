package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	vault "diom.io/workflow/shared/backup"
	"diom.io/workflow/shared/fault"
)

// archiveAgain is how long an archive that was cut off rests before it goes on.
const archiveAgain = 5 * time.Second

func archiveCommand() *cobra.Command {
	var o backupOptions
	var once bool
	cmd := o.flags(&cobra.Command{
		Use:   "archive",
		Short: "Copy the binary log to the backups, as it grows",
		Long: "Copies what happens in the database of DIOM_BACKUP_MYSQL_DSN or DIOM_MYSQL_DSN after its last full backup into increments beside that, each change about a second after it was committed, until it is stopped. " +
			"What it has copied can be restored to any transaction: diom restore --at. A server that stops is waited for.\n" +
			"It needs MariaDB with log_bin and binlog_format=ROW, and REPLICATION SLAVE. With --once it copies what there is and ends: for a timer, every four hours for example.",
		Example: "  diom archive\n  diom archive --once",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return archive(cmd, o, once) },
	}, "to")
	cmd.Flags().BoolVar(&once, "once", false, "end with what was committed before the start")
	return cmd
}

func archive(cmd *cobra.Command, o backupOptions, once bool) error {
	ctx, stop := untilSignal(cmd)
	defer stop()
	v, from, err := o.source()
	if err != nil {
		return err
	}
	tell := func(a vault.Archived) {
		if once || o.json {
			_ = o.print(cmd, a, a.Print) // an error of standard output has nowhere to go
		}
	}
	for {
		err := v.Archive(ctx, from, once, tell)
		if once || ctx.Err() != nil || lasting(err) {
			return err
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "diom: the archive goes on in %s: %v\n", archiveAgain, err)
		select {
		case <-time.After(archiveAgain):
		case <-ctx.Done():
			return nil
		}
	}
}

// lasting reports whether it needs a person before an archive can go on.
func lasting(err error) bool {
	for _, one := range []*fault.Error{vault.ErrNoKey, vault.ErrRights, vault.ErrNoLog, vault.ErrUnsupported} {
		if errors.Is(err, one) {
			return true
		}
	}
	return false
}
