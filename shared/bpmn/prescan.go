package bpmn

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"

	"diom.io/workflow/shared/excerpt"
)

// The bounds of one file. They are far above what a person draws and keep a hostile file from
// costing more than a large honest one.
const (
	maxElements   = 20_000
	maxAttributes = 64
	maxDepth      = 64
	maxText       = 64 << 10
)

// place is what the prescan knows of one element and etree does not: its line, its namespace and
// those of its attributes, in the order of the attributes in the file.
type place struct {
	line       int
	space      string
	attributes []string
}

// scanner is the state of the counting pass that runs before etree, which accepts most of what is
// refused here (two roots, empty input, duplicate attributes, undeclared prefixes, directives).
type scanner struct {
	decoder *xml.Decoder
	scope   scope
	open    []openElement
	places  []place
	line    int // of the start of the token at hand
	first   bool
}

type openElement struct {
	name     xml.Name // as written: prefix and local name
	line     int
	text     int // bytes of its own text, white space between children not counted
	declared []string
}

// prescan refuses text, which must be UTF-8, unless it is one well-formed document with namespaces
// within the bounds. The places are those of its elements in document order.
func prescan(text []byte) ([]place, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, refuse(ErrEmpty, 1, "the file is empty", "Upload the BPMN file as the modeler saved it.")
	}
	s := &scanner{decoder: xml.NewDecoder(bytes.NewReader(text)), scope: newScope(), first: true}
	s.decoder.CharsetReader = sameReader
	for {
		s.line, _ = s.decoder.InputPos()
		token, err := s.decoder.RawToken()
		if errors.Is(err, io.EOF) {
			return s.places, s.end()
		}
		if err != nil {
			return nil, s.syntax(err)
		}
		if err := s.token(token); err != nil {
			return nil, err
		}
		s.first = false
	}
}

func (s *scanner) token(token xml.Token) error {
	switch t := token.(type) {
	case xml.StartElement:
		return s.start(t)
	case xml.EndElement:
		return s.finish(t)
	case xml.CharData:
		return s.text(t)
	case xml.Directive:
		return refuse(ErrDoctype, s.line, "the file has a document type or another <! directive",
			"Remove the <!DOCTYPE …> line; BPMN files need none.")
	case xml.ProcInst:
		if t.Target != "xml" || !s.first {
			return refuse(ErrInstruction, s.line, "the file has the processing instruction "+clip(t.Target),
				"Remove it; only the XML declaration at the very beginning is allowed.")
		}
	}
	return nil
}

func (s *scanner) start(t xml.StartElement) error {
	if len(s.open) == 0 && len(s.places) > 0 {
		return refuse(ErrTwoRoots, s.line, "a second root element begins here: "+clip(t.Name.Local),
			"Keep one definitions element a file.")
	}
	switch {
	case len(s.places) == maxElements:
		return s.limit("more than %d elements", maxElements)
	case len(t.Attr) > maxAttributes:
		return s.limit("more than %d attributes on one element", maxAttributes)
	case len(s.open) == maxDepth:
		return s.limit("elements nested deeper than %d", maxDepth)
	}
	element := openElement{name: t.Name, line: s.line}
	for _, a := range t.Attr {
		if len(a.Value) > maxText {
			return s.limit("an attribute longer than %d bytes", maxText)
		}
		prefix, declares := declaration(a.Name)
		if !declares {
			continue
		}
		if !s.scope.declare(prefix, a.Value) {
			return refuse(ErrNotWellFormed, s.line, "the namespace declaration of "+clip(prefix)+" is not allowed", fixSyntax)
		}
		element.declared = append(element.declared, prefix)
	}
	found, err := s.resolve(t)
	if err != nil {
		return err
	}
	s.places = append(s.places, found)
	s.open = append(s.open, element)
	return nil
}

// resolve finds the namespaces of an element and of its attributes and refuses two attributes of
// the same resolved name.
func (s *scanner) resolve(t xml.StartElement) (place, error) {
	found := place{line: s.line, attributes: make([]string, len(t.Attr))}
	var err error
	if found.space, err = s.space(t.Name, true); err != nil {
		return place{}, err
	}
	for i, a := range t.Attr {
		if found.attributes[i], err = s.space(a.Name, false); err != nil {
			return place{}, err
		}
		for j := range i {
			if found.attributes[j] == found.attributes[i] && t.Attr[j].Name.Local == a.Name.Local {
				return place{}, refuse(ErrDuplicateAttribute, s.line,
					"the element has the attribute "+clip(a.Name.Local)+" twice", "Remove one of them.")
			}
		}
	}
	return found, nil
}

// space returns the namespace of a name; the default namespace is for elements alone
// (Namespaces in XML 1.0 §6.2).
func (s *scanner) space(name xml.Name, element bool) (string, error) {
	if !validName(name) {
		return "", refuse(ErrNotWellFormed, s.line, clip(name.Local)+" is not a qualified name", fixSyntax)
	}
	if _, declares := declaration(name); declares && !element {
		return spaceXMLNS, nil
	}
	if name.Space == "" && !element {
		return "", nil
	}
	space, known := s.scope.space(name.Space)
	if !known {
		return "", refuse(ErrUndeclaredPrefix, s.line, "the prefix "+clip(name.Space)+" is not declared",
			`Add xmlns:`+clip(name.Space)+`="…" to the definitions element.`)
	}
	return space, nil
}

func (s *scanner) finish(t xml.EndElement) error {
	if len(s.open) == 0 {
		return refuse(ErrNotWellFormed, s.line, "an end tag without a start tag: "+clip(t.Name.Local), fixSyntax)
	}
	last := s.open[len(s.open)-1]
	if last.name != t.Name {
		return refuse(ErrNotWellFormed, s.line, fmt.Sprintf("element %s of line %d is closed by %s",
			clip(last.name.Local), last.line, clip(t.Name.Local)), fixSyntax)
	}
	s.scope.leave(last.declared)
	s.open = s.open[:len(s.open)-1]
	return nil
}

func (s *scanner) text(t xml.CharData) error {
	if len(t) > maxText {
		return s.limit("a text longer than %d bytes", maxText)
	}
	if len(bytes.TrimSpace(t)) == 0 {
		return nil
	}
	if len(s.open) == 0 {
		return refuse(ErrNotWellFormed, s.line, "text outside the root element", fixSyntax)
	}
	last := &s.open[len(s.open)-1]
	if last.text += len(t); last.text > maxText {
		return s.limit("a text longer than %d bytes", maxText)
	}
	return nil
}

func (s *scanner) end() error {
	if len(s.open) > 0 {
		last := s.open[len(s.open)-1]
		return refuse(ErrNotWellFormed, last.line, "element "+clip(last.name.Local)+" is not closed", fixSyntax)
	}
	if len(s.places) == 0 {
		return refuse(ErrNotWellFormed, 1, "the file holds no element", fixSyntax)
	}
	return nil
}

func (s *scanner) syntax(err error) error {
	var e *xml.SyntaxError
	if errors.As(err, &e) {
		return refuse(ErrNotWellFormed, e.Line, clip(e.Msg), fixSyntax)
	}
	return refuse(ErrNotWellFormed, s.line, clip(err.Error()), fixSyntax)
}

func (s *scanner) limit(format string, bound int) error {
	return refuse(ErrLimit, s.line, fmt.Sprintf("the file has "+format, bound), "Split the model or remove what is not part of the process.")
}

// clip bounds a text from the file that is quoted in a problem: a report must not be longer than
// what it reports.
func clip(text string) string { return excerpt.Bytes(text, 200) }
