package design

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// ErrUnreadable: a version of a decision or form is so far from one that nothing can be compared with it.
var ErrUnreadable = fault.New(fault.Invalid, "design_unreadable", "The content of the version cannot be read.")

// part is an element of a decision file or a form, with its attributes as texts.
type part struct {
	bpmn.Difference
	attributes map[string]string
}

// byDocument puts nodes into the order in which their process has them.
func byDocument(p *bpmn.Process, nodes []NodeImpact) {
	place := map[string]int{}
	for i, n := range p.Nodes {
		place[n.ID] = i
	}
	slices.SortFunc(nodes, func(a, b NodeImpact) int { return place[a.ID] - place[b.ID] })
}

// compareParts compares what has ids in two decision files or two forms.
func compareParts(older, newer store.Design) (bpmn.Comparison, error) {
	c := bpmn.Comparison{Added: []bpmn.Difference{}, Removed: []bpmn.Difference{}, Changed: []bpmn.Difference{}}
	before, err := parts(older)
	if err != nil {
		return c, err
	}
	after, err := parts(newer)
	if err != nil {
		return c, err
	}
	find := func(list []part, id string) *part {
		i := slices.IndexFunc(list, func(p part) bool { return p.ID == id })
		if i < 0 {
			return nil
		}
		return &list[i]
	}
	for _, p := range before {
		if find(after, p.ID) == nil {
			c.Removed = append(c.Removed, p.Difference)
		}
	}
	for _, p := range after {
		was := find(before, p.ID)
		if was == nil {
			c.Added = append(c.Added, p.Difference)
			continue
		}
		if d := p.since(*was); len(d.Changes) > 0 {
			c.Changed = append(c.Changed, d)
		}
	}
	return c, nil
}

// since tells what is another in p than it was.
func (p part) since(was part) bpmn.Difference {
	d := p.Difference
	names := map[string]bool{}
	for name := range was.attributes {
		names[name] = true
	}
	for name := range p.attributes {
		names[name] = true
	}
	for name := range names {
		if was.attributes[name] != p.attributes[name] {
			d.Attributes = append(d.Attributes, name)
		}
	}
	slices.Sort(d.Attributes)
	for _, name := range d.Attributes {
		d.Changes = append(d.Changes, bpmn.AttributeChange{Name: name, From: was.attributes[name], To: p.attributes[name]})
	}
	return d
}

func parts(d store.Design) ([]part, error) {
	read := formParts
	if d.Kind == store.DesignDMN {
		read = xmlParts
	}
	list, err := read([]byte(d.Content))
	if err != nil {
		return nil, ErrUnreadable.Withf("Version %d cannot be read: %s", d.Version, err)
	}
	return list, nil
}

// maxNesting bounds the groups of a form inside of one another.
const maxNesting = 16

// formParts are the components of a form.
func formParts(content []byte) ([]part, error) {
	var f struct {
		Components []map[string]json.RawMessage `json:"components"`
	}
	if err := json.Unmarshal(content, &f); err != nil {
		return nil, err
	}
	return components(f.Components, 0)
}

func components(list []map[string]json.RawMessage, depth int) ([]part, error) {
	if depth > maxNesting {
		return nil, errors.New("it nests too deeply")
	}
	var all []part
	for _, c := range list {
		all = append(all, formPart(c))
		var inside []map[string]json.RawMessage
		if raw := c["components"]; raw != nil {
			if err := json.Unmarshal(raw, &inside); err != nil {
				return nil, err
			}
		}
		more, err := components(inside, depth+1)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	return all, nil
}

func formPart(c map[string]json.RawMessage) part {
	p := part{attributes: map[string]string{}}
	for name, raw := range c {
		if name != "components" {
			p.attributes[name] = plain(raw)
		}
	}
	p.ID, p.Element, p.Name = p.attributes["id"], p.attributes["type"], p.attributes["label"]
	if p.ID == "" {
		p.ID = p.attributes["key"]
	}
	delete(p.attributes, "id")
	return p
}

// plain is a text as it is, and anything else as JSON without blanks.
func plain(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return string(raw)
	}
	return b.String()
}

// xmlParts are the elements with an id; the text of those inside that have none is theirs. The drawing does
// not count.
func xmlParts(content []byte) ([]part, error) {
	w := &xmlWalk{}
	d := xml.NewDecoder(bytes.NewReader(content))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return w.all, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if t.Name.Local != "DMNDI" {
				w.begin(t)
			} else if err := d.Skip(); err != nil {
				return nil, err
			}
		case xml.EndElement:
			w.open = w.open[:len(w.open)-1]
		case xml.CharData:
			if owner := w.owner(); owner != nil {
				owner.attributes["text"] += strings.TrimSpace(string(t))
			}
		}
	}
}

// xmlWalk gathers parts; open has, for each open element, the index of the part that it belongs to, -1 for none.
type xmlWalk struct {
	all  []part
	open []int
}

func (w *xmlWalk) owner() *part {
	if len(w.open) == 0 || w.open[len(w.open)-1] < 0 {
		return nil
	}
	return &w.all[w.open[len(w.open)-1]]
}

func (w *xmlWalk) begin(t xml.StartElement) {
	index := -1
	if len(w.open) > 0 {
		index = w.open[len(w.open)-1]
	}
	if p := xmlPart(t); p.ID != "" {
		w.all = append(w.all, p)
		index = len(w.all) - 1
	} else if owner := w.owner(); owner != nil {
		for _, a := range t.Attr {
			owner.attributes[t.Name.Local+"."+a.Name.Local] += a.Value
		}
	}
	w.open = append(w.open, index)
}

func xmlPart(t xml.StartElement) part {
	p := part{attributes: map[string]string{}}
	p.Element = t.Name.Local
	for _, a := range t.Attr {
		switch {
		case a.Name.Space == "xmlns" || a.Name.Local == "xmlns":
		case a.Name.Local == "id":
			p.ID = a.Value
		default:
			p.attributes[a.Name.Local] = a.Value
		}
	}
	p.Name = p.attributes["name"]
	return p
}
