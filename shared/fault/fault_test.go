package fault_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"diom.io/workflow/shared/fault"
)

var errTaken = fault.New(fault.Conflict, "taken", "It is taken.")

func TestFaultsKeepTheirMeaning(t *testing.T) {
	t.Parallel()
	detailed := errTaken.With(fault.Detail{Pointer: "/a"}).Withf("%s is taken.", "a").After(time.Second)
	wrapped := fmt.Errorf("task 1: %w", detailed)
	if !errors.Is(wrapped, errTaken) || fault.KindOf(wrapped) != fault.Conflict || len(errTaken.Details) != 0 {
		t.Errorf("%v lost its meaning, or the sentinel changed: %+v", wrapped, errTaken)
	}
	if e := fault.From(wrapped); e.Message != "a is taken." || e.RetryAfter != time.Second || e.Details[0].Pointer != "/a" {
		t.Errorf("%+v", e)
	}
	if errors.Is(wrapped, fault.New(fault.Conflict, "other", "")) {
		t.Error("another code is the same fault")
	}
	plain := errors.New("boom")
	if fault.From(plain) != nil || fault.KindOf(plain) != fault.Internal || fault.VerdictOf(plain) != fault.Retry {
		t.Error("an unclassified error is not internal")
	}
	if fault.VerdictOf(wrapped) != fault.Acknowledge || fault.VerdictOf(errTaken.Verdicted(fault.Reject)) != fault.Reject {
		t.Error("verdicts")
	}
}

// Knative retries 404, 408, 409, 429 and 5xx alone, so only what may be retried has such a verdict.
func TestKinds(t *testing.T) {
	t.Parallel()
	seen := map[int]bool{}
	for _, k := range fault.Kinds() {
		if seen[k.Status()] || k.String() == "" {
			t.Errorf("%s: status %d twice, or no name", k, k.Status())
		}
		seen[k.Status()] = true
		retried := k.Status() == 429 || k.Status() >= 500
		if (k.Verdict() == fault.Retry) != retried {
			t.Errorf("%s (%d): verdict %d", k, k.Status(), k.Verdict())
		}
	}
}

// What is elsewhere stays so whatever is added to it, and says nothing about its sentinel.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	away := fault.New(fault.Unavailable, "away", "It is away.")
	beside := away.Elsewhere()
	for name, tc := range map[string]struct {
		err  error
		want bool
	}{
		"the sentinel": {away, false}, "a copy": {beside, true}, "a wrapped copy": {fmt.Errorf("x: %w", beside.After(time.Second).Withf("y")), true}, "no fault": {errors.New("x"), false}, "nothing": {nil, false},
	} {
		if got := fault.IsElsewhere(tc.err); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
