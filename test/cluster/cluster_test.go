package cluster

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"diom.io/workflow/test/producttest"
)

// patience is how long something may take that has to happen; nothing asserts how long it took.
const patience = time.Minute

func TestMain(m *testing.M) { os.Exit(producttest.Main(m)) }

// isolated fails a test outside of a network of its own: what it starts listens at every address.
func isolated(t *testing.T) {
	t.Helper()
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range interfaces {
		if i.Flags&net.FlagLoopback == 0 {
			t.Fatalf("there is a network (%s) beside loopback: run `make cluster`", i.Name)
		}
	}
}

// tool returns the path of a program that `make cluster` has built.
func tool(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(os.Getenv("DIOM_CLUSTER_BIN"), name)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: run `make cluster`", err)
	}
	return path
}

// build returns the documents of a kustomization, a path below the root of the repository.
func build(t *testing.T, path string) [][]byte {
	t.Helper()
	root, err := producttest.Root()
	if err != nil {
		t.Fatal(err)
	}
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	content, err := resources.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	return documents(t, content)
}

func documents(t *testing.T, content []byte) (all [][]byte) {
	t.Helper()
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content)))
	for {
		document, err := reader.Read()
		switch {
		case errors.Is(err, io.EOF):
			return all
		case err != nil:
			t.Fatal(err)
		case len(bytes.TrimSpace(document)) > 0:
			all = append(all, document)
		}
	}
}

// until waits for something to become true.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for !is() {
		select {
		case <-ctx.Done():
			t.Fatalf("it does not happen that %s", what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
