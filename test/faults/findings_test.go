package faults_test

import (
	"fmt"
	"strings"
)

// findings are what a series of attempts has found wrong.
type findings struct {
	found []string
	until string // a planted bug: stop once it has been found
}

func (f *findings) fail(point, format string, arguments ...any) {
	f.found = append(f.found, point+": "+fmt.Sprintf(format, arguments...))
}

// finds reports whether something wrong was found that says text.
func (f *findings) finds(text string) bool {
	return strings.Contains(strings.Join(f.found, "\n"), text)
}

// enough reports whether the planted bug has been found.
func (f *findings) enough() bool { return f.until != "" && f.finds(f.until) }
