package manifest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strings"
)

// parsePackage returns the sources of a package in the order of their names, without its tests.
func parsePackage(root fs.FS, directory string) ([]*ast.File, error) {
	entries, err := fs.ReadDir(root, directory)
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		text, err := fs.ReadFile(root, path.Join(directory, e.Name()))
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(token.NewFileSet(), e.Name(), text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

// declarations are the types, constants and variables of a package.
func declarations(files []*ast.File) []*ast.GenDecl {
	var list []*ast.GenDecl
	for _, file := range files {
		for _, d := range file.Decls {
			if g, ok := d.(*ast.GenDecl); ok {
				list = append(list, g)
			}
		}
	}
	return list
}

// prose is the text of a comment: one line, but for one that holds a table.
func prose(comment *ast.CommentGroup) string {
	text := strings.TrimSpace(comment.Text())
	if strings.Contains(text, "\n\t") {
		return strings.ReplaceAll(text, "\t", "    ") // YAML's literal blocks have no tabs
	}
	return strings.Join(strings.Fields(text), " ")
}
