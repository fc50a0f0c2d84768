package bpmn

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"diom.io/workflow/shared/expr"
)

// Request is how people know the instances of a process: by a number and a summary (diom:request).
type Request struct {
	// Number makes the number of each instance; empty: there are none.
	Number NumberPattern
	// Summary is a text with expressions over the variables of the process; nil: none.
	Summary *expr.Expression
}

// NumberPattern is a text with a date such as {yyyyMMdd} and one sequence such as {seq:4}, which begins anew with each
// year, month or day, whatever the date shows.
type NumberPattern string

// maxNumber is how long a number may be, and maxDigits how many digits its sequence has at least.
const (
	maxNumber = 64
	maxDigits = 12
)

var (
	numberPart = regexp.MustCompile(`\{([^{}]*)\}`)
	dateForms  = map[string]string{"yyyy": "2006", "yyyyMM": "200601", "yyyyMMdd": "20060102", "yy": "06", "yyMM": "0601", "yyMMdd": "060102"}
)

// Period returns the period whose sequence a number at a time is of; empty: there is one for ever.
func (p NumberPattern) Period(at time.Time) string {
	longest := ""
	for _, part := range numberPart.FindAllStringSubmatch(string(p), -1) {
		if form := dateForms[part[1]]; len(form) > len(longest) {
			longest = form
		}
	}
	return at.Format(longest)
}

// Format returns the number at a time whose place in the sequence is n.
func (p NumberPattern) Format(at time.Time, n int64) string {
	return numberPart.ReplaceAllStringFunc(string(p), func(part string) string {
		if form := dateForms[part[1:len(part)-1]]; form != "" {
			return at.Format(form)
		}
		digits, _ := sequenceDigits(part[1 : len(part)-1])
		return fmt.Sprintf("%0*d", digits, n)
	})
}

// sequenceDigits reads seq or seq:4.
func sequenceDigits(part string) (int, bool) {
	if part == "seq" {
		return 1, true
	}
	text, found := strings.CutPrefix(part, "seq:")
	n, err := strconv.Atoi(text)
	return n, found && err == nil && n >= 1 && n <= maxDigits
}

// check returns what is wrong with a pattern; empty: nothing.
func (p NumberPattern) check() string {
	sequences := 0
	for _, part := range numberPart.FindAllStringSubmatch(string(p), -1) {
		if _, ok := sequenceDigits(part[1]); ok {
			sequences++
		} else if dateForms[part[1]] == "" {
			return fmt.Sprintf("the part {%s} of the number is none of {yyyy}, {yyyyMM}, {yyyyMMdd}, {yy}, {yyMM}, {yyMMdd} and {seq:4}", clip(part[1]))
		}
	}
	if sequences != 1 {
		return fmt.Sprintf("the number has %d sequences such as {seq:4}, not 1", sequences)
	}
	if rest := numberPart.ReplaceAllString(string(p), ""); strings.ContainsAny(rest, "{}") || len(p.Format(time.Time{}, 0)) > maxNumber-maxDigits {
		return "the number has a brace of its own, or is too long"
	}
	return ""
}

// request reads diom:request of a process.
func (r *reader) request(n *node, p *Process, s subject) {
	found := 0
	for _, e := range n.extensions() {
		if e.local != "request" || e.space != spaceDIOM {
			continue
		}
		s.line = e.line
		if found++; found > 1 {
			r.add(ruleRequest, s, "there is a second element request")
			return
		}
		p.Request.Number = NumberPattern(e.attr("number"))
		p.Request.Summary = r.expression(s, "attribute summary", e.raw("summary"))
		for _, x := range e.attributes {
			if x.space == "" && x.local != "number" && x.local != "summary" {
				r.add(ruleRequest, s, "there is no attribute %s", clip(x.local))
			}
		}
		if wrong := p.Request.Number.check(); p.Request.Number != "" && wrong != "" {
			r.add(ruleRequest, s, "%s", wrong)
		}
	}
}
