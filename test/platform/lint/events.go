package lint

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// events finds Triggers for types that nobody sends or that their function does not take, and consumed
// types without a Trigger, or with two.
func events(s Set) []string {
	var list []string
	count := map[string]int{}
	for _, o := range s.of("Trigger") {
		kind, function := o.text("spec", "filter", "attributes", "type"), o.text("spec", "subscriber", "ref", "name")
		count[function+" "+kind]++
		if !slices.Contains(s.Emitted, kind) {
			list = append(list, fmt.Sprintf("%s: nobody sends %q", o.id(), kind))
		}
		if !slices.Contains(s.Consumers[kind], function) {
			list = append(list, fmt.Sprintf("%s: %s does not take %q", o.id(), function, kind))
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(s.Consumers)) {
		for _, function := range s.Consumers[kind] {
			if n := count[function+" "+kind]; n != 1 {
				list = append(list, fmt.Sprintf("%d Triggers bring %s to %s", n, kind, function))
			}
		}
	}
	return list
}

// sinks finds events that go to a path where nobody takes them.
func sinks(s Set) []string {
	var list []string
	for _, o := range s.Objects {
		for _, sink := range sinksOf(o) {
			function, path := sink.text("ref", "name"), sink.text("uri")
			taken := sink.text("ref", "kind") == "Broker" && path == ""
			switch o.kind() {
			case "Trigger":
				taken = path == "/events" && s.consumes(function) || slices.Contains(s.Sinks[function], path)
			case "PingSource":
				taken = path == "" && slices.Contains(s.Scheduled, function)
			}
			if !taken {
				list = append(list, fmt.Sprintf("%s: %s takes no events at %q", o.id(), function, path))
			}
		}
	}
	return list
}

func (s Set) consumes(function string) bool {
	for _, functions := range s.Consumers {
		if slices.Contains(functions, function) {
			return true
		}
	}
	return false
}

// shortest is the resolution of a delay: less is none at all.
const shortest = 100 * time.Millisecond

// deliveries finds Triggers that lose events: without a dead letter sink, without repetition, or with a
// delay that Knative takes for none.
func deliveries(s Set) []string {
	var list []string
	for _, o := range s.of("Trigger") {
		d := o.object("spec", "delivery")
		if d.object("deadLetterSink", "ref") == nil {
			list = append(list, o.id()+": what is given up goes nowhere")
		}
		if n, err := strconv.Atoi(d.text("retry")); err != nil || n < 1 {
			list = append(list, fmt.Sprintf("%s: %q repetitions", o.id(), d.text("retry")))
		}
		if policy := d.text("backoffPolicy"); policy != "exponential" {
			list = append(list, fmt.Sprintf("%s: the back-off is %q", o.id(), policy))
		}
		delay, err := duration(d.text("backoffDelay"))
		if err != nil || delay < shortest || delay%shortest != 0 {
			list = append(list, fmt.Sprintf("%s: the delay is %q", o.id(), d.text("backoffDelay")))
		}
	}
	return list
}

// duration reads what of ISO 8601 a delay needs: PT0.2S, PT5S.
func duration(text string) (time.Duration, error) {
	inner, prefixed := strings.CutPrefix(text, "PT")
	if !prefixed || !strings.HasSuffix(inner, "S") {
		return 0, fmt.Errorf("delay %q: write it in seconds, PT0.2S", text)
	}
	return time.ParseDuration(strings.ToLower(inner))
}

// schedules finds scheduled functions without a PingSource, and PingSources that are in no time zone.
func schedules(s Set) []string {
	var list, called []string
	for _, o := range s.of("PingSource") {
		called = append(called, o.text("spec", "sink", "ref", "name"))
		if _, err := time.LoadLocation(o.text("spec", "timezone")); err != nil || o.text("spec", "timezone") == "" {
			list = append(list, fmt.Sprintf("%s: the time zone is %q", o.id(), o.text("spec", "timezone")))
		}
		if fields := strings.Fields(o.text("spec", "schedule")); len(fields) != 5 {
			list = append(list, fmt.Sprintf("%s: the schedule is %q", o.id(), o.text("spec", "schedule")))
		}
	}
	for _, function := range s.Scheduled {
		if !slices.Contains(called, function) {
			list = append(list, "nobody calls "+function)
		}
	}
	return list
}
