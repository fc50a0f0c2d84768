package demo

import (
	"encoding/xml"
	"io/fs"
	"strings"
	"testing"
)

type bounds struct {
	X      float64 `xml:"x,attr"`
	Y      float64 `xml:"y,attr"`
	Width  float64 `xml:"width,attr"`
	Height float64 `xml:"height,attr"`
}

func (b bounds) overlaps(o bounds) bool {
	return b.X < o.X+o.Width && o.X < b.X+b.Width && b.Y < o.Y+o.Height && o.Y < b.Y+b.Height
}

// grown is b with a margin around it.
func (b bounds) grown(by float64) bounds {
	return bounds{b.X - by, b.Y - by, b.Width + 2*by, b.Height + 2*by}
}

type drawn struct {
	Element string  `xml:"bpmnElement,attr"`
	Bounds  bounds  `xml:"Bounds"`
	Label   *bounds `xml:"BPMNLabel>Bounds"`
	Points  []struct {
		X float64 `xml:"x,attr"`
		Y float64 `xml:"y,attr"`
	} `xml:"waypoint"`
}

type diagram struct {
	Flows []struct {
		ID     string `xml:"id,attr"`
		Source string `xml:"sourceRef,attr"`
		Target string `xml:"targetRef,attr"`
	} `xml:"process>sequenceFlow"`
	Boundary []struct {
		ID string `xml:"id,attr"`
	} `xml:"process>boundaryEvent"`
	Shapes []drawn `xml:"BPMNDiagram>BPMNPlane>BPMNShape"`
	Edges  []drawn `xml:"BPMNDiagram>BPMNPlane>BPMNEdge"`
}

// TestDiagramsAreReadable: shapes and labels do not lie on one another, edges run straight between their ends, and
// nothing is drawn twice or forgotten.
func TestDiagramsAreReadable(t *testing.T) {
	t.Parallel()
	names, err := fs.Glob(files, "models/*.bpmn")
	if err != nil || len(names) != 4 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		raw, err := model(strings.TrimPrefix(name, "models/"))
		if err != nil {
			t.Fatal(err)
		}
		var d diagram
		if err := xml.Unmarshal([]byte(raw), &d); err != nil {
			t.Fatal(err)
		}
		for _, complaint := range d.complaints() {
			t.Errorf("%s: %s", name, complaint)
		}
	}
}

func (d *diagram) complaints() []string {
	var found []string
	shapes, on := map[string]bounds{}, map[string]bool{}
	for _, b := range d.Boundary {
		on[b.ID] = true
	}
	var labels []drawn
	for _, s := range append(d.Shapes, d.Edges...) {
		if s.Label != nil {
			labels = append(labels, s)
		}
	}
	for i, s := range d.Shapes {
		shapes[s.Element] = s.Bounds
		for _, o := range d.Shapes[:i] {
			if !on[s.Element] && !on[o.Element] && s.Bounds.overlaps(o.Bounds) {
				found = append(found, s.Element+" lies on "+o.Element)
			}
		}
		for _, l := range labels {
			if s.Bounds.overlaps(*l.Label) {
				found = append(found, "the label of "+l.Element+" lies on "+s.Element)
			}
		}
	}
	for i, l := range labels {
		for _, o := range labels[:i] {
			if l.Label.overlaps(*o.Label) {
				found = append(found, "the labels of "+l.Element+" and "+o.Element+" lie on one another")
			}
		}
	}
	edges := map[string]drawn{}
	for _, e := range d.Edges {
		edges[e.Element] = e
	}
	for _, f := range d.Flows {
		p := edges[f.ID].Points
		if len(p) < 2 {
			found = append(found, f.ID+" is not drawn")
			continue
		}
		for i := range p[1:] {
			if p[i].X != p[i+1].X && p[i].Y != p[i+1].Y {
				found = append(found, f.ID+" runs aslant")
			}
		}
		for end, at := range map[string]bounds{f.Source: {X: p[0].X, Y: p[0].Y}, f.Target: {X: p[len(p)-1].X, Y: p[len(p)-1].Y}} {
			if !shapes[end].grown(1).overlaps(at.grown(0.5)) {
				found = append(found, f.ID+" does not touch "+end)
			}
		}
	}
	return found
}
