// Package buckettest starts a real S3-compatible server for tests: the Versity S3 Gateway over a directory of
// the test's own, which `make storage` builds.
package buckettest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"diom.io/workflow/shared/bucket"
)

// variable names the program of the server.
const variable = "DIOM_S3_SERVER"

// Server is a running server. Its Address is that of an empty bucket.
type Server struct {
	bucket.Settings
	Address string
	// Dir holds the objects of the bucket, a file each.
	Dir string
}

// Start starts a server that ends with the test; without one to start the test is skipped.
func Start(t testing.TB) Server {
	t.Helper()
	program := os.Getenv(variable)
	if program == "" {
		t.Skip("no S3-compatible server: run `make storage`")
	}
	root := t.TempDir()
	s := Server{Address: "s3://diom-test/some/where", Dir: filepath.Join(root, "objects", "diom-test")}
	for _, dir := range []string{s.Dir, filepath.Join(root, "meta")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	address := freeAddress(t)
	ctx, cancel := context.WithCancel(context.Background())
	server := exec.CommandContext(ctx, program, "--quiet", "--port", address, "--access", "diom", "--secret", "diom-secret",
		"posix", "--sidecar", filepath.Join(root, "meta"), filepath.Dir(s.Dir))
	server.Stderr, server.Stdout = os.Stderr, os.Stderr
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = server.Wait() })
	await(t, address)
	s.Settings = bucket.Settings{Endpoint: "http://" + address, Region: "us-east-1", PathStyle: true, Secret: Secret}
	return s
}

// Secret is the server's.
func Secret(name string) (string, error) {
	switch name {
	case bucket.SecretAccess:
		return "diom", nil
	case bucket.SecretKey:
		return "diom-secret", nil
	}
	return "", nil
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func await(t testing.TB, address string) {
	t.Helper()
	var err error
	for range 300 {
		var c net.Conn
		if c, err = (&net.Dialer{}).DialContext(context.Background(), "tcp", address); err == nil {
			_ = c.Close()
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal(fmt.Errorf("the server does not listen: %w", err))
}
