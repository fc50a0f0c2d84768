package takeover

import (
	"errors"

	"diom.io/workflow/shared/fault"
)

// Outcome says what became of one thing of the source.
type Outcome string

// The outcomes.
const (
	Taken   Outcome = "taken"
	Already Outcome = "already" // it is here from before
	LeftOut Outcome = "left-out"
	Absent  Outcome = "absent" // the source has no such table
)

// Line is what the report says of one thing. Problems are why it was left out; Notes are what of it could not be
// taken, or is otherwise than it was.
type Line struct {
	Kind     string   `json:"kind"`
	ID       string   `json:"id"`
	Name     string   `json:"name,omitempty"`
	Of       int      `json:"of,omitempty"` // how many rows the line is of, where it is not one thing
	Outcome  Outcome  `json:"outcome"`
	Problems []string `json:"problems,omitempty"`
	Notes    []string `json:"notes,omitempty"`
}

// Counts are the outcomes of each kind of thing.
type Counts map[string]map[Outcome]int

// LeftOut is how many things were left out.
func (c Counts) LeftOut() int {
	n := 0
	for _, outcomes := range c {
		n += outcomes[LeftOut]
	}
	return n
}

func (r *run) tell(l Line) {
	if r.counts[l.Kind] == nil {
		r.counts[l.Kind] = map[Outcome]int{}
	}
	r.counts[l.Kind][l.Outcome] += max(l.Of, 1)
	r.options.Told(l)
}

// settle says what became of a thing that was to be made: already is how the making tells that it is here, with
// details where it is another one. It returns an error that has nothing to do with the thing.
func (l *Line) settle(err, already error) error {
	switch kind := fault.KindOf(err); {
	case err == nil:
		l.Outcome = Taken
	case errors.Is(err, already) && len(fault.From(err).Details) == 0:
		l.Outcome = Already
	case kind == fault.Invalid || kind == fault.Conflict:
		l.Outcome, l.Problems = LeftOut, append(l.Problems, reasons(err)...)
	default:
		return err
	}
	return nil
}
