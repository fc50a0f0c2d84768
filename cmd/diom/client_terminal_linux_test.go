package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"diom.io/workflow/cmd/diom/client"
	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas/faastest"
)

// openTerminal returns both ends of a pseudo-terminal of 60 columns: what a person sees and types, and what
// the command has.
func openTerminal(t *testing.T) (person, command *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { person.Close() })
	fd := int(person.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	err = errors.Join(err, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0), unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 60}))
	if err != nil {
		t.Fatal(err)
	}
	command, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { command.Close() })
	return person, command
}

// atTerminal runs a command at a terminal and returns what it shows. Each text is typed when the command
// has asked for something.
func (u *user) atTerminal(typed []string, arguments ...string) (string, int) {
	u.t.Helper()
	person, tty := openTerminal(u.t)
	cmd := exec.CommandContext(u.t.Context(), os.Args[0], arguments...)
	cmd.Env = append([]string{asDiom + "=1", "HOME=" + u.dir, "TERM=xterm"}, u.env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true} // so that Ctrl-C reaches it
	if err := cmd.Start(); err != nil {
		u.t.Fatal(err)
	}
	tty.Close()
	var shown bytes.Buffer
	piece := make([]byte, 4<<10)
	for {
		n, err := person.Read(piece)
		shown.Write(piece[:n])
		if len(typed) > 0 && strings.HasSuffix(shown.String(), ": ") {
			if _, err := io.WriteString(person, typed[0]); err != nil {
				u.t.Fatal(err)
			}
			typed = typed[1:]
		}
		if err != nil { // EIO: the command has ended
			break
		}
	}
	u.t.Logf("diom %s: %v", strings.Join(arguments, " "), cmd.Wait())
	return shown.String(), cmd.ProcessState.ExitCode()
}

// At a terminal the password is asked for and not shown, tables fit, and colours and a bar are there unless
// they are not wanted.
func TestTerminal(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	u := newUserAt(t, in.url)
	shown, code := u.atTerminal([]string{access.DemoPassword + "\n"}, "login", "zhouming")
	has(t, shown, "password of zhouming at "+in.url+": ", "logged in at")
	if code != 0 || strings.Contains(shown, access.DemoPassword) {
		t.Errorf("the password is shown: %q", shown)
	}
	model := u.file("leave.bpmn", faastest.Leave)
	other := u.file("other.bpmn", strings.ReplaceAll(faastest.Leave, `id="leave"`, `id="other"`))
	shown, _ = u.atTerminal(nil, "deploy", model, other)
	has(t, shown, "sending", "\x1b[1mID", "leave")
	shown, _ = u.atTerminal(nil, "definition", "list")
	for line := range strings.SplitSeq(shown, "\r\n") {
		if n := len([]rune(strings.NewReplacer("\x1b[1m", "", "\x1b[0m", "").Replace(line))); n > 60 {
			t.Errorf("%d characters: %q", n, line)
		}
	}
	u.env = append(u.env, "NO_COLOR=1")
	if shown, _ := u.atTerminal(nil, "definition", "list"); strings.Contains(shown, "\x1b") {
		t.Errorf("%q", shown)
	}
	if shown, code := u.atTerminal([]string{"half\x03"}, "login", "zhouming"); code != client.ExitInterrupted || !strings.Contains(shown, "interrupted") {
		t.Errorf("after Ctrl-C: %d %q", code, shown)
	}
	shown, code = u.atTerminal([]string{access.DemoPassword + "\n", "One-new-word-1\n", "Another-word-1\n"}, "password")
	if code != client.ExitUsage || strings.Contains(shown, "-word-1") || !strings.Contains(shown, "the two new passwords differ") {
		t.Errorf("%d %q", code, shown)
	}
}
