package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"diom.io/workflow/cmd/diom/local"
)

const patience = 20 * time.Second

// built returns the product's binary: the one that is there, or one that is built into a directory.
func built(ctx context.Context, binary, dir string) (string, error) {
	if binary != "" {
		return binary, nil
	}
	binary = filepath.Join(dir, "diom")
	say("building ./cmd/diom")
	if err := goBuild(ctx, binary, "./cmd/diom"); err != nil {
		return "", err
	}
	return binary, nil
}

// goBuild builds a package of the repository as its images are built.
func goBuild(ctx context.Context, program, of string, flags ...string) error {
	arguments := append(append([]string{"build", "-trimpath", "-ldflags=-s -w", "-o", program}, flags...), of)
	build := exec.CommandContext(ctx, "go", arguments...) //nolint:gosec // paths of ours
	build.Stderr, build.Env = os.Stderr, append(os.Environ(), "CGO_ENABLED=0")
	if err := build.Run(); err != nil {
		return fmt.Errorf("go build %s (from the root of the repository): %w", of, err)
	}
	return nil
}

// served is `diom serve`: every function behind the gateway in a process of its own, with its log
// written as it would be in production.
type served struct {
	command  *exec.Cmd
	log      *os.File
	address  string
	database string
	dir      string
}

// serveProduct starts the binary over p's database, with keys by which p's tokens are good.
func serveProduct(ctx context.Context, s *servers, p *product, binary string, environment ...string) (*served, error) {
	v := &served{database: p.database}
	var err error
	if v.dir, err = os.MkdirTemp("", "diom-bench-*"); err != nil {
		return nil, err
	}
	if err := os.CopyFS(v.dir, os.DirFS(p.secrets)); err != nil {
		return nil, errors.Join(err, v.stop())
	}
	if err := v.start(ctx, s, binary, []string{"serve"}, environment); err != nil {
		return nil, errors.Join(err, v.stop())
	}
	return v, nil
}

func (v *served) start(ctx context.Context, s *servers, binary string, arguments, environment []string) error {
	ports, err := local.FreePorts(1)
	if err != nil {
		return err
	}
	v.address = net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[0]))
	if v.log, err = os.Create(filepath.Join(v.dir, "diom.log")); err != nil {
		return err
	}
	v.command = exec.Command(binary, arguments...) //nolint:gosec,noctx // the product; stop ends it in its own way
	v.command.Stdout, v.command.Stderr = v.log, v.log
	v.command.Env = append(os.Environ(), "PORT=", "DIOM_ADDR="+v.address, "DIOM_MYSQL_DSN="+s.dsn(v.database, nil), "DIOM_REDIS_URL="+s.redisURL,
		"DIOM_SECRETS_DIR="+v.dir, "DIOM_FUNCTION_URL=")
	v.command.Env = append(v.command.Env, environment...)
	if err := v.command.Start(); err != nil {
		return err
	}
	return v.ready(ctx)
}

func (v *served) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+v.address+"/_/ready", nil)
		if err != nil {
			return err
		}
		if response, err := http.DefaultClient.Do(request); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			said, _ := os.ReadFile(v.log.Name()) // what could be read says more than nothing
			return fmt.Errorf("the product is not ready after %s: %s", patience, said)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// stop ends the process: SIGINT drains at once.
func (v *served) stop() error {
	var err error
	if v.command != nil && v.command.Process != nil {
		if err = v.command.Process.Signal(syscall.SIGINT); err == nil {
			err = v.command.Wait()
		}
	}
	if v.log != nil {
		err = errors.Join(err, v.log.Close())
	}
	return errors.Join(err, os.RemoveAll(v.dir))
}
