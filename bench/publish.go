package main

import (
	"encoding/json"
	"fmt"
	"html"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// Where the figures of a run are published: the page between its two marks, and the charts beside it.
const (
	page      = "docs/performance.md"
	figures   = "<!-- figures: written by make bench-publish -->"
	figureEnd = "<!-- end of the figures -->"
	charts    = "docs/performance"
)

// publish writes the report in a directory into docs/performance.md and draws its charts.
func publish(dir string) error {
	raw, err := os.ReadFile(filepath.Join(dir, "latest.json")) //nolint:gosec // the directory is the caller's
	if err != nil {
		return fmt.Errorf("%w (make bench writes it)", err)
	}
	var r report
	if err := json.Unmarshal(raw, &r); err != nil {
		return err
	}
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(text), figures)
	_, after, ended := strings.Cut(rest, figureEnd)
	if !found || !ended {
		return fmt.Errorf("%s: its marks are gone: %q and %q", page, figures, figureEnd)
	}
	if err := os.MkdirAll(charts, 0o750); err != nil {
		return err
	}
	for name, chart := range map[string]string{"goals.svg": r.goalsChart(), "rounds.svg": r.roundsChart()} {
		if err := os.WriteFile(filepath.Join(charts, name), []byte(chart), 0o600); err != nil {
			return err
		}
	}
	return os.WriteFile(page, []byte(before+figures+"\n\n"+r.markdown()+"\n"+figureEnd+after), 0o600)
}

// markdown is the table of the report for docs/performance.md.
func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, on %s, %d cores, %s of memory; load %s, then %s. %s; %s.\n\n", r.At.Format("2 January 2006"), r.Machine.CPU, r.Machine.Cores, r.Machine.Memory,
		r.Machine.LoadBefore, r.Machine.LoadAfter, pairs(r.Versions), pairs(r.Variables))
	b.WriteString("| goal | | value | unit | target | verdict |\n|---|---|---|---|---|---|\n")
	for _, g := range r.Goals {
		fmt.Fprintf(&b, "| %d | %s | %.4g | %s | %s | %s |\n", g.ID, g.Name, g.Value, g.Unit, g.Target, g.verdict())
	}
	b.WriteString("\n![How far each figure is from its target](performance/goals.svg)\n\n![Instances a second, round by round](performance/rounds.svg)\n")
	return b.String()
}

// margin is how many times better than its target a figure is: 1 is the target. It is 0 where the target is no number that
// a figure can be held against so.
func (g Goal) margin() float64 {
	var sign string
	var limit float64
	if n, _ := fmt.Sscanf(g.Target, "%s %g", &sign, &limit); n != 2 || limit <= 0 || g.Value <= 0 {
		return 0
	}
	if sign == "≥" || sign == ">" {
		return g.Value / limit
	}
	return limit / g.Value
}

const (
	chartWidth = 900
	barHeight  = 22
	labelWidth = 480
)

// goalsChart has a bar for each figure: how many times better than its target, from a tenth to ten times.
func (r *report) goalsChart() string {
	var bars []Goal
	for _, g := range r.Goals {
		if g.margin() > 0 {
			bars = append(bars, g)
		}
	}
	at := func(margin float64) float64 {
		return labelWidth + (chartWidth-labelWidth-20)*(math.Log10(min(max(margin, 0.1), 10))+1)/2
	}
	var b strings.Builder
	openChart(&b, len(bars)+1)
	for i, g := range bars {
		y, fill := i*barHeight, "#2f7d5b"
		if g.margin() < 1 {
			fill = "#b4483b"
		}
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text><rect x="%d" y="%d" width="%.0f" height="%d" fill="%s"/>`,
			labelWidth-8, y+16, html.EscapeString(g.Name), labelWidth, y+4, at(g.margin())-labelWidth, barHeight-7, fill)
		b.WriteByte('\n')
	}
	for _, tick := range []struct {
		margin float64
		text   string
	}{{0.1, "a tenth"}, {1, "target"}, {10, "10 ×"}} {
		fmt.Fprintf(&b, `<line x1="%[1]g" y1="0" x2="%[1]g" y2="%[2]d" stroke="#888"/><text x="%[1]g" y="%[3]d" text-anchor="middle">%[4]s</text>`,
			at(tick.margin), len(bars)*barHeight, len(bars)*barHeight+16, tick.text)
	}
	return b.String() + "</svg>\n"
}

// roundsChart has the rates of goal 2, round by round.
func (r *report) roundsChart() string {
	var rounds []round
	for _, g := range r.Goals {
		if g.ID == 2 {
			rounds = g.Rounds
		}
	}
	most := 1.0
	for _, n := range rounds {
		most = max(most, n.Product.PerSecond, n.Raw.PerSecond)
	}
	var b strings.Builder
	openChart(&b, 2*len(rounds))
	for i, n := range rounds {
		for j, bar := range []struct {
			name, fill string
			rate       float64
		}{{"product", "#2f5f8f", n.Product.PerSecond}, {"the same rows by hand-made SQL", "#9aa7b4", n.Raw.PerSecond}} {
			y := (2*i + j) * barHeight
			fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">round %d: %s</text><rect x="%d" y="%d" width="%.0f" height="%d" fill="%s"/><text x="%.0f" y="%d">%.0f/s</text>`,
				labelWidth-8, y+16, i+1, bar.name, labelWidth, y+4, (chartWidth-labelWidth-80)*bar.rate/most, barHeight-7, bar.fill,
				labelWidth+6+(chartWidth-labelWidth-80)*bar.rate/most, y+16, bar.rate)
			b.WriteByte('\n')
		}
	}
	return b.String() + "</svg>\n"
}

// openChart begins a chart of so many bars. Its colours are legible on light and dark.
func openChart(b *strings.Builder, bars int) {
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12" fill="#777">`+"\n", chartWidth, bars*barHeight+8)
}
