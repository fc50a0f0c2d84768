package main

import (
	"encoding/json"
	"fmt"
	"io"

	"diom.io/workflow/cmd/diom/client"
)

// report prints what a long command finds while it finds it: texts for people, or a line of JSON for each thing.
type report struct {
	w        io.Writer
	json     bool
	progress *client.Progress
	err      error // of the first line that could not be written
}

// newReport prints to w; the progress, of so many things as label says, is drawn on a terminal.
func newReport(w, terminal io.Writer, asJSON bool, label string) report {
	return report{w: w, json: asJSON, progress: client.NewProgress(terminal, label)}
}

// thing prints one thing.
func (r *report) thing(value any, text string) {
	if r.json {
		r.write(func() error { return json.NewEncoder(r.w).Encode(value) })
		return
	}
	r.text("%s", text)
}

// text prints what only people read.
func (r *report) text(format string, arguments ...any) {
	if r.json {
		return
	}
	r.write(func() error {
		r.progress.Clear()
		_, err := fmt.Fprintf(r.w, format, arguments...)
		return err
	})
}

func (r *report) write(line func() error) {
	if r.err == nil {
		r.err = line()
	}
}
