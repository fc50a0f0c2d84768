package local

import (
	"context"
	"errors"
	"sync"
	"time"
)

// grace is how long a process has to stop; a database may have much to write.
const grace = 30 * time.Second

// Supervisor keeps processes running and ends them in the reverse order of their start.
type Supervisor struct {
	say    func(format string, arguments ...any)
	groups [][]*child
	stop   chan struct{}
	hurry  chan struct{}
	once   sync.Once
}

// NewSupervisor returns a Supervisor; say takes a line for each process that ends or comes back.
func NewSupervisor(say func(format string, arguments ...any)) *Supervisor {
	return &Supervisor{say: say, stop: make(chan struct{}), hurry: make(chan struct{})}
}

// Start starts commands together and returns once each answers, within patience. After an error the
// caller stops the Supervisor. A process that answered once is restarted whenever it ends.
func (s *Supervisor) Start(ctx context.Context, patience time.Duration, commands ...Command) error {
	group := make([]*child, len(commands))
	results := make([]error, len(commands))
	var wait sync.WaitGroup
	for i, command := range commands {
		group[i] = &child{Command: command, supervisor: s, failed: make(chan error, 1), done: make(chan struct{})}
		wait.Go(func() { results[i] = group[i].start(ctx, patience) })
	}
	s.groups = append(s.groups, group)
	wait.Wait()
	return errors.Join(results...)
}

// Stop ends every process: the group that was started last first, the members of a group together.
func (s *Supervisor) Stop() {
	close(s.stop)
	for i := len(s.groups) - 1; i >= 0; i-- {
		var wait sync.WaitGroup
		for _, c := range s.groups[i] {
			wait.Go(func() { c.end(grace) })
		}
		wait.Wait()
	}
}

// Hurry kills what Stop still waits for.
func (s *Supervisor) Hurry() { s.once.Do(func() { close(s.hurry) }) }

func (s *Supervisor) stopped() bool {
	select {
	case <-s.stop:
		return true
	default:
		return false
	}
}

// pause waits for d; false means that the Supervisor stops.
func (s *Supervisor) pause(d time.Duration) bool {
	select {
	case <-s.stop:
		return false
	case <-time.After(d):
		return true
	}
}
