package expr

import "math"

// The limits of one evaluation, and of a source text.
const (
	maxSteps   = 10_000
	maxMade    = 256 << 10 // bytes of text and lists made by the expression, not those of variables
	maxSource  = 8 << 10   // bytes
	maxNesting = 64        // brackets, signs and ternaries within each other
	maxChain   = 256       // operators, or accesses, in a row: each makes the tree a level deeper
)

// errBudget says nothing of the place: which step was the last one is of no use to anybody.
var errBudget = &EvaluationError{Code: CodeBudgetExceeded, Message: "the expression takes too many steps, or makes too much text"}

// budget is what an evaluation may still spend. There is no limit of time: it would break replay.
type budget struct{ steps, bytes int }

func (g *budget) step(n int) error {
	if g.steps -= n; g.steps < 0 {
		return errBudget
	}
	return nil
}

// scan pays for looking at n members of a list or map within depth others.
func (g *budget) scan(n, depth int) error {
	if depth > maxWalk {
		return errBudget
	}
	return g.step(1 + n/64)
}

// read pays for looking at n bytes of text.
func (g *budget) read(n int) error { return g.step(n / 4096) }

// grow pays for n bytes that are made.
func (g *budget) grow(n int) error {
	if n > math.MaxInt32 {
		return errBudget
	}
	if g.bytes -= n; g.bytes < 0 {
		return errBudget
	}
	return nil
}

// made pays for a new text.
func (g *budget) made(text string) (any, error) {
	if err := g.grow(len(text)); err != nil {
		return nil, err
	}
	return text, nil
}

// text is String within the budget.
func (g *budget) text(v Value) (string, error) {
	switch s := v.(type) {
	case nil:
		return "", nil
	case string:
		return s, nil
	}
	b, ok := appendString(nil, v, 0, max(g.bytes, 0))
	if !ok {
		return "", errBudget
	}
	return string(b), g.grow(len(b))
}
