package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"diom.io/workflow/cmd/diom/local"
	"diom.io/workflow/migrations"
	"diom.io/workflow/shared/access"
	vault "diom.io/workflow/shared/backup"
	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/demo"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/telemetry"
)

func devCommand() *cobra.Command {
	var separate, services, binaryLog bool
	cmd := &cobra.Command{
		Use:   "dev [-- command]",
		Short: "Run the whole product on this machine",
		Long: "Starts a private MariaDB and Redis under DIOM_HOME (.diom), migrates, and serves at DIOM_ADDR (127.0.0.1:8080) until Ctrl-C.\n" +
			"DIOM_MYSQL_DSN and DIOM_REDIS_URL name servers of yours instead; DIOM_DEMO=1 loads the demo company with its history (docs/demo.md).\n\n" +
			"With --services it starts the servers alone, for tests, and prints their addresses; a command after -- is run with them and its end is the end.",
		RunE: func(cmd *cobra.Command, arguments []string) error {
			say := sayer(cmd.OutOrStdout())
			s := local.NewSupervisor(say)
			ctx, release := interruptible(cmd.Context(), s)
			defer release()
			if services {
				return runServices(ctx, s, say, binaryLog, arguments)
			}
			if len(arguments) > 0 {
				return errors.New("a command is run with --services only")
			}
			return runProduct(ctx, s, say, separate)
		},
	}
	cmd.Flags().BoolVar(&separate, "functions", false, "run every function as two processes of its own behind the gateway")
	cmd.Flags().BoolVar(&services, "services", false, "start MariaDB and Redis alone, for tests")
	cmd.Flags().BoolVar(&binaryLog, "binlog", false, "with --services: let MariaDB write its binary log, each commit on disk")
	cmd.MarkFlagsMutuallyExclusive("functions", "services")
	return cmd
}

// sayer prints whole lines, from several goroutines.
func sayer(w io.Writer) func(format string, arguments ...any) {
	var mu sync.Mutex
	return func(format string, arguments ...any) {
		mu.Lock()
		defer mu.Unlock()
		_, _ = fmt.Fprintf(w, format+"\n", arguments...) // a closed terminal stops nothing
	}
}

// interruptible returns a context that ends with the first SIGINT or SIGTERM; the second one makes s
// hurry.
func interruptible(parent context.Context, s *local.Supervisor) (context.Context, func()) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		<-signals
		cancel()
		<-signals
		s.Hurry()
	}()
	return ctx, func() { signal.Stop(signals); cancel() }
}

// runProduct serves until ctx ends, which is no error.
func runProduct(ctx context.Context, s *local.Supervisor, say func(string, ...any), separate bool) error {
	h, err := local.OpenHome(home(), say)
	if err != nil {
		return err
	}
	defer func() { _ = h.Close() }() // the process ends, and with it the lock
	address, err := freeAddress(ctx)
	if err != nil {
		return err
	}
	err = start(ctx, h, s, product{say: say, address: address, separate: separate})
	if err == nil {
		say("ready: %s", address.url())
		offer(say, address.url())
		<-ctx.Done()
		say("stopping")
	}
	s.Stop()
	if err != nil && ctx.Err() == nil {
		return err
	}
	say("stopped; the data stays in %s", h.Dir)
	return nil
}

// product is what start serves.
type product struct {
	say      func(string, ...any)
	address  address
	separate bool
}

// start brings up the servers, the schema, the demo and the functions, in this order.
func start(ctx context.Context, h *local.Home, s *local.Supervisor, p product) error {
	servers, err := h.StartServers(ctx, s, os.Getenv("DIOM_MYSQL_DSN") != "", os.Getenv("DIOM_REDIS_URL") != "")
	if err != nil {
		return err
	}
	if servers.DSN != "" {
		servers.DSN += local.Database
	}
	if err := errors.Join(access.GenerateKeys(h.Secrets()), h.Remember(servers), environment(h, p.address)); err != nil {
		return err
	}
	if servers.DSN != "" {
		if err := keepBackups(h); err != nil {
			return err
		}
	}
	if err := prepareDatabase(ctx, p.say); err != nil {
		return err
	}
	if p.separate {
		return startSeparate(ctx, s, h, p)
	}
	p.say("starting %d functions in one process (log: %s)", len(functions), h.Log("diom"))
	command, err := process(h, "diom", p.address)
	if err != nil {
		return err
	}
	return s.Start(ctx, patience, command)
}

// environment sets what this process and the functions that it starts read.
func environment(h *local.Home, a address) error {
	settings := map[string]string{"DIOM_SECRETS_DIR": h.Secrets(), "DIOM_ADDR": a.String()}
	if _, set := os.LookupEnv("DIOM_COOKIE_SECURE"); !set && a.loopback() {
		settings["DIOM_COOKIE_SECURE"] = "false" // plain http, and nothing leaves the machine
	}
	errs := []error{os.Unsetenv("PORT")}
	for name, value := range settings {
		errs = append(errs, os.Setenv(name, value))
	}
	return errors.Join(errs...)
}

// keepBackups lets the backups of the private database lie beside it, unless the environment says where they are.
func keepBackups(h *local.Home) error {
	if _, set := os.LookupEnv("DIOM_BACKUP_DIR"); set {
		return nil
	}
	if _, err := os.Stat(filepath.Join(h.Secrets(), vault.SecretIdentity)); errors.Is(err, fs.ErrNotExist) {
		if _, err := vault.GenerateKeys(h.Secrets()); err != nil {
			return err
		}
	}
	return os.Setenv("DIOM_BACKUP_DIR", h.Backups())
}

// prepareDatabase migrates and, where DIOM_DEMO asks for it, loads the demo company.
func prepareDatabase(ctx context.Context, say func(string, ...any)) error {
	cfg, err := config.Load()
	if err != nil {
		return err
	}
	say("migrating the database")
	app, err := faas.OpenApp(ctx, cfg, telemetry.New(io.Discard, cfg.LogLevel))
	if err != nil {
		return err
	}
	if err := app.Cache.Ping(ctx); err != nil {
		say("Redis does not answer (%v): the product is slower without it, and goes on", err)
	}
	err = app.DB.Migrate(ctx, migrations.Files, app.Telemetry.Log)
	if err != nil && os.Getenv("DIOM_MYSQL_DSN") != "" {
		err = fmt.Errorf("DIOM_MYSQL_DSN: %w", err)
	}
	if err == nil && cfg.Demo {
		say("loading the demo: log in as zhangwei, wangfang or admin with the password %s", access.DemoPassword)
		err = app.Access.LoadDemo(ctx)
	}
	if err == nil && cfg.Demo && cfg.DemoHistory {
		err = history(ctx, app, say)
	}
	if err == nil {
		err = hintAdministrator(ctx, app, say)
	}
	return errors.Join(err, app.Close())
}

// history writes that of the demo company, once. A demo without it is still one: what fails is told.
func history(ctx context.Context, app *faas.App, say func(string, ...any)) error {
	err := demo.History(ctx, demo.Options{
		Config: app.Config, DB: app.DB, Store: app.Store, Access: app.Access, Log: app.Telemetry.Log, Source: app.Source(), Say: say,
	})
	if err != nil && ctx.Err() == nil {
		say("the history of the demo is not complete: %v", err)
		return nil
	}
	return err
}

// offer prints how an order is placed.
func offer(say func(string, ...any), url string) {
	if cfg, err := config.Load(); err != nil || !cfg.Demo || !cfg.DemoHistory {
		return
	}
	for _, o := range []struct {
		what   string
		amount int
	}{{"place an order", 1280}, {"place an order whose payment fails", demo.BadAmount}} {
		if command, err := demo.Curl(url, o.amount, time.Now()); err == nil {
			say("%s:\n  %s", o.what, command)
		}
	}
}

// hintAdministrator says how the first administrator is made where there is none: there is no default password.
func hintAdministrator(ctx context.Context, app *faas.App, say func(string, ...any)) error {
	found, err := app.Store.HasAdmin(ctx)
	if err == nil && !found {
		say("there is no administrator yet: diom user create --admin NAME makes one")
	}
	return err
}

// address is where the gateway listens.
type address struct{ *net.TCPAddr }

// freeAddress is DIOM_ADDR, which nobody must listen at yet; a port 0 becomes a free one.
func freeAddress(ctx context.Context) (address, error) {
	text := os.Getenv("DIOM_ADDR")
	if text == "" {
		text = "127.0.0.1:8080"
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", text)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return address{}, fmt.Errorf("%s is taken by another process: stop that one, or choose another address, for example DIOM_ADDR=127.0.0.1:8081", text)
	case err != nil:
		return address{}, fmt.Errorf("DIOM_ADDR: %w", err)
	}
	bound, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		err = fmt.Errorf("DIOM_ADDR: %s is no TCP address", text)
	}
	return address{bound}, errors.Join(err, listener.Close())
}

func (a address) loopback() bool { return a.IP.IsLoopback() }

func (a address) url() string {
	if a.IP.IsUnspecified() {
		return fmt.Sprintf("http://127.0.0.1:%d", a.Port)
	}
	return "http://" + a.String()
}

func resetCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "reset",
		Short: "Delete the private databases under DIOM_HOME, those of the tests too",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			say := sayer(cmd.OutOrStdout())
			for _, dir := range []string{home(), filepath.Join(home(), "test")} {
				h, err := local.OpenHome(dir, say)
				if err != nil {
					return err
				}
				if err := errors.Join(h.Reset(), h.Close()); err != nil {
					return err
				}
			}
			say("the databases under %s are deleted", home())
			return nil
		},
	}
}
