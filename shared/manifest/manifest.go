// Package manifest writes what platforms and readers are told about the functions from what the
// functions say of themselves: stack.yml and stack.pro.yml (OpenFaaS), knative/base (Knative), the
// gateway's routes, who consumes our events, and tables under docs/.
// The files are committed; a test fails when they differ from what is generated.
package manifest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"diom.io/workflow/shared/faas"
)

// maxFunctions and maxReplicas are what OpenFaaS CE runs; beyond them it refuses to deploy, or every
// invocation. More replicas than that run on Knative only.
const (
	maxFunctions = 15
	maxReplicas  = 5
)

// header marks a generated YAML file.
const header = "# Generated from functions/*/handler.go by `make gen`; do not edit.\n"

// Generate returns the generated files by path from the repository's root, with slashes. It reads
// nothing. The error names the function that no platform would take.
func Generate(functions []faas.Function) (map[string][]byte, error) {
	functions = slices.Clone(functions)
	slices.SortFunc(functions, func(a, b faas.Function) int { return cmp.Compare(a.Name, b.Name) })
	if err := check(functions); err != nil {
		return nil, err
	}
	files := map[string][]byte{"docs/functions.md": functionsTable(functions), "docs/bpmn-support.md": supportTable()}
	for _, f := range functions {
		switch f.Name {
		case gateway:
			files[RoutesPath] = RoutesFile(functions)
		case receiver:
			files[ConsumersPath] = ConsumersFile(functions)
		}
	}
	var err error
	if files["docs/events.md"], err = eventsTable(functions); err != nil {
		return nil, err
	}
	events, err := asyncFiles(functions)
	if err != nil {
		return nil, err
	}
	maps.Copy(files, events)
	if files["stack.yml"], err = encode(stackOf(functions, community)); err != nil {
		return nil, err
	}
	if files["stack.pro.yml"], err = encode(stackOf(functions, pro)); err != nil {
		return nil, err
	}
	base, err := knative(functions)
	maps.Copy(files, base)
	return files, err
}

func check(functions []faas.Function) error {
	if len(functions) > maxFunctions {
		return fmt.Errorf("%d functions: OpenFaaS CE runs %d", len(functions), maxFunctions)
	}
	for i, f := range functions {
		if err := f.Check(); err != nil {
			return err
		}
		if i > 0 && functions[i-1].Name == f.Name {
			return fmt.Errorf("function %s: the name is given twice", f.Name)
		}
		l := f.Limits
		if l.Min < 0 || l.Min > replicas(f) {
			return fmt.Errorf("function %s: %d to %d replicas", f.Name, l.Min, replicas(f))
		}
		if _, err := mebibytes(memory(f)); err != nil {
			return fmt.Errorf("function %s: %w", f.Name, err)
		}
		if err := checkSchedule(f); err != nil {
			return err
		}
	}
	if n := connections(functions); n > MaxConnections*4/5 {
		return fmt.Errorf("the functions may take %d connections to MySQL: lower a pool or a number of replicas, %d of %d are theirs", n, MaxConnections*4/5, MaxConnections)
	}
	return nil
}

func encode(value any) ([]byte, error) {
	text, err := yaml.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("yaml: %w", err)
	}
	return append([]byte(header), text...), nil
}

// File is a generated file that this package does not know: its path from the root, with slashes, and what
// it holds.
type File struct {
	Path    string
	Content []byte
}

// Files returns every generated file: Generate's, the others, and those for which it reads the Go sources
// under root, docs/errors.md, docs/configuration.md and openapi.yaml.
func Files(root string, functions []faas.Function, others ...File) (map[string][]byte, error) {
	files, err := Generate(functions)
	if err != nil {
		return nil, err
	}
	for _, f := range others {
		files[f.Path] = f.Content
	}
	sources := os.DirFS(root)
	if files["docs/errors.md"], err = errorsTable(sources); err != nil {
		return nil, err
	}
	if files["docs/configuration.md"], err = configurationTable(sources, functions); err != nil {
		return nil, err
	}
	document, err := openAPI(sources, functions)
	for _, path := range openAPIPaths {
		files[path] = document
	}
	return files, err
}

// Check lists the files under root that differ from what is generated, that are missing, and those in
// knative/base that nothing generates; sorted.
func Check(root string, functions []faas.Function, others ...File) ([]string, error) {
	files, err := Files(root, functions, others...)
	if err != nil {
		return nil, err
	}
	differ, err := strangers(root, files)
	if err != nil {
		return nil, err
	}
	for path, want := range files {
		got, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path))) //nolint:gosec // the paths are our own
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if err != nil || !bytes.Equal(got, want) {
			differ = append(differ, path)
		}
	}
	slices.Sort(differ)
	return differ, nil
}

// Write makes the files under root what Check wants and returns those it changed.
func Write(root string, functions []faas.Function, others ...File) ([]string, error) {
	changed, err := Check(root, functions, others...)
	if err != nil {
		return nil, err
	}
	files, err := Files(root, functions, others...)
	if err != nil {
		return nil, err
	}
	for _, path := range changed {
		target := filepath.Join(root, filepath.FromSlash(path))
		content, wanted := files[path]
		if !wanted {
			err = os.Remove(target)
		} else if err = os.MkdirAll(filepath.Dir(target), 0o755); err == nil { //nolint:gosec // files of a source tree
			err = os.WriteFile(target, content, 0o644) //nolint:gosec // files of a source tree
		}
		if err != nil {
			return nil, err
		}
	}
	return changed, nil
}

// strangers lists the files in knative/base that are not generated.
func strangers(root string, files map[string][]byte) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(root, filepath.FromSlash(knativeBase)))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var list []string
	for _, e := range entries {
		path := knativeBase + "/" + e.Name()
		if _, wanted := files[path]; !wanted && strings.HasSuffix(path, ".yaml") {
			list = append(list, path)
		}
	}
	return list, nil
}
