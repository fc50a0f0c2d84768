package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
	"diom.io/workflow/test/producttest"
)

// day is the work of an office: people who start, approve, send back, hand on, ask others and take back, as they like.
type day struct {
	*session
	random  *rand.Rand
	people  []string
	keys    []string
	modes   map[string]map[string]string // by process
	numbers map[string]bool
	done    map[string]int
}

// officeDay lets 50 people work by a random plan, whose seed is printed; SEED=n repeats one, SIZE=full is longer. After
// each step the answer of the product is compared with paper, a model of the rules that knows nothing of the engine.
func officeDay(s *session) {
	seed := time.Now().UnixNano()
	if n, err := strconv.ParseInt(os.Getenv("SEED"), 10, 64); err == nil {
		seed = n
	}
	requests, steps := 10, 10
	if os.Getenv("SIZE") == "full" {
		requests, steps = 150, 25
	}
	s.Logf("seed %d", seed)
	d := &day{session: s, random: rand.New(rand.NewPCG(uint64(seed), 1)), modes: map[string]map[string]string{}, numbers: map[string]bool{}, done: map[string]int{}}
	d.hire(50)
	for i, modes := range [][2]string{{"all", "any"}, {"sequential", "all"}, {"any", "sequential"}} {
		key, content := s.model("day.bpmn")
		text := strings.NewReplacer("MODE1", modes[0], "MODE2", modes[1]).Replace(string(content))
		s.deploy(fmt.Sprintf("day%d.bpmn", i), []byte(text))
		d.keys = append(d.keys, key)
		d.modes[key] = map[string]string{"first": modes[0], "second": modes[1]}
	}
	for range requests {
		d.request(steps)
	}
	s.Logf("done: %v", d.done)
}

// hire makes people. They log in like everybody.
func (d *day) hire(n int) {
	for i := range n {
		name := fmt.Sprintf("day-%02d-%s", i, d.keyOf())
		post[access.User](d.session, "admin", "/api/v1/users", http.StatusCreated, access.NewUser{
			Username: name, Password: access.DemoPassword, DisplayName: name, Roles: []string{"EMPLOYEE"},
		})
		d.people = append(d.people, name)
	}
}

func (d *day) keyOf() string { return strconv.FormatUint(d.random.Uint64()%1e9, 36) }

// log in only who is needed: a log-in costs.
func (d *day) enter(name string) string {
	if d.tokens[name] == "" {
		d.tokens[name] = d.client.LogIn(d.T, name, access.DemoPassword)
	}
	return name
}

// some returns different people.
func (d *day) some(n int, but ...string) []string {
	var list []string
	for len(list) < n {
		name := d.people[d.random.IntN(len(d.people))]
		if !slices.Contains(but, name) && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// request follows one request through some steps.
func (d *day) request(steps int) {
	starter, key := d.enter(d.some(1)[0]), d.keys[d.random.IntN(len(d.keys))]
	named := map[string][]string{"first": d.some(3, starter), "second": d.some(2, starter)}
	started := post[workflow.Started](d.session, starter, "/api/v1/processes/"+key+"/start", http.StatusCreated, workflow.StartRequest{
		Variables: variables{"first": list(named["first"]), "second": list(named["second"]), "subject": "请示 " + starter},
	})
	if in := started.Instance; in.Number == nil || d.numbers[key+*in.Number] || in.Summary == nil || *in.Summary != "请示 "+starter {
		d.Fatalf("started %+v", in)
	}
	d.numbers[key+*started.Instance.Number] = true
	p := newPaper(starter, d.modes[key], named)
	for range steps {
		got := get[workflow.InstanceDetail](d.session, starter, instancePath(started.Instance, ""))
		tasks := map[string]store.Task{}
		open := []string{}
		for _, t := range got.Tasks {
			open = append(open, t.NodeID+":"+*t.Assignee)
			tasks[*t.Assignee] = t
		}
		slices.Sort(open)
		if want := p.open(); !slices.Equal(open, want) || string(got.State) != p.state {
			d.Fatalf("the product has %s %v, the rules %s %v", got.State, open, p.state, want)
		}
		if p.state == "active" {
			d.step(p, started.Instance, tasks)
			continue
		}
		if p.state == "completed" && !p.refused {
			d.refused(http.StatusConflict, workflow.ErrNotResubmitted.Code, "", func() producttest.Answer {
				return d.send(starter, "POST", instancePath(started.Instance, "/resubmit"), workflow.Anew{})
			})
			return
		}
		started = d.resubmit(starter, started)
		p = newPaper(starter, d.modes[key], named)
	}
}

// resubmit hands a request in again that was taken back or refused: it begins at its beginning, and names what it was.
func (d *day) resubmit(starter string, before workflow.Started) workflow.Started {
	d.done["resubmit"]++
	again := post[workflow.Started](d.session, starter, instancePath(before.Instance, "/resubmit"), http.StatusCreated, workflow.Anew{})
	if again.Instance.OriginID == nil || *again.Instance.OriginID != before.Instance.ID || again.Instance.Summary == nil || *again.Instance.Summary != *before.Instance.Summary {
		d.Fatalf("resubmitted %+v", again.Instance)
	}
	return again
}

func list(names []string) []any {
	out := make([]any, len(names))
	for i, name := range names {
		out[i] = name
	}
	return out
}

// step is what somebody does who has the request.
func (d *day) step(p *paper, in store.Instance, tasks map[string]store.Task) {
	holders := make([]string, 0, len(tasks))
	for holder := range tasks {
		holders = append(holders, holder)
	}
	slices.Sort(holders)
	who := holders[d.random.IntN(len(holders))]
	d.enter(who)
	if p.at == "apply" {
		d.do("apply", who, taskPath(tasks[who], "/complete"), workflow.Completion{})
		p.say(who, "approve")
		return
	}
	if owner := p.of(who).owner; owner != "" { // he looks at it for somebody else
		d.do("resolve", who, taskPath(tasks[who], "/resolve"), workflow.Remark{Comment: "看过"})
		p.of(who).holder, p.of(who).owner = owner, ""
		return
	}
	if d.beside(p, who, in, tasks[who]) {
		return
	}
	switch kind := d.random.IntN(14); {
	case kind == 0:
		d.do("return", who, taskPath(tasks[who], "/return"), workflow.TaskReturn{To: "starter"})
		p.move("apply")
	case kind == 1:
		to := d.some(1, append(d.involved(p), p.starter)...)[0]
		d.do("transfer", who, taskPath(tasks[who], "/transfer"), map[string]any{"userId": to})
		p.of(who).holder = to
		p.urged[to] = true
	case kind == 2 && p.modes[p.at] != "sequential":
		more := d.some(1, append(d.involved(p), p.starter)...)
		d.do("add", who, taskPath(tasks[who], "/add-signers"), workflow.NewSigners{UserIDs: more, Mode: "parallel"})
		p.hands, p.asked = append(p.hands, &hand{holder: more[0]}), append(slices.Clone(p.asked), more...)
	case kind == 3:
		post[workflow.InstanceAnswer](d.session, p.starter, instancePath(in, "/withdraw"), http.StatusOK, workflow.Remark{Comment: "不再需要"})
		d.done["withdraw request"]++
		p.at, p.state, p.hands = "", "cancelled", nil
	default:
		d.vote(p, who, tasks[who], kind > 4)
	}
}

// beside is what decides nothing: handing on for a look, copies, urges. It returns whether somebody else has the paper.
func (d *day) beside(p *paper, who string, in store.Instance, t store.Task) bool {
	switch d.random.IntN(8) {
	case 0:
		to := d.some(1, append(d.involved(p), p.starter)...)[0]
		d.do("delegate", who, taskPath(t, "/delegate"), map[string]any{"userId": to})
		h := p.of(who)
		h.holder, h.owner = to, who
		p.urged[who], p.urged[to] = true, true // whoever has it anew may be urged anew, which is not followed
		return true
	case 1: // who is sent a copy may read the request from now on
		to := d.some(1, append(d.involved(p), p.starter)...)[0]
		d.do("copy", who, taskPath(t, "/copy"), workflow.Copies{UserIDs: []string{to}, Comment: "请知悉"})
		if got := get[workflow.InstanceDetail](d.session, d.enter(to), instancePath(in, "")); string(got.State) != p.state {
			d.Fatalf("the copy shows %s", got.State)
		}
	case 2:
		if p.urged[who] {
			break
		}
		p.urged[who] = true
		d.do("urge", p.starter, taskPath(t, "/urge"), workflow.Remark{Comment: "很急"})
		d.refused(http.StatusTooManyRequests, engine.ErrUrged.Code, "", func() producttest.Answer {
			return d.send(p.starter, "POST", taskPath(t, "/urge"), workflow.Remark{})
		})
	}
	return false
}

// vote votes, and now and then takes it back while nothing is decided.
func (d *day) vote(p *paper, who string, t store.Task, approves bool) {
	outcome := "reject"
	if approves {
		outcome = "approve"
	}
	place, before := p.at, p.hands
	d.do(outcome, who, taskPath(t, "/complete"), workflow.Completion{Outcome: outcome})
	p.say(who, outcome)
	if p.at == place && len(before) > 0 && len(p.hands) == len(before) && d.random.IntN(3) == 0 && p.state == "active" {
		d.do("withdraw", who, taskPath(t, "/withdraw"), workflow.Remark{})
		p.takeBack(who)
	}
}

// involved are those whom the place has asked.
func (d *day) involved(p *paper) []string {
	names := slices.Clone(p.asked)
	for _, h := range p.hands {
		names = append(names, h.holder, h.by)
	}
	return names
}

func (d *day) do(name, who, path string, body any) {
	d.Helper()
	post[workflow.TaskAnswer](d.session, who, path, http.StatusOK, body)
	d.done[name]++
}
