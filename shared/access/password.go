package access

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"

	"diom.io/workflow/shared/fault"
)

const (
	minPassword = 8  // characters
	maxPassword = 72 // bytes: bcrypt compares no more
	queueACore  = 16 // waiting callers, about a second of hashing at cost 10
)

// What is wrong with passwords.
var (
	ErrHashingBusy = fault.New(fault.Busy, "login_busy", "Too many people are logging in. Try again shortly.").After(2 * time.Second)
	errPassword    = errors.New("password too long")
)

// hasher runs bcrypt on at most one goroutine a core, since at cost 10 a core makes 14 hashes a
// second and unbounded log-ins would starve everything else. Beyond the queue callers are sent away.
type hasher struct {
	cost    int
	slots   chan struct{}
	queue   chan struct{}
	dummy   []byte
	hashes  atomic.Int64 // made and compared, for tests that count instead of timing
	bcrypts func(hash, password []byte) error
}

func newHasher(cost int) *hasher {
	cost = min(max(cost, bcrypt.MinCost), bcrypt.MaxCost)
	cores := runtime.GOMAXPROCS(0)
	return &hasher{
		cost:  cost,
		slots: make(chan struct{}, cores), queue: make(chan struct{}, cores*(1+queueACore)),
		// A hash that no password has: comparing with it takes as long as with a real one.
		dummy:   fmt.Appendf(nil, "$2a$%02d$7EqJtq98hPqEX7fNZaFWoOhi5B0aRzQnV9c0Y5rjIvHvTqLlTb8r2", cost),
		bcrypts: bcrypt.CompareHashAndPassword,
	}
}

// inSlot runs work when a core is free: ErrHashingBusy when the queue is full or the caller's time is
// up first.
func (h *hasher) inSlot(ctx context.Context, work func() error) error {
	select {
	case h.queue <- struct{}{}:
		defer func() { <-h.queue }()
	default:
		return ErrHashingBusy
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return ErrHashingBusy
	}
	return work()
}

// matches compares within a slot. An empty hash, that of an unknown user, takes as long as any.
func (h *hasher) matches(hash, password string) bool {
	against, known := []byte(hash), hash != ""
	if !known || foreign(hash) {
		against = h.dummy
	}
	h.hashes.Add(1)
	same := h.bcrypts(against, []byte(password)) == nil
	if foreign(hash) {
		return matchesForeign(hash, password)
	}
	return same && known
}

// outdated reports whether a hash was made at another cost than the setting's, or by another product.
func (h *hasher) outdated(hash string) bool {
	cost, err := bcrypt.Cost([]byte(hash))
	return foreign(hash) || err == nil && cost != h.cost
}

// hash makes a hash within a slot.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	var made string
	err := h.inSlot(ctx, func() error {
		var err error
		made, err = h.hashNow(password)
		return err
	})
	return made, err
}

// hashNow makes a hash; the caller holds a slot.
func (h *hasher) hashNow(password string) (string, error) {
	if len(password) > maxPassword {
		return "", errPassword
	}
	h.hashes.Add(1)
	made, err := bcrypt.GenerateFromPassword([]byte(password), h.cost)
	return string(made), err
}

// checkPassword returns what is wrong with a new password, or nil.
func checkPassword(pointer, password, username string) []fault.Detail {
	switch {
	case utf8.RuneCountInString(password) < minPassword:
		return []fault.Detail{{Pointer: pointer, Code: "password_short", Detail: "A password has 8 characters or more."}}
	case len(password) > maxPassword:
		return []fault.Detail{{Pointer: pointer, Code: "password_long", Detail: "A password has 72 bytes at most (a Chinese character counts as three)."}}
	case password == username:
		return []fault.Detail{{Pointer: pointer, Code: "password_weak", Detail: "The password must not be the username."}}
	}
	return nil
}
