package client

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"
)

// printer writes tables that are as wide as the terminal. Anything but a terminal gets them whole.
type printer struct {
	w       io.Writer
	limit   int   // cells of a line, 0 is no limit
	widths  []int // of the table that is continued
	started bool
}

const (
	gap     = "  "
	minimum = 8 // what a column is never shortened below
	bold    = "\x1b[1m"
	red     = "\x1b[31m"
	plain   = "\x1b[0m"
)

// measure counts cells: two for a Chinese character, one for what is ambiguous, whatever the locale.
var measure = runewidth.Condition{StrictEmojiNeutral: true}

func newPrinter(w io.Writer) *printer { return &printer{w: w, limit: width(w)} }

// width returns the cells of a terminal's line; 0 for anything else. COLUMNS wins.
func width(w io.Writer) int {
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	if !isTerminal(w) {
		return 0
	}
	n, _, err := term.GetSize(int(w.(terminal).Fd())) //nolint:forcetypeassert // isTerminal has looked
	if err != nil {
		return 0
	}
	return n
}

func isTerminal(w any) bool {
	t, ok := w.(terminal)
	return ok && term.IsTerminal(int(t.Fd()))
}

// paint colours a text on a terminal, unless NO_COLOR is set (no-color.org).
func paint(w io.Writer, colour, text string) string {
	if os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" || !isTerminal(w) {
		return text
	}
	return colour + text + plain
}

func (p *printer) line(text string) error {
	_, err := fmt.Fprintln(p.w, strings.TrimRight(text, " "))
	return err
}

// head begins a part that has a title.
func (p *printer) head(title string) error {
	if title == "" {
		return nil
	}
	p.widths = nil
	if p.started {
		if err := p.line(""); err != nil {
			return err
		}
	}
	return p.line(paint(p.w, bold, title))
}

// record prints one thing, a line a value.
func (p *printer) record(columns []column, thing map[string]any) error {
	p.started = true
	widest := 0
	for _, c := range columns {
		widest = max(widest, measure.StringWidth(c.title))
	}
	for i, value := range cells(columns, thing) {
		if err := p.line(pad(columns[i].title, widest) + gap + value); err != nil {
			return err
		}
	}
	return nil
}

// table prints rows; another call with the same columns goes on with the same table.
func (p *printer) table(columns []column, things []any) error {
	p.started = true
	titles := make([]string, len(columns))
	for i, c := range columns {
		titles[i] = c.title
	}
	rows := make([][]string, len(things))
	for i, thing := range things {
		rows[i] = cells(columns, thing)
	}
	first := p.widths == nil
	if first {
		p.widths = make([]int, len(columns))
		p.widen(titles)
	}
	for _, row := range rows {
		p.widen(row)
	}
	fitted := fit(p.widths, columns, p.limit)
	if first {
		if err := p.line(paint(p.w, bold, join(titles, fitted)+omitted(columns, fitted))); err != nil {
			return err
		}
	}
	for _, row := range rows {
		if err := p.line(join(row, fitted)); err != nil {
			return err
		}
	}
	return nil
}

func (p *printer) widen(row []string) {
	for i, text := range row {
		p.widths[i] = max(p.widths[i], measure.StringWidth(text))
	}
}

// omitted follows the titles where there are columns that do not fit.
func omitted(columns []column, fitted []int) string {
	if len(fitted) < len(columns) {
		return gap + "…"
	}
	return ""
}

// fit shortens the widest columns until a line has at most limit cells. Where that is not enough it leaves
// out the last ones, but for two; the head of the table ends with dots then.
func fit(widths []int, columns []column, limit int) []int {
	for n := len(widths); ; n-- {
		room := limit
		if n < len(widths) {
			room -= len(gap) + 1
		}
		fitted := shorten(widths[:n], columns, room)
		if limit == 0 || n <= 2 || total(fitted) <= room {
			return fitted
		}
	}
}

func shorten(widths []int, columns []column, limit int) []int {
	fitted := append([]int(nil), widths...)
	for limit > 0 && total(fitted) > limit {
		widest := -1
		for i := range fitted {
			if !columns[i].whole && fitted[i] > minimum && (widest < 0 || fitted[i] > fitted[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		fitted[widest]--
	}
	return fitted
}

func total(widths []int) int {
	sum := len(gap) * (len(widths) - 1)
	for _, w := range widths {
		sum += w
	}
	return sum
}

func join(row []string, widths []int) string {
	var b strings.Builder
	for i, text := range row[:len(widths)] {
		if i > 0 {
			b.WriteString(gap)
		}
		b.WriteString(pad(measure.Truncate(text, widths[i], "…"), widths[i]))
	}
	return b.String()
}

func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-measure.StringWidth(text)))
}
