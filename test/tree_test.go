// Package test holds the tests of the repository as a whole: its layers, its sizes, and the product
// from outside.
package test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const module = "diom.io/workflow"

// file is one Go source of the module.
type file struct {
	path  string // from the root, with slashes
	text  []byte
	ast   *ast.File
	fset  *token.FileSet
	lines int
}

func (f file) pkg() string  { return path.Dir(f.path) }
func (f file) isTest() bool { return strings.HasSuffix(f.path, "_test.go") }
func (f file) name() string { return path.Base(f.path) }

// imports returns the paths that the file imports; those of the module without its name.
func (f file) imports() []string {
	list := make([]string, 0, len(f.ast.Imports))
	for _, spec := range f.ast.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			panic(err) // the parser has read it
		}
		list = append(list, strings.TrimPrefix(name, module+"/"))
	}
	return list
}

func parse(name, text string) (file, error) {
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	return file{path: name, text: []byte(text), ast: tree, fset: fset, lines: bytes.Count([]byte(text), []byte("\n"))}, err
}

// planted is a source that a checker must find something in.
func planted(t *testing.T, name, text string) file {
	t.Helper()
	f, err := parse(name, text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

var tree = sync.OnceValues(func() ([]file, error) {
	var files []file
	root := os.DirFS("..")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skip(root, name)
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		f, err := parse(filepath.ToSlash(name), string(text))
		files = append(files, f)
		return err
	})
	return files, err
})

// skip leaves out what belongs to no package of this module.
func skip(root fs.FS, name string) error {
	base := path.Base(name)
	if name != "." && (strings.HasPrefix(base, ".") || slices.Contains([]string{"testdata", "node_modules", "dist"}, base)) {
		return fs.SkipDir
	}
	if _, err := fs.Stat(root, path.Join(name, "go.mod")); err == nil && name != "." {
		return fs.SkipDir
	}
	return nil
}

func sources(t *testing.T) []file {
	t.Helper()
	files, err := tree()
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 50 {
		t.Fatalf("only %d sources were found", len(files))
	}
	return files
}

func report(t *testing.T, breaches []string) {
	t.Helper()
	for _, b := range breaches {
		t.Error(b)
	}
}

// at is a position as editors know it.
func (f file) at(pos token.Pos) string {
	return fmt.Sprintf("%s:%d", f.path, f.fset.Position(pos).Line)
}
