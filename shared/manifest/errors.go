package manifest

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"diom.io/workflow/shared/fault"
)

// sentinel is a fault that a package declares.
type sentinel struct {
	kind       fault.Kind
	code, text string
	where      string // the directory
}

// errorsTable is docs/errors.md: the kinds, and every code that a fault.New in the sources under
// functions/ and shared/ declares.
func errorsTable(root fs.FS) ([]byte, error) {
	list, err := sentinels(root)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString(tableHeader + "# Errors\n\nAn error answer is a problem document (RFC 9457); `code` is stable.\n\n" +
		"| kind | status | a broker is told to |\n|---|---|---|\n")
	verdicts := map[fault.Verdict]string{
		fault.Acknowledge: "count the event as done", fault.Retry: "deliver it again", fault.Reject: "put it into the dead letter",
	}
	for _, kind := range fault.Kinds() {
		fmt.Fprintf(&b, "| %s | %d | %s |\n", kind, kind.Status(), verdicts[kind.Verdict()])
	}
	b.WriteString("\nThe title and the detail are in English or, where `Accept-Language` prefers it, in Chinese: then the detail is the sentence below;\nwhat differs from case to case stands behind it, and in `errors`, in English.\n\n| code | status | meaning | 含义 | declared in |\n|---|---|---|---|---|\n")
	for _, s := range list {
		fmt.Fprintf(&b, "| `%s` | %d | %s | %s | %s |\n", s.code, s.kind.Status(), cell(s.text), cell(fault.Chinese(s.code)), s.where)
	}
	return b.Bytes(), nil
}

func sentinels(root fs.FS) ([]sentinel, error) {
	var list []sentinel
	for _, directory := range []string{"functions", "shared"} {
		err := fs.WalkDir(root, directory, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return err
			}
			found, err := declared(root, name)
			list = append(list, found...)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(list, func(a, b sentinel) int {
		return cmp.Or(cmp.Compare(a.code, b.code), cmp.Compare(a.where, b.where), cmp.Compare(a.text, b.text))
	})
	return slices.Compact(list), nil
}

// declared returns the sentinels of one file.
func declared(root fs.FS, name string) ([]sentinel, error) {
	source, err := fs.ReadFile(root, name)
	if err != nil {
		return nil, err
	}
	if !bytes.Contains(source, []byte("fault.New(")) {
		return nil, nil
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	kinds := map[string]fault.Kind{}
	for _, kind := range fault.Kinds() {
		kinds[strings.ReplaceAll(kind.String(), "_", "")] = kind
	}
	var list []sentinel
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || !selects(call.Fun, "fault", "New") || len(call.Args) != 3 {
			return true
		}
		kind, isKind := call.Args[0].(*ast.SelectorExpr)
		code, text := literal(call.Args[1]), literal(call.Args[2])
		if isKind && code != "" {
			list = append(list, sentinel{kinds[strings.ToLower(kind.Sel.Name)], code, text, path.Dir(name)})
		}
		return true
	})
	return list, nil
}

func selects(e ast.Expr, pkg, name string) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != name {
		return false
	}
	x, ok := s.X.(*ast.Ident)
	return ok && x.Name == pkg
}

// literal returns the value of a string literal or of literals joined by +, or "".
func literal(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			text, _ := strconv.Unquote(e.Value) // the parser has accepted it
			return text
		}
	case *ast.BinaryExpr:
		return literal(e.X) + literal(e.Y)
	}
	return ""
}
