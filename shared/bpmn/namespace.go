package bpmn

import (
	"encoding/xml"
	"strings"
)

// The namespaces this package knows. Prefixes never matter.
const (
	spaceBPMN     = "http://www.omg.org/spec/BPMN/20100524/MODEL"
	spaceDI       = "http://www.omg.org/spec/BPMN/20100524/DI"
	spaceCamunda  = "http://camunda.org/schema/1.0/bpmn"
	spaceActiviti = "http://activiti.org/bpmn"
	spaceDIOM     = "https://diom.io/schema/bpmn/1.0"
	spaceXSI      = "http://www.w3.org/2001/XMLSchema-instance"
	spaceXML      = "http://www.w3.org/XML/1998/namespace"
	spaceXMLNS    = "http://www.w3.org/2000/xmlns/"
)

// foreignVocabularies are extensions of other engines: they are ignored as every foreign namespace
// is, and a warning says so because their files look as if they would run here.
var foreignVocabularies = map[string]string{
	"http://flowable.org/bpmn":            "Flowable",
	"http://camunda.org/schema/zeebe/1.0": "Camunda 8",
}

// extensionSpace reports whether space holds the extensions this engine executes: Camunda 7's,
// Activiti's older name for the same, and ours.
func extensionSpace(space string) bool {
	return space == spaceCamunda || space == spaceActiviti || space == spaceDIOM
}

// scope holds the namespace declarations in force, a stack a prefix, so that looking up a prefix
// costs the same however deep and however many the declarations are.
type scope struct{ spaces map[string][]string }

func newScope() scope {
	return scope{map[string][]string{"": {""}, "xml": {spaceXML}}}
}

// declare binds prefix until leave and reports whether Namespaces in XML 1.0 §3 and §5 allow that.
func (s scope) declare(prefix, space string) bool {
	switch {
	case prefix == "xmlns" || space == spaceXMLNS:
		return false
	case (prefix == "xml") != (space == spaceXML):
		return false
	case prefix != "" && space == "":
		return false
	}
	s.spaces[prefix] = append(s.spaces[prefix], space)
	return true
}

func (s scope) leave(prefixes []string) {
	for _, prefix := range prefixes {
		stack := s.spaces[prefix]
		s.spaces[prefix] = stack[:len(stack)-1]
	}
}

func (s scope) space(prefix string) (string, bool) {
	stack := s.spaces[prefix]
	if len(stack) == 0 {
		return "", false
	}
	return stack[len(stack)-1], true
}

// declaration returns the prefix that an attribute name declares, empty for the default namespace.
func declaration(name xml.Name) (prefix string, declares bool) {
	switch {
	case name.Space == "xmlns":
		return name.Local, true
	case name.Space == "" && name.Local == "xmlns":
		return "", true
	}
	return "", false
}

// validName refuses what encoding/xml leaves in one piece: ":a" and "a:".
func validName(name xml.Name) bool { return !strings.Contains(name.Local, ":") }

// maxID is the longest id in bytes.
const maxID = 255

// nameStart and nameMore are the ranges of Namespaces in XML 1.0 §3 (NCName): what may begin an id,
// and what may follow besides.
var (
	nameStart = [][2]rune{
		{'A', 'Z'}, {'_', '_'}, {'a', 'z'}, {0xC0, 0xD6}, {0xD8, 0xF6}, {0xF8, 0x2FF}, {0x370, 0x37D},
		{0x37F, 0x1FFF}, {0x200C, 0x200D}, {0x2070, 0x218F}, {0x2C00, 0x2FEF}, {0x3001, 0xD7FF},
		{0xF900, 0xFDCF}, {0xFDF0, 0xFFFD}, {0x10000, 0xEFFFF},
	}
	nameMore = [][2]rune{{'-', '.'}, {'0', '9'}, {0xB7, 0xB7}, {0x300, 0x36F}, {0x203F, 0x2040}}
)

func isNCName(id string) bool {
	for i, c := range id {
		if !within(nameStart, c) && (i == 0 || !within(nameMore, c)) {
			return false
		}
	}
	return id != ""
}

func within(ranges [][2]rune, c rune) bool {
	for _, r := range ranges {
		if r[0] <= c && c <= r[1] {
			return true
		}
	}
	return false
}
