package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of /proc: sysconf(_SC_CLK_TCK), 100 a second on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// usage is the processor time that was spent until a moment: by all, and by processes of ours.
type usage struct {
	busy, idle time.Duration // of all cores
	ours       map[string]time.Duration
}

// spent is the processor time between two moments.
type spent struct {
	Idle       float64            `json:"idle"`       // share of all cores
	Neighbours float64            `json:"neighbours"` // share of all cores that none of ours took
	PerOp      map[string]float64 `json:"perOp"`      // µs per operation, by process, and in all
}

// used reads the clocks. It fails where there is no /proc or a process is gone.
func used(processes map[string]int) (usage, error) {
	u := usage{ours: map[string]time.Duration{}}
	fields := strings.Fields(line("/proc/stat"))
	if len(fields) < 9 {
		return u, fmt.Errorf("/proc/stat: no processor time")
	}
	for i, text := range fields[1:9] { // user nice system idle iowait irq softirq steal
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return u, fmt.Errorf("/proc/stat: %w", err)
		}
		if i == 3 || i == 4 {
			u.idle += time.Duration(n) * tick
		} else {
			u.busy += time.Duration(n) * tick
		}
	}
	for name, pid := range processes {
		var err error
		if u.ours[name], err = usedBy(pid); err != nil {
			return u, err
		}
	}
	return u, nil
}

// usedBy is the processor time of one process.
func usedBy(pid int) (time.Duration, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The name, in brackets, may hold spaces; utime and stime are fields 14 and 15.
	_, rest, _ := strings.Cut(string(raw), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat: too short", pid)
	}
	user, err := strconv.ParseInt(fields[11], 10, 64)
	if err != nil {
		return 0, err
	}
	system, err := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick, err
}

// since returns what was spent after an earlier moment, for a number of operations.
func (u usage) since(before usage, operations int) spent {
	busy, idle := u.busy-before.busy, u.idle-before.idle
	s := spent{PerOp: map[string]float64{}}
	var ours time.Duration
	for name, now := range u.ours {
		took := now - before.ours[name]
		ours += took
		s.PerOp[name] = took.Seconds() * 1e6 / float64(max(operations, 1))
	}
	s.PerOp["all"] = ours.Seconds() * 1e6 / float64(max(operations, 1))
	if all := busy + idle; all > 0 {
		s.Idle = idle.Seconds() / all.Seconds()
		s.Neighbours = max(0, (busy-ours).Seconds()/all.Seconds())
	}
	return s
}
