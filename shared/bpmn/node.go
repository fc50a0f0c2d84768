package bpmn

import (
	"slices"
	"strings"

	"github.com/beevik/etree"
)

// node is an element of the file with its namespaces resolved and its line.
type node struct {
	space, local string
	line         int
	attributes   []attribute
	children     []*node
	text         string
}

type attribute struct{ space, local, value string }

// parse reads text, which prescan has accepted and described in places, into a tree.
func parse(text []byte, places []place) (*node, error) {
	document := etree.NewDocument()
	document.ReadSettings = etree.ReadSettings{CharsetReader: sameReader, MaxDepth: maxDepth}
	if err := document.ReadFromBytes(text); err != nil {
		return nil, refuse(ErrNotWellFormed, 1, clip(err.Error()), fixSyntax)
	}
	root := document.Root()
	if root == nil {
		return nil, refuse(ErrNotWellFormed, 1, "the file holds no element", fixSyntax)
	}
	b := builder{places: places}
	return b.build(root), nil
}

// builder joins elements and places: both come in document order.
type builder struct{ places []place }

// build recurses no deeper than maxDepth.
func (b *builder) build(e *etree.Element) *node {
	at := b.places[0]
	b.places = b.places[1:]
	n := &node{space: at.space, local: e.Tag, line: at.line}
	if len(e.Attr) > 0 {
		n.attributes = make([]attribute, len(e.Attr))
	}
	for i, a := range e.Attr {
		n.attributes[i] = attribute{at.attributes[i], a.Key, a.Value}
	}
	var text strings.Builder
	for _, token := range e.Child {
		switch t := token.(type) {
		case *etree.Element:
			n.children = append(n.children, b.build(t))
		case *etree.CharData:
			text.WriteString(t.Data)
		}
	}
	n.text = text.String()
	return n
}

// bpmn reports whether n is the BPMN element of that name.
func (n *node) bpmn(local string) bool { return n.local == local && n.space == spaceBPMN }

// raw returns an attribute without a namespace as it stands, empty when absent.
func (n *node) raw(local string) string {
	for _, a := range n.attributes {
		if a.local == local && a.space == "" {
			return a.value
		}
	}
	return ""
}

// attr is raw without the white space that XML Schema takes off ids, references and booleans.
func (n *node) attr(local string) string { return strings.TrimSpace(n.raw(local)) }

// flag reads an xs:boolean, false when absent.
func (n *node) flag(local string) bool { return isTrue(n.attr(local)) }

func isTrue(value string) bool { return value == "true" || value == "1" }

// extension is rawExtension without white space around it.
func (n *node) extension(local string) string { return strings.TrimSpace(n.rawExtension(local)) }

// rawExtension returns an attribute of the extension namespaces as it stands, empty when absent.
// When a file has it in several, ours goes before Camunda's and Camunda's before Activiti's.
func (n *node) rawExtension(local string) string {
	for _, space := range [...]string{spaceDIOM, spaceCamunda, spaceActiviti} {
		for _, a := range n.attributes {
			if a.local == local && a.space == space {
				return a.value
			}
		}
	}
	return ""
}

// extensions returns the children of extensionElements in the extension namespaces, in order.
func (n *node) extensions() []*node {
	var list []*node
	for _, c := range n.children {
		if !c.bpmn("extensionElements") {
			continue
		}
		for _, e := range c.children {
			if extensionSpace(e.space) {
				list = append(list, e)
			}
		}
	}
	return list
}

// hasExtension reports whether there is an extension element of that name.
func (n *node) hasExtension(local string) bool {
	return slices.ContainsFunc(n.extensions(), func(e *node) bool { return e.local == local })
}

// documentation joins the documentation children as Camunda does; expressions in it are text.
func (n *node) documentation() string {
	var parts []string
	for _, c := range n.children {
		if c.bpmn("documentation") {
			if text := strings.TrimSpace(c.text); text != "" {
				parts = append(parts, text)
			}
		}
	}
	return strings.Join(parts, "\n\n")
}

func (n *node) subject() subject { return subject{n.attr("id"), n.raw("name"), n.line} }
