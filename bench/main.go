// Command bench measures the product against its performance goals and writes bench/out/latest.json
// and a table.
//
// It needs a MariaDB (DIOM_TEST_MYSQL_DSN) and a Redis (DIOM_TEST_REDIS_URL); `make bench` starts private
// ones. Only ratios of one run are compared: the product and its raw SQL twin take turns on the same
// servers, and there is no verdict when other processes took part in the work.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"time"
)

// options narrow a run.
type options struct {
	goals       []int
	time        time.Duration // of one turn
	rounds      int
	connections int
	instances   int    // that wait, for goal 11
	binary      string // diom, built already; "" means: build it
	out         string // directory
}

func main() { os.Exit(run()) }

func run() int {
	o, err := parse(os.Args[1:])
	if err != nil {
		say("%v", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	report, err := measure(ctx, o)
	if err != nil {
		say("bench: %v", err)
		return 1
	}
	if err := report.write(o.out); err != nil {
		say("bench: %v", err)
		return 1
	}
	fmt.Print(report.table())
	if report.failed() {
		return 1
	}
	return 0
}

// parse reads the flags; GOALS and TIME of the environment are their defaults.
func parse(arguments []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	goals := flags.String("goals", setting("GOALS", "1,2,3,11"), "numbers of the goals, with commas")
	turn := flags.String("time", setting("TIME", "3s"), "length of one turn")
	flags.IntVar(&o.rounds, "rounds", 5, "rounds of goal 2 and 3; each has a turn of the product, of the twin and of bare commits")
	flags.IntVar(&o.connections, "connections", 16, "calls at once")
	flags.IntVar(&o.instances, "instances", 2000, "waiting instances of goal 11")
	flags.StringVar(&o.binary, "diom", "", "the product's binary; without one it is built")
	flags.StringVar(&o.out, "out", "bench/out", "directory of latest.json")
	if err := flags.Parse(arguments); err != nil {
		return o, err
	}
	var err error
	if o.time, err = time.ParseDuration(*turn); err != nil {
		return o, fmt.Errorf("-time: %w", err)
	}
	for text := range strings.SplitSeq(*goals, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || !slices.Contains(known, n) {
			return o, fmt.Errorf("-goals: %q is not one of %v", text, known)
		}
		o.goals = append(o.goals, n)
	}
	return o, nil
}

// known are the goals that this program measures.
var known = []int{1, 2, 3, 11}

func (o options) wants(goals ...int) bool {
	return slices.ContainsFunc(goals, func(n int) bool { return slices.Contains(o.goals, n) })
}

func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

// say reports progress.
func say(format string, arguments ...any) { fmt.Fprintf(os.Stderr, format+"\n", arguments...) }

// measure runs the goals that are asked for.
func measure(ctx context.Context, o options) (*report, error) {
	s, err := openServers(ctx, os.Getenv("DIOM_TEST_MYSQL_DSN"), os.Getenv("DIOM_TEST_REDIS_URL"))
	if err != nil {
		return nil, err
	}
	defer s.close()
	r, err := newReport(ctx, s)
	if err != nil {
		return nil, err
	}
	for _, goal := range []struct {
		ids     []int
		measure func(context.Context, *servers, options) ([]Goal, error)
	}{
		{[]int{1}, measureTrips}, {[]int{11}, measureSize}, {[]int{2, 3}, measureEfficiency},
	} {
		if !o.wants(goal.ids...) {
			continue
		}
		goals, err := goal.measure(ctx, s, o)
		if err != nil {
			return nil, fmt.Errorf("goal %d: %w", goal.ids[0], err)
		}
		for _, g := range goals {
			if o.wants(g.ID) {
				r.Goals = append(r.Goals, g)
			}
		}
	}
	slices.SortStableFunc(r.Goals, func(a, b Goal) int { return a.ID - b.ID })
	r.finish()
	return r, nil
}
