// Command diom is DIOM Workflow: it serves its functions, migrates its database, generates its
// deployment files, and runs the whole product on one machine.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/spf13/cobra"

	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/telemetry"
)

func main() { os.Exit(run()) }

func run() int {
	err := root().ExecuteContext(context.Background())
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, "diom: "+err.Error())
	if command := (*exec.ExitError)(nil); errors.As(err, &command) && command.ExitCode() > 0 {
		return command.ExitCode()
	}
	return 1
}

func root() *cobra.Command {
	cmd := &cobra.Command{
		Use:           "diom",
		Short:         "DIOM Workflow: business processes in BPMN 2.0 on stateless functions",
		Version:       telemetry.Version(),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	cmd.AddCommand(serveCommand(), migrateCommand(), genCommand(), devCommand(), resetCommand(), userCommand(), backupCommand(), restoreCommand(), versionCommand())
	return cmd
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version of this binary", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), telemetry.Version())
			return err
		},
	}
}

// open prepares what a process holds, from its environment; errNoDSN where that names no database.
func open(ctx context.Context) (*faas.App, error) {
	cfg, err := config.Load()
	if err != nil {
		return nil, err
	}
	if cfg.MySQLDSN == "" {
		return nil, errNoDSN
	}
	return faas.OpenApp(ctx, cfg, telemetry.New(os.Stdout, cfg.LogLevel))
}
