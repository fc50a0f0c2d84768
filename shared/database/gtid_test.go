package database

import (
	"testing"
	"time"
)

func TestGTIDs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		has, other string
		want       bool
	}{
		{"0-1-5", "0-1-5", true},
		{"0-2-6", "0-1-5", true}, // another server went on
		{"0-1-4", "0-1-5", false},
		{"0-1-5,1-1-9", "0-1-5", true},
		{"0-1-5", "0-1-5,1-1-1", false},
		{"1-1-10, 0-1-18446744073709551615", "0-3-18446744073709551614,1-1-10", true},
	} {
		has, err := readGTIDs(c.has)
		other, failure := readGTIDs(c.other)
		if err != nil || failure != nil || has.covers(other) != c.want {
			t.Errorf("%s covers %s: %v %v", c.has, c.other, err, failure)
		}
	}
	for _, text := range []string{"", "0-1", "0-1-x", "0-1-5,", "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5", "?"} {
		if position, err := readGTIDs(text); err == nil {
			t.Errorf("%q is read as %v", text, position)
		}
	}
}

// What a replica is known to have says how old it is: never less than it is.
func TestLag(t *testing.T) {
	t.Parallel()
	now := time.Now()
	at := func(age time.Duration, n uint64) mark { return mark{now.Add(-age), gtids{"0": n}} }
	r := &replica{options: ReplicaOptions{MaxLag: 10 * time.Second}, at: now.Add(-time.Hour)}
	r.serves, r.leave = t.Context(), func() {}
	holds := func(what string, least, most time.Duration, reason error) {
		t.Helper()
		if lag, err := r.lag(); lag < least || lag > most || err != reason { //nolint:errorlint // they are the values themselves
			t.Errorf("%s: %s, %v; want %s to %s, %v", what, lag, err, least, most, reason)
		}
	}
	const hour, slack = time.Hour, 5 * time.Second
	holds("nobody has looked", hour, hour+slack, errReplica)
	for _, m := range []mark{at(30*time.Second, 1), at(20*time.Second, 2), at(5*time.Second, 3), at(0, 4)} {
		r.note(m)
	}
	r.advance(gtids{"0": 0})
	holds("it has none of what is known", hour, hour+slack, errBehind)
	r.advance(gtids{"0": 2})
	holds("it is too far behind", 20*time.Second, 20*time.Second+slack, errBehind)
	r.advance(gtids{"0": 3})
	holds("it is near", 5*time.Second, 9*time.Second, nil)
	r.lose()
	holds("it does not answer", 5*time.Second, 9*time.Second, errReplica)
	r.advance(gtids{"0": 3})
	holds("it answers, and may be another server", 5*time.Second, 9*time.Second, errBehind)
	r.advance(gtids{"0": 4})
	holds("it has come after", 0, slack, nil)
	for range 2 * mostMarks {
		r.note(mark{now.Add(-15 * time.Second), gtids{"0": 5}})
	}
	if len(r.marks) != mostMarks {
		t.Errorf("%d marks are kept", len(r.marks))
	}
}
