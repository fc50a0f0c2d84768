package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"diom.io/workflow/cmd/diom/local"
)

const (
	patience     = time.Minute
	readyTimeout = 3 * time.Second
	replicas     = 2
	gatewayName  = "gateway"
	// The server on which tests make databases of their own; `diom dev --services` starts one where it is empty.
	testMySQL = "DIOM_TEST_MYSQL_DSN"
	// The Redis whose databases tests use, likewise.
	testRedis = "DIOM_TEST_REDIS_URL"
)

// process is the command that serves a function at an address; name "diom" is all of them.
func process(h *local.Home, name string, a address, env ...string) (local.Command, error) {
	self, err := os.Executable()
	if err != nil {
		return local.Command{}, err
	}
	arguments := []string{"serve"}
	log := h.Log(name)
	if name != "diom" {
		arguments = append(arguments, name)
		log = h.Log(fmt.Sprintf("%s-%d", name, a.Port))
	}
	return local.Command{
		Name: fmt.Sprintf("%s at %s", name, a), Path: self, Arguments: arguments, Log: log,
		Env: append(append(os.Environ(), "DIOM_ADDR="+a.String()), env...),
		// SIGINT drains at once; SIGTERM would first wait for a platform to notice.
		Stop:  syscall.SIGINT,
		Ready: func(ctx context.Context) error { return askReady(ctx, a) },
	}, nil
}

// askReady returns nil when the process at an address says that it is ready.
func askReady(ctx context.Context, a address) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.url()+"/_/ready", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10)) // what could be read says more than nothing
		return fmt.Errorf("status %d: %s", response.StatusCode, strings.TrimSpace(string(body)))
	}
	return nil
}

// placed is one process of a function.
type placed struct {
	function string
	address  address
}

// place gives each function but the gateway free loopback ports, no two the same, and says by which
// DIOM_FUNCTION_URL they are reached.
func place() (all []placed, urls string, err error) {
	ports, err := local.FreePorts(replicas * (len(functions) - 1))
	if err != nil {
		return nil, "", err
	}
	var entries []string
	for _, name := range names() {
		if name == gatewayName {
			continue
		}
		var list []string
		for _, port := range ports[:replicas] {
			a := address{&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}}
			all = append(all, placed{name, a})
			list = append(list, a.url())
		}
		ports = ports[replicas:]
		entries = append(entries, name+"="+strings.Join(list, "|"))
	}
	return all, strings.Join(entries, ","), nil
}

// separateEnvironment is what a process of one function has beside its address: where the others are,
// which it reaches as on a platform, and that no platform calls its scheduled passes.
func separateEnvironment(urls string) []string {
	return []string{"DIOM_FUNCTION_URL=" + urls, "DIOM_SCHEDULE=1", "DIOM_MYSQL_POOL=8"}
}

// startSeparate starts two processes a function on free ports and the gateway before them.
func startSeparate(ctx context.Context, s *local.Supervisor, h *local.Home, p product) error {
	all, urls, err := place()
	if err != nil {
		return err
	}
	env := separateEnvironment(urls)
	var commands []local.Command
	for _, one := range all {
		command, err := process(h, one.function, one.address, env...)
		if err != nil {
			return err
		}
		commands = append(commands, command)
	}
	p.say("starting %d processes of %d functions (logs: %s)", len(commands), len(commands)/replicas, filepath.Dir(h.Log("")))
	if err := s.Start(ctx, patience, commands...); err != nil {
		return err
	}
	gateway, err := process(h, gatewayName, p.address, env...)
	if err != nil {
		return err
	}
	return s.Start(ctx, patience, gateway)
}

// runServices starts the servers for tests under <DIOM_HOME>/test, apart from those of a running
// product, and runs a command with them or waits for the end of ctx.
func runServices(ctx context.Context, s *local.Supervisor, say func(string, ...any), binaryLog bool, command []string) error {
	servers := local.Servers{DSN: os.Getenv(testMySQL), URL: os.Getenv(testRedis)}
	if servers.DSN != "" && servers.URL != "" {
		say("using the servers of %s and %s", testMySQL, testRedis)
		return runCommand(ctx, servers, command)
	}
	h, err := local.OpenHome(filepath.Join(home(), "test"), say)
	if err != nil {
		return err
	}
	defer func() { _ = h.Close() }() // the process ends, and with it the lock
	h.BinaryLog = binaryLog
	servers, err = h.StartServers(ctx, s, false, false)
	if err == nil && len(command) > 0 {
		err = runCommand(ctx, servers, command)
	} else if err == nil {
		say("export %s='%s'\nexport %s='%s'\nready: Ctrl-C stops both", testMySQL, servers.DSN, testRedis, servers.URL)
		<-ctx.Done()
	}
	s.Stop()
	return err
}

// runCommand runs a command, on this process's own terminal, with the servers in its environment.
func runCommand(ctx context.Context, servers local.Servers, command []string) error {
	if len(command) == 0 {
		return nil
	}
	cmd := exec.CommandContext(ctx, command[0], command[1:]...) //nolint:gosec // the caller's own command
	cmd.Env = append(os.Environ(), testMySQL+"="+servers.DSN, testRedis+"="+servers.URL)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	return cmd.Run()
}
