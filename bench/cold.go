package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	coldSpawns    = 20
	coldTarget    = 50 // ms
	memoryTarget  = 30 // MiB, as the next two
	imageTarget   = 30
	programTarget = 60
)

// measureCold is goal 13: each function as the program of its own that an image for OpenFaaS holds, and as diom serves it
// on Knative, from its start until its first 200; what it holds in memory then; and the sizes of the programs.
func measureCold(ctx context.Context, s *servers, o options) ([]Goal, error) {
	p, err := s.product(ctx, "cold", nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = p.close() }() // the answer is known by then
	dir, err := os.MkdirTemp("", "diom-bench-*")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a directory of ours in the system's for such
	c := &cold{servers: s, product: p, detail: map[string]float64{}}
	functions, err := os.ReadDir("functions")
	if err != nil {
		return nil, fmt.Errorf("from the root of the repository: %w", err)
	}
	for _, function := range functions {
		program, err := functionProgram(ctx, dir, function.Name())
		if err == nil {
			err = c.start(ctx, function.Name(), program)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", function.Name(), err)
		}
	}
	if err := c.start(ctx, "diom serve start-process", o.binary, "serve", "start-process"); err != nil {
		return nil, err
	}
	whole, err := strippedSize(ctx, dir)
	if err != nil {
		return nil, err
	}
	start := Goal{ID: 13, Name: "cold start, exec → first 200, P95 of the slowest function", Value: c.slowest, Unit: "ms", Target: "≤ 50", Detail: c.detail}
	memory := Goal{ID: 13, Name: "memory of a function after its first answer, the largest", Value: c.memory / (1 << 20), Unit: "MiB", Target: "≤ 30"}
	size := Goal{ID: 13, Name: "program of a function, the largest", Value: c.size / (1 << 20), Unit: "MiB", Target: "≤ 30"}
	console := Goal{ID: 13, Name: "diom, with the console", Value: whole / (1 << 20), Unit: "MiB", Target: "≤ 60"}
	return []Goal{
		start.judged(c.slowest <= coldTarget, c.why), memory.judged(memory.Value <= memoryTarget, ""),
		size.judged(size.Value <= imageTarget, ""), console.judged(console.Value <= programTarget, ""),
	}, nil
}

// cold is what has been found of the functions so far: the worst of each.
type cold struct {
	servers               *servers
	product               *product
	detail                map[string]float64
	slowest, memory, size float64
	why                   string
}

// start starts a function again and again, as a process of its own.
func (c *cold) start(ctx context.Context, name, program string, arguments ...string) error {
	var watch stopwatch
	var rss float64
	w := look(nil)
	for range coldSpawns {
		took, held, err := spawn(ctx, c.servers, c.product, program, arguments)
		if err != nil {
			return err
		}
		watch.note(took, nil)
		rss = max(rss, held)
	}
	file, err := os.Stat(program)
	if err != nil {
		return err
	}
	cost, _ := w.spent(coldSpawns)
	if c.why == "" && cost.Idle < 0.2 { // what was started is gone, so that only the idle time says something
		c.why = fmt.Sprintf("the processors were idle for %.0f %% of the time only", 100*cost.Idle)
	}
	l := watch.end(time.Now())
	c.detail[name+", P50 ms"], c.detail[name+", P95 ms"] = l.at(0.5), l.at(0.95)
	c.detail[name+", MiB of memory"], c.detail[name+", MiB of program"] = rss/(1<<20), float64(file.Size())/(1<<20)
	say("goal 13: %s: P95 %.0f ms, %.0f MiB of memory, %.0f MiB of program", name, l.at(0.95), rss/(1<<20), float64(file.Size())/(1<<20))
	if len(arguments) == 0 {
		c.slowest, c.memory, c.size = max(c.slowest, l.at(0.95)), max(c.memory, rss), max(c.size, float64(file.Size()))
	}
	return nil
}

// functionProgram builds the program of a function: the main package of template/diom-go, for which the function is the
// root of the module, as a package that only this build sees.
func functionProgram(ctx context.Context, dir, function string) (string, error) {
	main, err := os.ReadFile("template/diom-go/function/boot/main.go")
	if err != nil {
		return "", err
	}
	text := strings.Replace(string(main), `"diom.io/workflow"`, strconv.Quote("diom.io/workflow/functions/"+function), 1)
	file, overlay, program := filepath.Join(dir, function+".go"), filepath.Join(dir, function+".json"), filepath.Join(dir, function)
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(here, "boot", "main.go"): file}})
	if err != nil {
		return "", err
	}
	if err := errors.Join(os.WriteFile(file, []byte(text), 0o600), os.WriteFile(overlay, replace, 0o600)); err != nil {
		return "", err
	}
	return program, goBuild(ctx, program, "./boot", "-overlay="+overlay)
}

// strippedSize is how large diom is as `make build` makes it.
func strippedSize(ctx context.Context, dir string) (float64, error) {
	program := filepath.Join(dir, "stripped")
	if err := goBuild(ctx, program, "./cmd/diom"); err != nil {
		return 0, err
	}
	file, err := os.Stat(program)
	if err != nil {
		return 0, err
	}
	return float64(file.Size()), nil
}

// spawn starts a function and returns how long it took to its first 200, and its memory in bytes then.
func spawn(ctx context.Context, s *servers, p *product, program string, arguments []string) (time.Duration, float64, error) {
	v := &served{database: p.database}
	var err error
	if v.dir, err = os.MkdirTemp("", "diom-bench-*"); err != nil {
		return 0, 0, err
	}
	if err := os.CopyFS(v.dir, os.DirFS(p.secrets)); err != nil {
		return 0, 0, err
	}
	defer func() { _ = v.stop() }()
	begun := time.Now()
	if err := v.start(ctx, s, program, arguments, nil); err != nil {
		return 0, 0, err
	}
	took := time.Since(begun)
	rss, err := resident(v.command.Process.Pid)
	return took, rss, err
}

// resident is the memory of a process that is in use, in bytes.
func resident(pid int) (float64, error) {
	var kilobytes float64
	text := field(fmt.Sprintf("/proc/%d/status", pid), "VmRSS")
	if _, err := fmt.Sscanf(text, "%f kB", &kilobytes); err != nil {
		return 0, fmt.Errorf("VmRSS %q: %w", text, err)
	}
	return kilobytes * 1024, nil
}
