package e2e_test

import (
	"slices"
	"sort"
)

// paper is a request of the day of an office, as a person with a list of rules would follow it. It knows nothing of
// tokens, scopes and tasks: where the paper is, who has it there, and what they have said.
type paper struct {
	starter string
	at      string // apply, first, second, or empty once it has ended
	state   string // active, completed, cancelled
	modes   map[string]string
	named   map[string][]string // who signs where
	hands   []*hand             // of the place where it is
	refused bool                // it has ended because somebody said no
	urged   map[string]bool     // who was urged about it at this place
	asked   []string            // who was asked there, were it by mistake
}

// hand is one signer: who has the paper for him, and what was said.
type hand struct {
	holder string
	owner  string // to whom it comes back, where the holder only looks at it for him
	said   string // approve, reject or nothing yet
	by     string
	waits  bool // for those before him in a sequence
}

func newPaper(starter string, modes map[string]string, named map[string][]string) *paper {
	p := &paper{starter: starter, modes: modes, named: named, state: "active"}
	p.move("apply")
	return p
}

// move lays the paper before everybody of a place.
func (p *paper) move(to string) {
	p.at, p.hands, p.asked, p.urged = to, nil, p.named[to], map[string]bool{}
	users := p.named[to]
	if to == "apply" {
		users = []string{p.starter}
	}
	for i, user := range users {
		p.hands = append(p.hands, &hand{holder: user, waits: p.modes[to] == "sequential" && i > 0})
	}
}

// open lists who has the paper, as place:person.
func (p *paper) open() []string {
	list := []string{}
	for _, h := range p.hands {
		if p.state == "active" && h.said == "" && !h.waits {
			list = append(list, p.at+":"+h.holder)
		}
	}
	sort.Strings(list)
	return list
}

func (p *paper) of(holder string) *hand {
	i := slices.IndexFunc(p.hands, func(h *hand) bool { return h.holder == holder && h.said == "" && !h.waits })
	return p.hands[i]
}

// say is a vote, or the completion of the application.
func (p *paper) say(holder, outcome string) {
	h := p.of(holder)
	h.said, h.by = outcome, holder
	yes, no, left := 0, 0, 0
	for _, x := range p.hands {
		switch x.said {
		case "approve":
			yes++
		case "reject":
			no++
		default:
			left++
		}
	}
	switch {
	case p.at == "apply":
		p.move("first")
	case p.modes[p.at] == "any" && yes > 0, p.modes[p.at] != "any" && no == 0 && left == 0:
		p.decided()
	case p.modes[p.at] == "any" && left == 0, p.modes[p.at] != "any" && no > 0:
		p.at, p.state, p.hands, p.refused = "", "completed", nil, true
	default:
		for _, x := range p.hands { // the next one in a sequence
			if x.waits {
				x.waits = false
				break
			}
		}
	}
}

func (p *paper) decided() {
	if p.at == "first" {
		p.move("second")
		return
	}
	p.at, p.state, p.hands = "", "completed", nil
}

// takeBack is the withdrawal of a vote while nothing is decided; false: there is none to take back.
func (p *paper) takeBack(voter string) {
	for i, h := range p.hands {
		if h.by != voter || h.said == "" {
			continue
		}
		h.said, h.by, h.holder = "", "", voter
		for _, x := range p.hands[i+1:] {
			x.waits = p.modes[p.at] == "sequential"
		}
		return
	}
}
