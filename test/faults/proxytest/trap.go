package proxytest

import (
	"bytes"
	"strings"
	"sync"
)

// Trap watches the requests of one operation, on several proxies together, and springs at the n-th, or
// at the first that holds a text.
type Trap struct {
	mutex  sync.Mutex
	at     int    // the number of the request, 0 where text says which; -1 while it is not armed
	text   string // "" where the number says which
	fate   Fate
	spring func()
	count  int
	sprung string
}

// Arm sets the trap: the n-th request from now, counted from 1, meets fate, and spring is called.
func (t *Trap) Arm(n int, fate Fate, spring func()) { t.arm(n, "", fate, spring) }

// ArmAt sets the trap for the first request from now that holds text.
func (t *Trap) ArmAt(text string, fate Fate, spring func()) { t.arm(0, text, fate, spring) }

func (t *Trap) arm(n int, text string, fate Fate, spring func()) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.at, t.text, t.fate, t.spring, t.count, t.sprung = n, text, fate, spring, 0, ""
}

// Disarm ends the operation. sprung is the request at which the trap sprang, "" when it did not.
func (t *Trap) Disarm() (sprung string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.at = -1
	return t.sprung
}

// Decide is for Proxy.Decide.
func (t *Trap) Decide(request []byte) (Fate, func()) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.spring == nil || t.at < 0 {
		return Pass, nil
	}
	t.count++
	if t.sprung != "" || t.text == "" && t.count != t.at || t.text != "" && !bytes.Contains(request, []byte(t.text)) {
		return Pass, nil
	}
	t.sprung = begin(request)
	return t.fate, t.spring
}

// begin is what a person recognises a request by.
func begin(request []byte) string {
	line := strings.Join(strings.Fields(string(bytes.ToValidUTF8(request[:min(len(request), 400)], nil))), " ")
	return line[:min(len(line), 90)]
}
