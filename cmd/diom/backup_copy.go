package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	vault "diom.io/workflow/shared/backup"
)

var errDueNamed = errors.New("--if-due takes the newest backup, not one that is named")

func backupCopyCommand() *cobra.Command {
	var o backupOptions
	var to string
	cmd := o.flags(&cobra.Command{
		Use: "copy [backup]", Short: "Copy a backup and its increments to a second place", Args: cobra.MaximumNArgs(1),
		Long: "Copies a backup, without a name the newest one, and the increments that lead on from it, file by file as they are. Each is held against the signed manifest while it is copied, which\n" +
			"needs the secret " + vault.SecretSigning + " alone, and the manifest comes last. What is there already is not copied again: what was cut off goes on. Without --to copies that are older than\n" +
			"DIOM_BACKUP_COPY_KEEP are deleted afterwards, but never the newest one that is whole.",
		Example: "  diom backup copy --to s3://elsewhere/production\n  DIOM_BACKUP_COPY_TO=s3://elsewhere/production diom backup copy --if-due",
		RunE: func(cmd *cobra.Command, arguments []string) error {
			if o.due {
				return copyIfDue(cmd, o, arguments)
			}
			return copyBackup(cmd, o, named(arguments), to)
		},
	}, "from")
	cmd.Flags().StringVar(&to, "to", "", "the second place: a directory, or s3://bucket/prefix (default DIOM_BACKUP_COPY_TO)")
	cmd.Flags().BoolVar(&o.due, "if-due", false, "copy the newest one only if that is due by DIOM_BACKUP_COPY_SCHEDULE, to DIOM_BACKUP_COPY_TO")
	cmd.MarkFlagsMutuallyExclusive("if-due", "to")
	return cmd
}

func copyBackup(cmd *cobra.Command, o backupOptions, name, to string) error {
	ctx, stop := untilSignal(cmd)
	defer stop()
	v, _, err := o.open()
	if err != nil {
		return err
	}
	second, err := v.OffSite(to)
	if err != nil {
		return err
	}
	if err := tellPassedOver(cmd, v, name); err != nil {
		return err
	}
	tell, done := progress(cmd, "copy")
	c, err := v.CopyTo(ctx, name, second, tell)
	done()
	if err != nil {
		return err
	}
	if to == "" {
		if _, err := second.Prune(ctx, time.Now()); err != nil {
			return fmt.Errorf("copied %s, but old copies could not be deleted: %w", c.ID, err)
		}
	}
	return o.print(cmd, c, func(w io.Writer) { printCopied(w, c) })
}

func copyIfDue(cmd *cobra.Command, o backupOptions, arguments []string) error {
	if len(arguments) > 0 {
		return errDueNamed
	}
	ctx, stop := untilSignal(cmd)
	defer stop()
	v, from, err := o.source()
	if err != nil {
		return err
	}
	round, err := v.RunCopy(ctx, from, 0)
	if err != nil {
		return err
	}
	return o.print(cmd, round, func(w io.Writer) {
		if !round.Done {
			fmt.Fprintf(w, "none is due before %s\n", round.Next.Format(time.RFC3339))
			return
		}
		printCopied(w, round.Copied)
	})
}

func printCopied(w io.Writer, c vault.Copied) {
	fmt.Fprintf(w, "%s is copied with %d increments; %d files, %s, were not there before\n", c.ID, c.Increments, c.Objects, size(c.Bytes))
}
