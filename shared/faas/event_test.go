package faas

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"diom.io/workflow/shared/fault"
)

func consume(context.Context, *Request) error { return nil }

func TestEventStatus(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err  error
		want int
	}{
		{errors.New("x"), 500},
		{fault.New(fault.Busy, "b", ""), 429},
		{fmt.Errorf("task: %w", fault.New(fault.Unavailable, "u", "")), 503},
		{ErrDeadline, 503},
		{fault.New(fault.NotFound, "n", ""), 422},
		{fault.New(fault.Stale, "s", ""), 422},
		{fault.New(fault.Conflict, "c", "").Verdicted(fault.Reject), 422},
		{fault.New(fault.NotFound, "n", "").Verdicted(fault.Retry), 503},
	}
	for _, tc := range tests {
		if got := eventStatus(tc.err); got != tc.want {
			t.Errorf("%v: %d, want %d", tc.err, got, tc.want)
		}
	}
}
