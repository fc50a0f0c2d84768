package backup

import (
	"context"
	"sync/atomic"
	"time"
)

// FailAfter lets the place of a vault fail with err once so many files were begun there: the first one that is too many is
// cut off in its middle. Nothing is written then until Heal.
func (v *Vault) FailAfter(files int, err error) {
	f := &failing{place: v.place, err: err}
	f.left.Store(int64(files))
	v.place = f
}

// Forget lets the place of a vault lose a file when another one is published.
func (v *Vault) Forget(remove func()) { v.place = &forgetful{v.place, remove} }

// Heal lets the place work again.
func (v *Vault) Heal() {
	switch p := v.place.(type) {
	case *failing:
		v.place = p.place
	case *forgetful:
		v.place = p.place
	}
}

// SetMark says that a copy was brought up to date at a time.
func (v *Vault) SetMark(ctx context.Context, id string, at time.Time) error {
	return v.setMark(ctx, id, at)
}

// Mark is when that was.
func (v *Vault) Mark(ctx context.Context, id string) time.Time { return v.marked(ctx, id) }

// LockCopies takes the lock of the copies of a database until the returned function is called.
func LockCopies(ctx context.Context, of Database) (release func(), err error) {
	s, err := connect(ctx, of, dumpMode)
	if err != nil {
		return nil, err
	}
	c, err := s.session(ctx)
	if err == nil {
		err = s.claimLock(ctx, c, s.copyLock())
	}
	return func() { s.releaseLock(c, s.copyLock()); _ = s.Close() }, err
}

type failing struct {
	place
	left atomic.Int64
	err  error
}

func (f *failing) write(ctx context.Context, folder, name string) (file, error) {
	w, err := f.place.write(ctx, folder, name)
	if err == nil && f.left.Add(-1) < 0 {
		return cut{w, f.err}, nil
	}
	return w, err
}

func (f *failing) publish(ctx context.Context, folder, name string, content []byte) error {
	if f.left.Add(-1) < 0 {
		return space(f.err)
	}
	return f.place.publish(ctx, folder, name, content)
}

type cut struct {
	file
	err error
}

func (c cut) Write(p []byte) (int, error) {
	n, _ := c.file.Write(p[:len(p)/2])
	return n, c.err
}

// forgetful loses something after each object.
type forgetful struct {
	place
	lose func()
}

func (f *forgetful) write(ctx context.Context, folder, name string) (file, error) {
	w, err := f.place.write(ctx, folder, name)
	return losing{w, f.lose}, err
}

type losing struct {
	file
	lose func()
}

func (l losing) commit() error {
	defer l.lose()
	return l.file.commit()
}
