// Command diom is DIOM Workflow: it serves its functions, migrates and checks its database, generates its
// deployment files, runs the whole product on one machine, and is the command line for those who use it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	_ "time/tzdata" // an image need not have the time zones

	"github.com/spf13/cobra"

	"diom.io/workflow/cmd/diom/client"
	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/telemetry"
)

func main() { os.Exit(run()) }

func run() int {
	line := commandLine{arguments: os.Args[1:], in: os.Stdin, out: os.Stdout, err: os.Stderr}
	return line.run(context.Background())
}

// commandLine is one call of diom.
type commandLine struct {
	arguments []string
	in        io.Reader
	out, err  io.Writer
}

// run executes the command line and returns its exit code. What fails before a command begins is the
// fault of the line.
func (l commandLine) run(ctx context.Context) int {
	cmd := server()
	if len(l.arguments) == 0 || l.arguments[0] != "serve" {
		modelling(cmd)
		people(cmd)
	}
	var began bool
	follow(cmd, func() { began = true })
	cmd.SetArgs(l.arguments)
	cmd.SetIn(l.in)
	cmd.SetOut(l.out)
	cmd.SetErr(l.err)
	called, err := cmd.ExecuteContextC(ctx)
	if err == nil {
		return 0
	}
	if !began {
		err = client.Usage(err)
	}
	asJSON := called.Flags().Lookup("json")
	client.Report(l.err, asJSON != nil && asJSON.Value.String() == "true", err)
	if command := (*exec.ExitError)(nil); errors.As(err, &command) && command.ExitCode() > 0 {
		return command.ExitCode()
	}
	return client.ExitCode(err)
}

// follow tells when a command begins, and lets one that only groups others refuse what is none of them.
func follow(cmd *cobra.Command, begin func()) {
	for _, child := range cmd.Commands() {
		follow(child, begin)
	}
	inner := cmd.RunE
	switch {
	case inner != nil:
		cmd.RunE = func(cmd *cobra.Command, arguments []string) error {
			begin()
			return inner(cmd, arguments)
		}
	case cmd.HasParent() && cmd.HasSubCommands():
		cmd.RunE = func(cmd *cobra.Command, arguments []string) error {
			if len(arguments) == 0 {
				return cmd.Help()
			}
			return fmt.Errorf("unknown command %q for %q; there are: %s", arguments[0], cmd.CommandPath(), strings.Join(below(cmd), ", "))
		}
	}
}

func below(cmd *cobra.Command) []string {
	var list []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			list = append(list, c.Name())
		}
	}
	return list
}

const (
	serverGroup = "server"

	exitCodes = "Exit codes: 0 done; 1 refused, or something is wrong; 2 the command line is wrong; 3 nobody answers, or there is no log-in that is still good."
)

// root returns every command.
func root() *cobra.Command {
	cmd := server()
	modelling(cmd)
	people(cmd)
	return cmd
}

// server returns the commands that run an installation.
func server() *cobra.Command {
	cmd := &cobra.Command{
		Use:           "diom",
		Short:         "DIOM Workflow: business processes in BPMN 2.0 on stateless functions",
		Long:          "DIOM Workflow: business processes in BPMN 2.0 on stateless functions.\n\n" + exitCodes,
		Version:       telemetry.Version(),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	cmd.AddGroup(&cobra.Group{ID: serverGroup, Title: "To run an installation:"})
	for _, c := range []*cobra.Command{serveCommand(), migrateCommand(), checkCommand(), backupCommand(), restoreCommand(), importCommand(), archiveCommand(), auditCommand(), keysCommand(), devCommand(), resetCommand(), genCommand(), dmnCommand(), topCommand(), versionCommand()} {
		c.GroupID = serverGroup
		cmd.AddCommand(c)
	}
	return cmd
}

// people adds the commands that speak to an installation. A process that serves does without them.
func people(cmd *cobra.Command) {
	cmd.AddGroup(&cobra.Group{ID: client.Group, Title: "To work with a running installation, once logged in:"})
	for _, c := range client.Commands() {
		if c.Name() == "user" {
			withDatabase(c)
		}
		cmd.AddCommand(c)
	}
}

// open prepares what a process holds, from its environment; errNoDSN where that names no database.
func open(ctx context.Context) (*faas.App, error) {
	cfg, err := configured()
	if err != nil {
		return nil, err
	}
	return faas.OpenApp(ctx, cfg, telemetry.New(os.Stdout, cfg.LogLevel))
}

func configured() (config.Config, error) {
	cfg, err := config.Load()
	if err == nil && cfg.MySQLDSN == "" {
		err = errNoDSN
	}
	return cfg, err
}

// openServer is open for a process that serves: it logs to files where a directory is given. closing ends both.
func openServer(ctx context.Context, name string) (app *faas.App, closing func() error, err error) {
	cfg, err := configured()
	if err != nil {
		return nil, nil, err
	}
	tel, closeLog := telemetry.New(os.Stdout, cfg.LogLevel), func() error { return nil }
	if cfg.LogDir != "" {
		if closeLog, err = tel.LogTo(cfg.LogDir, name, telemetry.UsualLimits); err != nil {
			return nil, nil, fmt.Errorf("DIOM_LOG_DIR: %w", err)
		}
	}
	app, err = faas.OpenApp(ctx, cfg, tel)
	if err != nil {
		return nil, nil, errors.Join(err, closeLog())
	}
	return app, func() error { return errors.Join(app.Close(), closeLog()) }, nil
}
