package takeover

// Outcome says what became of one thing of the source.
type Outcome string

// The outcomes.
const (
	Taken   Outcome = "taken"
	Already Outcome = "already" // it is here from before
	LeftOut Outcome = "left-out"
)

// Line is what the report says of one thing. Problems are why it was left out; Notes are what of it could not be
// taken, or is otherwise than it was.
type Line struct {
	Kind     string   `json:"kind"`
	ID       string   `json:"id"`
	Name     string   `json:"name,omitempty"`
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
	r.counts[l.Kind][l.Outcome]++
	r.options.Told(l)
}
