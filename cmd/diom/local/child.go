package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

const (
	poll     = 20 * time.Millisecond
	minDelay = 200 * time.Millisecond
	maxDelay = 5 * time.Second
	steady   = 10 * time.Second // a process that ran this long starts anew at once
)

// Command describes a process that a Supervisor keeps running.
type Command struct {
	Name      string
	Path      string
	Arguments []string
	// Env is the whole environment; nil means this process's own.
	Env []string
	Dir string
	// Log is the file that takes both outputs; the one of the run before is kept beside it as .old.
	Log string
	// Ready returns nil once the process answers.
	Ready func(context.Context) error
	// Stop is the signal that ends it; 0 means SIGTERM.
	Stop syscall.Signal
}

// child is one process under supervision.
type child struct {
	Command
	supervisor *Supervisor

	mu      sync.Mutex
	process *os.Process
	started bool       // answered once: from then on it is restarted
	failed  chan error // takes the end of a first start that never answered
	done    chan struct{}
}

// loop runs the process until the supervisor stops. It holds its OS thread, because the kernel ends
// a child when the thread that started it ends.
func (c *child) loop() {
	defer close(c.done)
	runtime.LockOSThread()
	delay := minDelay
	for {
		begin := time.Now()
		err := c.run()
		if c.supervisor.stopped() {
			return
		}
		if !c.answered() {
			c.failed <- err
			return
		}
		if time.Since(begin) > steady {
			delay = minDelay
		}
		c.supervisor.say("%s ended (%s); starting it again", c.Name, c.reason(err))
		if !c.supervisor.pause(delay) {
			return
		}
		delay = min(2*delay, maxDelay)
		go c.await()
	}
}

// run starts the process and waits for its end.
func (c *child) run() error {
	if err := keepOld(c.Log); err != nil {
		return err
	}
	log, err := os.OpenFile(c.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return notWritable(c.Log, err)
	}
	defer log.Close()
	cmd := exec.Command(c.Path, c.Arguments...) //nolint:gosec,noctx // our own commands; the supervisor ends them in order, not a context
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = c.Env, c.Dir, log, log, attributes()
	c.mu.Lock()
	if c.supervisor.stopped() {
		c.mu.Unlock()
		return nil
	}
	err = cmd.Start()
	c.process = cmd.Process
	c.mu.Unlock()
	if err != nil {
		return err
	}
	err = cmd.Wait()
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}

// keepOld moves the log of the run before aside.
func keepOld(path string) error {
	if err := os.Rename(path, path+".old"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return notWritable(path, err)
	}
	return nil
}

// start runs the process and returns once it answers. The error says why it does not.
func (c *child) start(ctx context.Context, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	go c.loop()
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	last := errors.New("it was never asked")
	for {
		select {
		case err := <-c.failed:
			return fmt.Errorf("%s did not start: %s", c.Name, c.reason(err))
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return fmt.Errorf("%s does not answer after %s: %w; its log is %s", c.Name, patience, last, c.Log)
			}
			return ctx.Err()
		case <-ticker.C:
			if last = c.Ready(ctx); last == nil {
				c.mu.Lock()
				c.started = true
				c.mu.Unlock()
				return nil
			}
		}
	}
}

// await says when a restarted process answers.
func (c *child) await() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for c.supervisor.pause(5 * poll) {
		if err := c.Ready(ctx); err == nil {
			c.supervisor.say("%s answers again", c.Name)
			return
		}
		if ctx.Err() != nil {
			return
		}
	}
}

func (c *child) answered() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.started
}

// reason explains the end of the process by its log, where that says anything.
func (c *child) reason(err error) string {
	if err == nil {
		return "stopped"
	}
	told := advice(tail(c.Log))
	if exit := (*exec.ExitError)(nil); told == "" && errors.As(err, &exit) && exit.Exited() {
		told = lastWords(tail(c.Log)) // after a signal from outside they have nothing to do with the end
	}
	if told != "" {
		return fmt.Sprintf("%v: %s", err, told)
	}
	return err.Error()
}

// tail returns the last 16 KiB of a log, or "".
func tail(path string) string {
	file, err := os.Open(path) //nolint:gosec // a log under the home
	if err != nil {
		return ""
	}
	defer file.Close()
	if _, err := file.Seek(-(16 << 10), io.SeekEnd); err != nil {
		_, _ = file.Seek(0, io.SeekStart) // the log is shorter than that
	}
	text, _ := io.ReadAll(file) // what could be read explains more than nothing
	return string(text)
}

// end asks the process to stop and kills it, with its group, when it does not.
func (c *child) end(grace time.Duration) {
	c.mu.Lock()
	process := c.process
	c.mu.Unlock()
	if process != nil {
		stop := c.Stop
		if stop == 0 {
			stop = syscall.SIGTERM
		}
		_ = process.Signal(stop) // it may have ended already
	}
	select {
	case <-c.done:
		return
	case <-time.After(grace):
		c.supervisor.say("%s does not stop; killing it", c.Name)
	case <-c.supervisor.hurry:
	}
	if process != nil {
		_ = syscall.Kill(-process.Pid, syscall.SIGKILL) // it may have ended already
	}
	<-c.done
}
