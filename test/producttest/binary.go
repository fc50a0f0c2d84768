// Package producttest runs the product as platforms do, as processes of one built binary, speaks to
// it by HTTP, and judges by SQL what it left behind.
package producttest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// BinaryVariable names a diom that has been built already; otherwise the tests build one.
const BinaryVariable = "DIOM_TEST_BINARY"

var (
	errNoModule = errors.New("no go.mod above the working directory")
	buildDir    = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "diom-test-") })
	binary      = sync.OnceValues(build)
)

// Main is for TestMain: it runs the tests and removes the binary that they had built.
func Main(m *testing.M) int {
	code := m.Run()
	if dir, err := buildDir(); err == nil {
		_ = os.RemoveAll(dir) // the system's temporary directory
	}
	return code
}

// Binary returns the path of diom, built on the first call of a test process.
func Binary(t testing.TB) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func build() (string, error) {
	if path := os.Getenv(BinaryVariable); path != "" {
		return path, nil
	}
	root, err := Root()
	if err != nil {
		return "", err
	}
	dir, err := buildDir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "diom")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", path, "./cmd/diom")
	cmd.Dir = root
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build diom: %w\n%s", err, output)
	}
	return path, nil
}

// Root returns the directory of the module.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "cmd", "diom", "main.go")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errNoModule
		}
		dir = parent
	}
}
