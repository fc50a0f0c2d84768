package manifest

import (
	"errors"
	"go/ast"
	"go/token"
	"io/fs"
	"reflect"
	"strings"
)

// module begins the import path of every package of ours.
const module = "diom.io/workflow/"

// sources are the comments of types and fields and the constants of types, read from the Go sources of the
// packages that somebody asks for.
type sources struct {
	root   fs.FS
	loaded map[string]bool
	texts  map[string]string   // directory.Type or directory.Type.Field
	values map[string][]string // directory.Type
	err    error               // the first failure
}

func newSources(root fs.FS) *sources {
	return &sources{root: root, loaded: map[string]bool{}, texts: map[string]string{}, values: map[string][]string{}}
}

// text is the comment of a type, or of one of its fields, on one line.
func (s *sources) text(t reflect.Type, field string) string {
	key := s.key(t)
	if field != "" {
		key += "." + field
	}
	return s.texts[key]
}

// words are the values of the constants of a type of strings, in their order.
func (s *sources) words(t reflect.Type) []string { return s.values[s.key(t)] }

func (s *sources) key(t reflect.Type) string {
	dir := strings.TrimPrefix(t.PkgPath(), module)
	if !s.loaded[dir] && dir != t.PkgPath() {
		s.loaded[dir] = true
		if err := s.load(dir); err != nil && !errors.Is(err, fs.ErrNotExist) && s.err == nil {
			s.err = err
		}
	}
	name, _, _ := strings.Cut(t.Name(), "[")
	return dir + "." + name
}

func (s *sources) load(dir string) error {
	files, err := parsePackage(s.root, dir)
	for _, g := range declarations(files) {
		for _, spec := range g.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				s.addType(dir+"."+spec.Name.Name, g, spec)
			case *ast.ValueSpec:
				s.addWords(dir, g, spec)
			}
		}
	}
	return err
}

func (s *sources) addType(key string, g *ast.GenDecl, spec *ast.TypeSpec) {
	doc := spec.Doc
	if doc == nil {
		doc = g.Doc
	}
	s.texts[key] = prose(doc)
	structure, ok := spec.Type.(*ast.StructType)
	if !ok {
		return
	}
	for name, text := range fieldTexts(structure) {
		s.texts[key+"."+name] = text
	}
}

func (s *sources) addWords(dir string, g *ast.GenDecl, spec *ast.ValueSpec) {
	kind, ok := spec.Type.(*ast.Ident)
	if !ok || g.Tok != token.CONST {
		return
	}
	for _, value := range spec.Values {
		if text := literal(value); text != "" {
			s.values[dir+"."+kind.Name] = append(s.values[dir+"."+kind.Name], text)
		}
	}
}

// fieldTexts are the comments of the fields of a struct, those before them or else those behind.
func fieldTexts(structure *ast.StructType) map[string]string {
	texts := map[string]string{}
	for _, f := range structure.Fields.List {
		text := prose(f.Doc)
		if text == "" {
			text = prose(f.Comment)
		}
		for _, name := range f.Names {
			texts[name.Name] = text
		}
	}
	return texts
}
