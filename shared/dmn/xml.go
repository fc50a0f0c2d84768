package dmn

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"diom.io/workflow/shared/excerpt"
	"diom.io/workflow/shared/fault"
)

// The bounds of one file.
const (
	defaultMaxBytes = 4 << 20
	maxElements     = 100_000
	maxDepth        = 100
)

// node is an element of the file with its namespaces resolved and its line.
type node struct {
	space, local string
	line         int
	attributes   []xml.Attr
	children     []*node
	text         string
}

// The namespaces of DMN 1.1 to 1.5, in both forms of their address, and the extensions.
const (
	spaceCamunda = "http://camunda.org/schema/1.0/dmn"
	spaceDIOM    = "https://diom.io/schema/dmn/1.0"
)

var versions = map[string]string{
	"20151101/dmn.xsd": "1.1", "20151101": "1.1", "20180521/MODEL/": "1.2", "20191111/MODEL/": "1.3", "20211108/MODEL/": "1.4", "20230324/MODEL/": "1.5",
	"20240513/MODEL/": "1.6",
}

// version returns the version of DMN that a namespace stands for, or "".
func version(space string) string {
	for _, prefix := range [...]string{"http://www.omg.org/spec/DMN/", "https://www.omg.org/spec/DMN/"} {
		if rest, ok := strings.CutPrefix(space, prefix); ok {
			return versions[rest]
		}
	}
	return ""
}

// errEncoding: the declaration names an encoding that is not read as UTF-8. Others might read another model.
var errEncoding = errors.New("the XML declaration names another encoding than UTF-8")

func asUTF8(label string, input io.Reader) (io.Reader, error) {
	if strings.EqualFold(label, "us-ascii") || strings.EqualFold(label, "ascii") {
		return input, nil
	}
	return nil, errEncoding
}

// parse reads XML 1.0 in UTF-8 without a document type and without processing instructions.
func parse(data []byte) (*node, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		return nil, malformed(1, "the file is not UTF-8")
	}
	t := tree{decoder: xml.NewDecoder(bytes.NewReader(data))}
	t.decoder.CharsetReader = asUTF8
	for {
		line, _ := t.decoder.InputPos()
		token, err := t.decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, unreadable(err, line)
		}
		if err := t.add(token, line); err != nil {
			return nil, err
		}
		t.begun = true
	}
	if t.root == nil {
		return nil, malformed(1, "the file holds no element")
	}
	return t.root, nil
}

func unreadable(err error, line int) error {
	var syntax *xml.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return malformed(syntax.Line, syntax.Msg)
	case errors.Is(err, errEncoding):
		return malformed(line, errEncoding.Error())
	}
	return malformed(line, err.Error())
}

type tree struct {
	decoder *xml.Decoder
	begun   bool // behind the first token
	root    *node
	open    []*node
	count   int
}

func (t *tree) add(token xml.Token, line int) error {
	switch x := token.(type) {
	case xml.StartElement:
		return t.start(x, line)
	case xml.EndElement:
		t.open = t.open[:len(t.open)-1]
	case xml.CharData:
		if n := len(t.open); n > 0 {
			t.open[n-1].text += string(x)
		} else if len(bytes.TrimSpace(x)) > 0 {
			return malformed(line, "there is text outside the root element")
		}
	case xml.ProcInst:
		if x.Target != "xml" || t.begun {
			return malformed(line, "the file has a processing instruction")
		}
	case xml.Directive:
		return malformed(line, "the file has a document type or another <! directive")
	}
	return nil
}

func (t *tree) start(x xml.StartElement, line int) error {
	if t.count++; t.count > maxElements || len(t.open) >= maxDepth {
		return malformed(line, "the file has too many elements, or they nest too deep")
	}
	n := &node{space: x.Name.Space, local: x.Name.Local, line: line, attributes: append([]xml.Attr(nil), x.Attr...)}
	if len(t.open) > 0 {
		parent := t.open[len(t.open)-1]
		parent.children = append(parent.children, n)
	} else if t.root != nil {
		return malformed(line, "the file has more than one root element")
	} else {
		t.root = n
	}
	t.open = append(t.open, n)
	return nil
}

func malformed(line int, detail string) error {
	return ErrNotWellFormed.With(fault.Detail{
		Code: ErrNotWellFormed.Code, Line: line, Detail: sentence(detail), Fix: "Open the file in a DMN modeler, correct it there and save it again.",
	})
}

// raw returns an attribute without a namespace as it stands.
func (n *node) raw(local string) string {
	for _, a := range n.attributes {
		if a.Name.Local == local && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

// attr is raw without white space around it.
func (n *node) attr(local string) string { return strings.TrimSpace(n.raw(local)) }

// extension returns an attribute of the extension namespaces.
func (n *node) extension(local string) string {
	for _, a := range n.attributes {
		if a.Name.Local == local && (a.Name.Space == spaceCamunda || a.Name.Space == spaceDIOM) {
			return strings.TrimSpace(a.Value)
		}
	}
	return ""
}

// all returns the children of DMN with one of the names.
func (n *node) all(locals ...string) []*node {
	var list []*node
	for _, c := range n.children {
		for _, local := range locals {
			if c.local == local && c.space == n.space {
				list = append(list, c)
			}
		}
	}
	return list
}

// child returns the first of all, or nil.
func (n *node) child(locals ...string) *node {
	if n == nil {
		return nil
	}
	if list := n.all(locals...); len(list) > 0 {
		return list[0]
	}
	return nil
}

// body is the content of the text child, of the element itself in DMN 1.1's shorthand.
func (n *node) body() string {
	if n == nil {
		return ""
	}
	if t := n.child("text"); t != nil {
		return t.text
	}
	return n.text
}

func (n *node) subject() subject {
	return subject{n.attr("id"), n.raw("name"), n.line}
}

// subject is what a problem is about.
type subject struct {
	id, name string
	line     int
}

func clip(text string) string { return excerpt.Bytes(text, 200) }

// sentence gives text a capital and a full stop.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	if first := text[0]; 'a' <= first && first <= 'z' {
		text = string(first-'a'+'A') + text[1:]
	}
	if last := text[len(text)-1]; last != '.' && last != '!' && last != '?' {
		text += "."
	}
	return text
}
