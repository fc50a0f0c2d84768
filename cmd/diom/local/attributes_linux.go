package local

import "syscall"

// attributes put a child into a process group of its own, so that Ctrl-C reaches the supervisor
// alone, and end it when the supervisor is killed.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
