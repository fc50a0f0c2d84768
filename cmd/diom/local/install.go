package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// programs are the binaries that a local run needs and the system's packages that bring them. The
// package mariadb-server would start a server of the machine itself, -core has the binary alone.
var programs = []struct {
	binary   string
	packages []string
}{
	{"mariadbd", []string{"mariadb-server-core", "mariadb-client-core"}},
	{"mariadb-install-db", []string{"mariadb-server-core", "mariadb-client-core"}},
	{"redis-server", []string{"redis-server"}},
}

// find returns the path of a binary; the system's folders count even where PATH lacks them, as an
// ordinary user's does.
func find(binary string) (string, error) {
	if path, err := exec.LookPath(binary); err == nil {
		return path, nil
	}
	for _, dir := range []string{"/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin"} {
		if path, err := exec.LookPath(filepath.Join(dir, binary)); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not installed", binary)
}

// missing returns the packages to install.
func missing() []string {
	var packages []string
	for _, p := range programs {
		if _, err := find(p.binary); err == nil {
			continue
		}
		for _, name := range p.packages {
			if !strings.Contains(" "+strings.Join(packages, " ")+" ", " "+name+" ") {
				packages = append(packages, name)
			}
		}
	}
	return packages
}

// Install brings MariaDB and Redis from the system's packages where they are missing, and says so. It
// needs root, or sudo that asks for no password; otherwise the error is the one command to run.
func (h *Home) Install(ctx context.Context) error {
	packages := missing()
	if len(packages) == 0 {
		return nil
	}
	command := "apt-get update && apt-get install -y --no-install-recommends " + strings.Join(packages, " ")
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("MariaDB and Redis are needed and this system has no apt-get: install mariadbd, mariadb-install-db and redis-server, or name servers of yours by DIOM_MYSQL_DSN and DIOM_REDIS_URL")
	}
	shell := []string{"sh", "-c", command}
	if os.Geteuid() != 0 {
		shell = append([]string{"sudo", "-n"}, shell...)
		if err := exec.CommandContext(ctx, "sudo", "-n", "true").Run(); err != nil {
			return fmt.Errorf("MariaDB and Redis are missing, and installing them needs root: run\n\n    sudo sh -c '%s'\n\nand start again", command)
		}
	}
	h.say("installing %s from the system's packages (log: %s)", strings.Join(packages, ", "), h.Log("install"))
	log, err := os.OpenFile(h.Log("install"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return notWritable(h.Dir, err)
	}
	defer log.Close()
	cmd := exec.CommandContext(ctx, shell[0], shell[1:]...) //nolint:gosec // the command that is printed
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	cmd.Stdout, cmd.Stderr = log, log
	// apt-get that is killed leaves dpkg half done.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", command, err, explain(tail(h.Log("install"))))
	}
	if still := missing(); len(still) > 0 {
		return errors.New("installed, but not found: " + strings.Join(still, ", "))
	}
	return nil
}
