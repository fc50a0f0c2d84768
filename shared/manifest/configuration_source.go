package manifest

import (
	"cmp"
	"errors"
	"go/ast"
	"go/token"
	"go/types"
	"io/fs"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// declaredSettings are the settings of one package: the fields with an env tag, and what os.Getenv and its
// kin are asked for, which is a constant with a comment, or declared elsewhere.
func declaredSettings(root fs.FS, directory string) ([]setting, error) {
	files, err := parsePackage(root, directory)
	if err != nil {
		return nil, err
	}
	var list []setting
	constants := map[string]setting{}
	for _, g := range declarations(files) {
		if g.Tok == token.CONST {
			namedTexts(g, constants)
		}
	}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.StructType:
				list = append(list, tagged(n)...)
			case *ast.CallExpr:
				if s, ok := read(n, constants); ok {
					list = append(list, s)
				}
			}
			return true
		})
	}
	for i := range list {
		list[i].where = directory
	}
	return list, nil
}

// namedTexts are the constants of a declaration that are texts, with their comments.
func namedTexts(g *ast.GenDecl, into map[string]setting) {
	for _, spec := range g.Specs {
		v, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		comment := v.Doc
		if comment == nil {
			comment = v.Comment
		}
		if comment == nil && len(g.Specs) == 1 {
			comment = g.Doc
		}
		for i, value := range v.Values {
			if text := literal(value); text != "" && i < len(v.Names) {
				into[v.Names[i].Name] = setting{name: text, kind: kinds["string"], text: prose(comment)}
			}
		}
	}
}

// tagged are the fields of a struct that caarlos0/env fills. Their comments name fields; what is written
// names settings.
func tagged(structure *ast.StructType) []setting {
	var list []setting
	names := map[string]string{} // of settings, by field
	for _, f := range structure.Fields.List {
		if f.Tag == nil {
			continue
		}
		text, _ := strconv.Unquote(f.Tag.Value) // the parser has accepted it
		tag := reflect.StructTag(text)
		name, _, _ := strings.Cut(tag.Get("env"), ",")
		if name == "" {
			continue
		}
		meaning := prose(f.Doc)
		if meaning == "" {
			meaning = prose(f.Comment)
		}
		names[f.Names[0].Name] = name
		list = append(list, setting{name: name, kind: kinds[types.ExprString(f.Type)], fallback: tag.Get("envDefault"), text: meaning})
	}
	for i := range list {
		list[i].text = identifier.ReplaceAllStringFunc(strings.ReplaceAll(list[i].text, "<", "&lt;"), func(word string) string {
			if name := names[word]; name != "" {
				return "`" + name + "`"
			}
			return word
		})
	}
	return list
}

var identifier = regexp.MustCompile(`\b[A-Z]\w*\b`)

// read is what a call reads from the environment.
func read(call *ast.CallExpr, constants map[string]setting) (setting, bool) {
	if !selects(call.Fun, "os", "Getenv") && !selects(call.Fun, "os", "LookupEnv") || len(call.Args) != 1 {
		return setting{}, false
	}
	if name, ok := call.Args[0].(*ast.Ident); ok {
		if s, known := constants[name.Name]; known {
			return s, true
		}
	}
	return setting{name: cmp.Or(literal(call.Args[0]), types.ExprString(call.Args[0])), kind: kinds["string"]}, true
}
