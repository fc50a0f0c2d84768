package client

import (
	"io"

	"github.com/schollz/progressbar/v3"
)

// Progress is a bar on a terminal; anywhere else it is nothing.
type Progress struct {
	w     io.Writer
	label string
	bar   *progressbar.ProgressBar
}

// NewProgress prepares a bar that is drawn to w once it is set.
func NewProgress(w io.Writer, label string) *Progress { return &Progress{w: w, label: label} }

// Set draws that done of all are done.
func (p *Progress) Set(done, all int) {
	if !isTerminal(p.w) {
		return
	}
	if p.bar == nil {
		p.bar = newBar(p.w, int64(all), p.label)
	}
	p.bar.ChangeMax(all)
	_ = p.bar.Set(done) // a terminal that is gone stops nothing
}

// Clear takes the bar off its line, so that something else can be printed there.
func (p *Progress) Clear() {
	if p.bar != nil {
		_ = p.bar.Clear() // see Set
	}
}

func newBar(w io.Writer, size int64, label string, more ...progressbar.Option) *progressbar.ProgressBar {
	bar := progressbar.NewOptions64(size, append([]progressbar.Option{
		progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(label), progressbar.OptionClearOnFinish(), progressbar.OptionShowCount(),
		progressbar.OptionEnableColorCodes(false),
	}, more...)...)
	_ = bar.RenderBlank() // a terminal that is gone stops nothing
	return bar
}
