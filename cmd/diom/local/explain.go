package local

import (
	"fmt"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// reasons turn what a server writes into its log into what a person can do about it, the first match
// wins.
var reasons = []struct {
	log    *regexp.Regexp
	advice string
}{
	{regexp.MustCompile(`(?i)no space left|OS error 28|errcode: 28|error number 28|disk.{0,8} full|not enough free space`), "the disk is full: free some space"},
	{regexp.MustCompile(`(?i)address already in use|errcode: 98|address is taken`), "its port is taken by another process"},
	{regexp.MustCompile(`(?i)unable to lock \./ibdata1|can't lock aria`), "another process uses its data"},
	{regexp.MustCompile(`(?i)permission denied|errcode: 13|operating system error number 13`), "a file of its data does not belong to this user"},
	{regexp.MustCompile(`(?i)newer version|unsupported (redo|undo) log|downgrade`), "its data was written by a newer version: install that one, or make db-reset"},
	{regexp.MustCompile(`(?i)corrupt|privilege tables|table 'mysql\.`), "its data is damaged: make db-reset makes it anew"},
	{regexp.MustCompile(`(?i)cannot allocate memory|out of memory`), "there is not enough memory"},
}

// advice returns what can be done about a log and the line that says so, or "".
func advice(log string) string {
	lines := strings.Split(log, "\n")
	for _, r := range reasons {
		for _, line := range lines {
			if r.log.MatchString(line) {
				return r.advice + " (" + strings.TrimSpace(line) + ")"
			}
		}
	}
	return ""
}

// lastWords returns the last error of a log, or its last line.
func lastWords(log string) string {
	lines := strings.Split(strings.TrimSpace(log), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if strings.Contains(lines[i], "[ERROR]") || strings.Contains(lines[i], `"level":"ERROR"`) {
			return strings.TrimSpace(lines[i])
		}
	}
	return strings.TrimSpace(lines[len(lines)-1])
}

// explain is advice, or the last words where there is none.
func explain(log string) string {
	if told := advice(log); told != "" {
		return told
	}
	return lastWords(log)
}

const (
	// newData is what a new MariaDB and its logs take; room is what an old one needs to go on.
	newData = 400 << 20
	room    = 64 << 20

	diskInterval = 5 * time.Second
)

// free returns the bytes that this user may still write on the disk of dir.
func free(dir string) (uint64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Bsize), nil
}

// checkRoom is an error when the disk of dir has less than need bytes left.
func checkRoom(dir string, need uint64) error {
	left, err := free(dir)
	if err != nil {
		return err
	}
	if left < need {
		return fmt.Errorf("the disk of %s is full: %d MB are free, %d MB are needed; free some space, or set DIOM_HOME to a directory on another disk",
			dir, left>>20, need>>20)
	}
	return nil
}

// watchDisk says once when the disk of dir runs full, and once when it has room again, until the
// Supervisor stops.
func (s *Supervisor) watchDisk(dir string) {
	full := false
	for s.pause(diskInterval) {
		left, err := free(dir)
		if err != nil || (left < room) == full {
			continue
		}
		full = left < room
		if full {
			s.say("the disk of %s is almost full: %d MB are free; writes fail until there is room", dir, left>>20)
		} else {
			s.say("the disk of %s has room again", dir)
		}
	}
}
