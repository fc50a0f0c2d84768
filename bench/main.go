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
	instances   int // that wait, for goal 11
	scale       float64
	small       int // instances in the databases of goal 6
	large       int
	peers       string
	publish     bool
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
	if o.publish {
		if err := publish(o.out); err != nil {
			say("bench: %v", err)
			return 1
		}
		return 0
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	dir, err := os.MkdirTemp("", "diom-bench-*")
	if err != nil {
		say("bench: %v", err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }() // a directory of ours in the system's for such
	if o.binary, err = built(ctx, o.binary, dir); err != nil {
		say("bench: %v", err)
		return 1
	}
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
	goals := flags.String("goals", setting("GOALS", strings.Trim(strings.ReplaceAll(fmt.Sprint(known()), " ", ","), "[]")), "numbers of the goals, with commas")
	turn := flags.String("time", setting("TIME", "3s"), "length of one turn")
	flags.IntVar(&o.rounds, "rounds", 5, "rounds of goal 2 and 3; each has a turn of the product, of the twin and of bare commits")
	flags.IntVar(&o.connections, "connections", 16, "calls at once")
	flags.IntVar(&o.instances, "instances", 2000, "waiting instances of goal 11")
	flags.Float64Var(&o.scale, "scale", 0.2, "share of the counts of goals 12 and 16: at 1 10,000 timers and messages, a batch over 100,000 instances")
	flags.IntVar(&o.small, "small", 10_000, "instances in the smaller database of goal 6")
	flags.IntVar(&o.large, "large", 100_000, "instances in the larger database of goal 6; 1000000 for the whole of it")
	flags.StringVar(&o.peers, "peers", setting("PEERS", ""), "engines to do the same work, kind=base URL with commas; kinds: "+strings.Join(peerKinds(), ", "))
	flags.BoolVar(&o.publish, "publish", false, "measure nothing; write what the last run found into docs/performance.md")
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
		if err != nil || !slices.Contains(known(), n) {
			return o, fmt.Errorf("-goals: %q is not one of %v", text, known())
		}
		o.goals = append(o.goals, n)
	}
	return o, nil
}

// measurement measures one goal, or several that have a set-up in common.
type measurement struct {
	ids     []int
	measure func(context.Context, *servers, options) ([]Goal, error)
}

func measurements() []measurement {
	return []measurement{
		{[]int{1}, measureTrips}, {[]int{11}, measureSize}, {[]int{2, 3}, measureEfficiency}, {[]int{4}, measurePeers}, {[]int{5}, measureHandler},
		{[]int{6}, measureGrown}, {[]int{7}, measureConnections}, {[]int{8}, measureMixed}, {[]int{9}, measureHot}, {[]int{10}, measureLock},
		{[]int{12}, measureTimers}, {[]int{13}, measureCold}, {[]int{14}, measureDelivery}, {[]int{15}, measureStorm}, {[]int{16}, measureBursts},
	}
}

// known are the numbers of the goals.
func known() []int {
	var ids []int
	for _, m := range measurements() {
		ids = append(ids, m.ids...)
	}
	slices.Sort(ids)
	return ids
}

// scaled is a count of a burst in this run.
func (o options) scaled(n int) int { return max(int(o.scale*float64(n)), 16) }

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
	for _, m := range measurements() {
		if !o.wants(m.ids...) {
			continue
		}
		goals, err := m.measure(ctx, s, o)
		if err != nil {
			return nil, fmt.Errorf("goal %d: %w", m.ids[0], err)
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
