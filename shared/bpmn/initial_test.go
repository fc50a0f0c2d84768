package bpmn

import "testing"

// A process begins at its none start event, else at that with a timer, else at the only one.
func TestInitial(t *testing.T) {
	t.Parallel()
	const (
		none   = `<startEvent id="none"/>`
		timer  = `<startEvent id="timer"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></startEvent>`
		signal = `<startEvent id="signal"><signalEventDefinition signalRef="sig"/></startEvent>`
		other  = `<startEvent id="other"><signalEventDefinition signalRef="sig2"/></startEvent>`
	)
	for starts, want := range map[string]string{none: "none", timer + none: "none", signal + timer: "timer", signal: "signal", signal + other: ""} {
		definitions, err := Read([]byte(head+`<signal id="sig" name="sig"/><signal id="sig2" name="other"/><process id="p" isExecutable="true">`+starts+`</process></definitions>`), Options{})
		if err != nil || len(definitions.Processes) != 1 {
			t.Fatalf("%s: %v", starts, err)
		}
		got := ""
		if n := definitions.Processes[0].Initial(); n != nil {
			got = n.ID
		}
		if got != want {
			t.Errorf("%s begins at %q, not %q", starts, got, want)
		}
	}
}
