package proxytest

import (
	"bytes"
	"regexp"
	"strings"
	"sync"
)

// Trap watches the requests of one operation, on several proxies together, and springs at one of them.
type Trap struct {
	mutex   sync.Mutex
	armed   bool
	matches func(request []byte) bool
	left    int // matching requests until it springs
	fate    Fate
	spring  func()
	sprung  string
	listens bool
	heard   []string
}

// Arm sets the trap: the n-th request from now, counted from 1, meets fate, and spring is called.
func (t *Trap) Arm(n int, fate Fate, spring func()) {
	t.arm(func([]byte) bool { return true }, n, fate, spring)
}

// ArmAt sets the trap for the first request from now that holds text.
func (t *Trap) ArmAt(text string, fate Fate, spring func()) {
	t.arm(func(request []byte) bool { return bytes.Contains(request, []byte(text)) }, 1, fate, spring)
}

// ArmAtNth is ArmAt for the n-th request, counted from 1.
func (t *Trap) ArmAtNth(text string, n int, fate Fate, spring func()) {
	t.arm(func(request []byte) bool { return bytes.Contains(request, []byte(text)) }, n, fate, spring)
}

// ArmKind sets the trap for the n-th request of a kind from now, counted from 1.
func (t *Trap) ArmKind(kind string, n int, fate Fate, spring func()) {
	t.arm(func(request []byte) bool { return Kind(request) == kind }, n, fate, spring)
}

func (t *Trap) arm(matches func([]byte) bool, n int, fate Fate, spring func()) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.armed, t.matches, t.left, t.fate, t.spring, t.sprung = true, matches, n, fate, spring, ""
}

// Disarm ends the operation. sprung is the request at which the trap sprang, "" when it did not.
func (t *Trap) Disarm() (sprung string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.armed = false
	return t.sprung
}

// Sprung reports whether an armed trap has sprung.
func (t *Trap) Sprung() bool {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.sprung != ""
}

// Listen notes the kinds of the requests from now on, until Heard.
func (t *Trap) Listen() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.listens, t.heard = true, nil
}

// Heard returns how many requests of each kind there were since Listen.
func (t *Trap) Heard() map[string]int {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.listens = false
	kinds := map[string]int{}
	for _, kind := range t.heard {
		kinds[kind]++
	}
	return kinds
}

// Decide is for Proxy.Decide.
func (t *Trap) Decide(request []byte) (Fate, func()) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.listens {
		t.heard = append(t.heard, Kind(request))
	}
	if !t.armed || t.sprung != "" || !t.matches(request) {
		return Pass, nil
	}
	if t.left--; t.left > 0 {
		return Pass, nil
	}
	t.sprung = begin(request)
	note(request)
	return t.fate, t.spring
}

// begin is what a person recognises a request by.
func begin(request []byte) string {
	line := folded(request)
	return line[:min(len(line), 90)]
}

// folded is the beginning of a request as one line of text.
func folded(request []byte) string {
	return strings.Join(strings.Fields(string(bytes.ToValidUTF8(request[:min(len(request), 400)], nil))), " ")
}

// varying are the parts of a request that differ from one time to the next: ids, times, lengths.
var varying = regexp.MustCompile(`'.*|_binary.*|[0-9a-f-]{8,}|[0-9]+`)

// Kind is what requests have in common that differ in their values only.
func Kind(request []byte) string {
	line := varying.ReplaceAllString(folded(request), "#")
	return line[:min(len(line), 160)]
}

var (
	noting      sync.Mutex
	interrupted = map[string]bool{}
)

// note remembers the statements of an interrupted request.
func note(request []byte) {
	noting.Lock()
	defer noting.Unlock()
	for statement := range strings.SplitSeq(string(request), ";") {
		interrupted[Begin(statement)] = true
	}
}

// Interrupted reports whether a statement, or the beginning of one, as it stands in a source, was part of a
// request at which a trap of this test process sprang.
func Interrupted(statement string) bool {
	noting.Lock()
	defer noting.Unlock()
	for known := range interrupted {
		if strings.HasPrefix(known, Begin(statement)) {
			return true
		}
	}
	return false
}

// Begin is by what a statement is known: its first words.
func Begin(statement string) string {
	words := strings.Fields(statement)
	return strings.Join(words[:min(len(words), 4)], " ")
}
