package access

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/bcrypt"

	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/setting"
)

const (
	maxPassword = 72 // bytes: bcrypt compares no more
	// queueASlot is how many callers wait for a core: about five seconds of hashing at cost 10. Who is sent away has no place
	// in any queue, and in a storm of callers who ask again at once might never get one.
	queueASlot = 64
)

// What is wrong with passwords.
var (
	ErrHashingBusy = fault.New(fault.Busy, "login_busy", "Too many people are logging in. Try again shortly.").After(2 * time.Second)
	errPassword    = errors.New("password too long")
)

// hasher runs bcrypt on half of the cores, since at cost 10 a core makes 14 hashes a second: a storm of log-ins leaves the
// other half to everybody else. Beyond the queue callers are sent away.
type hasher struct {
	cost    int          // the environment's
	set     atomic.Int64 // an administrator's, 0 where there is none
	slots   chan struct{}
	queue   chan struct{}
	hashes  atomic.Int64 // made and compared, for tests that count instead of timing
	bcrypts func(hash, password []byte) error
}

func newHasher(cost int) *hasher {
	cost = min(max(cost, bcrypt.MinCost), bcrypt.MaxCost)
	slots := max(1, runtime.GOMAXPROCS(0)/2)
	return &hasher{
		cost:  cost,
		slots: make(chan struct{}, slots), queue: make(chan struct{}, slots*(1+queueASlot)),
		bcrypts: bcrypt.CompareHashAndPassword,
	}
}

// tune takes over the cost that is set.
func (h *hasher) tune(v *setting.Values) {
	h.set.Store(0)
	if v.IsSet(setting.BcryptCost) {
		h.set.Store(int64(v.Int(setting.BcryptCost)))
	}
}

// present is the cost of new hashes.
func (h *hasher) present() int { return cmp.Or(int(h.set.Load()), h.cost) }

// dummy is a hash that no password has: comparing with it takes as long as with a real one.
func (h *hasher) dummy() []byte {
	return fmt.Appendf(nil, "$2a$%02d$7EqJtq98hPqEX7fNZaFWoOhi5B0aRzQnV9c0Y5rjIvHvTqLlTb8r2", h.present())
}

// inSlot runs work when a slot is free: ErrHashingBusy when the queue is full or the caller's time is
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
		against = h.dummy()
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
	return foreign(hash) || err == nil && cost != h.present()
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
	made, err := bcrypt.GenerateFromPassword([]byte(password), h.present())
	return string(made), err
}
