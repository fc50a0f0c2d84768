// Package bpmn reads BPMN 2.0 XML into the processes that the engine executes, and refuses, with
// the element, its line and what to do instead, whatever it would not execute exactly.
//
// Read goes in five steps: bytes to UTF-8 (encoding.go), a counting pass over the tokens that bounds
// and checks the XML (prescan.go), a tree by namespace (node.go, over etree), the elements of every
// executable process (reader.go and the table in element.go; event.go, work.go and mapping.go read what
// some of them add), and the rules about the whole (check.go, scope.go, gateway.go, graph.go). Prefixes, diagrams and the exporters' own elements make no difference.
package bpmn

import (
	"cmp"

	"diom.io/workflow/shared/fault"
)

// Options say how to read a file. The zero value is ready to use.
type Options struct {
	// MaxBytes bounds the file; zero means 1 MiB.
	MaxBytes int64
	// File is the name under which the file was uploaded. When it is set, every detail points to
	// /resources/<File> (RFC 6901).
	File string
	// Listeners says what to do with a listener that is code: ListenersRefused (also empty), ListenersIgnored
	// or ListenersAsJobs.
	Listeners string
	// Scripts are the script languages, in small letters, that workers run; EveryScript stands for all.
	Scripts []string
	// Resource returns another file of the deployment by its name; nil: there are none.
	Resource func(name string) ([]byte, bool)
	// Served reports whether somebody does the jobs of a topic, so that no worker needs to be asked for; nil:
	// nobody does.
	Served func(topic string) bool
}

const defaultMaxBytes = 1 << 20

// Read returns the executable processes of a BPMN 2.0 file. The error is a *fault.Error: ErrModel
// with every problem of the model sorted by line, ErrTooLarge, or one of the Err… of malformed XML
// with one detail. It never keeps data.
func Read(data []byte, o Options) (*Definitions, error) {
	d, problems, err := read(data, o)
	switch {
	case err != nil:
		f := fault.From(err)
		finish(f.Details, o.File)
		return nil, f
	case len(problems) > 0:
		return nil, ErrModel.With(problems...)
	}
	return d, nil
}

func read(data []byte, o Options) (*Definitions, []fault.Detail, error) {
	bound := cmp.Or(o.MaxBytes, defaultMaxBytes)
	if int64(len(data)) > bound {
		return nil, nil, ErrTooLarge.Withf("The BPMN file has %d bytes; at most %d are accepted.", len(data), bound)
	}
	text, err := decode(data)
	if err != nil {
		return nil, nil, err
	}
	places, err := prescan(text)
	if err != nil {
		return nil, nil, err
	}
	root, err := parse(text, places)
	if err != nil {
		return nil, nil, err
	}
	r := newReader()
	r.options = o
	d := r.definitions(root)
	d.Warnings = finish(r.warnings, o.File)
	return d, finish(r.errors, o.File), nil
}
