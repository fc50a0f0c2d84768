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

// served is `diom serve`: every function behind the gateway in a process of its own, with its log
// written as it would be in production.
type served struct {
	command  *exec.Cmd
	log      *os.File
	address  string
	database string
	dir      string
}

// serveProduct starts the binary over p's database, with keys by which p's tokens are good; without a
// binary it builds one.
func serveProduct(ctx context.Context, s *servers, p *product, binary string) (*served, error) {
	v := &served{database: p.database}
	var err error
	if v.dir, err = os.MkdirTemp("", "diom-bench-*"); err != nil {
		return nil, err
	}
	if err := os.CopyFS(v.dir, os.DirFS(p.secrets)); err != nil {
		return nil, errors.Join(err, v.stop())
	}
	if binary == "" {
		binary = filepath.Join(v.dir, "diom")
		say("goal 2: building ./cmd/diom")
		build := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/diom") //nolint:gosec // a path of ours
		build.Stderr, build.Env = os.Stderr, append(os.Environ(), "CGO_ENABLED=0")
		if err := build.Run(); err != nil {
			return nil, errors.Join(fmt.Errorf("go build ./cmd/diom (from the root of the repository): %w", err), v.stop())
		}
	}
	if err := v.start(ctx, s, binary); err != nil {
		return nil, errors.Join(err, v.stop())
	}
	return v, nil
}

func (v *served) start(ctx context.Context, s *servers, binary string) error {
	ports, err := local.FreePorts(1)
	if err != nil {
		return err
	}
	v.address = net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[0]))
	if v.log, err = os.Create(filepath.Join(v.dir, "diom.log")); err != nil {
		return err
	}
	v.command = exec.Command(binary, "serve") //nolint:noctx // the product; stop ends it in its own way
	v.command.Stdout, v.command.Stderr = v.log, v.log
	v.command.Env = append(os.Environ(), "PORT=", "DIOM_ADDR="+v.address, "DIOM_MYSQL_DSN="+s.dsn(v.database, nil), "DIOM_REDIS_URL="+s.redisURL,
		"DIOM_SECRETS_DIR="+v.dir, "DIOM_FUNCTION_URL=")
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
