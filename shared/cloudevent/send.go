package cloudevent

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/cloudevents/sdk-go/v2/event"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"

	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/telemetry"
)

// Sender delivers one event; nil means that the sink has it. It may be called again with the same
// event. The fault of an error says whether that is of use: fault.VerdictOf is Retry, or Reject when
// this event will never be taken.
type Sender func(ctx context.Context, e event.Event) error

// What a sink answers but success.
var (
	ErrSinkBusy        = fault.New(fault.Busy, "sink_busy", "The receiver of the CloudEvent is busy.").After(time.Second)
	ErrSinkUnavailable = fault.New(fault.Unavailable, "sink_unavailable", "The receiver of the CloudEvent does not take it now.").Elsewhere().After(time.Second)
	ErrSinkRefused     = fault.New(fault.Invalid, "event_refused", "The receiver of the CloudEvent refuses it.")
)

const (
	sendTimeout = 10 * time.Second
	maxIdle     = 32      // connections to one sink that are kept
	maxReason   = 1 << 10 // bytes of a refusal that an error tells
)

// HTTP returns a Sender that posts events in binary mode to the first of some equal sinks that takes
// it: Knative's $K_SINK, or the replicas of a function. It begins with another one each time.
func HTTP(sinks ...string) Sender {
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // net/http documents the type
	transport.MaxIdleConnsPerHost = maxIdle
	client := &http.Client{Timeout: sendTimeout, Transport: transport}
	var next atomic.Uint32
	return func(ctx context.Context, e event.Event) error {
		first := int(next.Add(1))
		failures := make([]error, 0, 1)
		for i := range sinks {
			err := post(ctx, client, sinks[(first+i)%len(sinks)], e)
			if err == nil || fault.VerdictOf(err) == fault.Reject {
				return err
			}
			failures = append(failures, err)
		}
		return errors.Join(failures...)
	}
}

// Structured lets a Sender of HTTP post events in structured mode: the whole event is the body.
func Structured(send Sender) Sender {
	return func(ctx context.Context, e event.Event) error { return send(binding.WithForceStructured(ctx), e) }
}

func post(ctx context.Context, client *http.Client, sink string, e event.Event) error {
	request, err := write(ctx, sink, e)
	if err != nil {
		return err
	}
	if parent := parentOf(ctx, &e); parent != "" {
		request.Header.Set("Traceparent", parent)
	}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("event %s: %w: %w", e.ID(), ErrSinkUnavailable, err)
	}
	defer response.Body.Close()
	reason, _ := io.ReadAll(io.LimitReader(response.Body, maxReason)) // what could be read says more than nothing
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10)) // lets the connection be used again
	if response.StatusCode/100 == 2 {
		return nil
	}
	return fmt.Errorf("event %s: status %d: %w: %s", e.ID(), response.StatusCode, meaning(response.StatusCode), bytes.TrimSpace(reason))
}

// Request returns the POST of an event to a sink, in binary or in structured mode. Its body can be read once.
func Request(ctx context.Context, sink string, e event.Event, structured bool) (*http.Request, error) {
	if structured {
		ctx = binding.WithForceStructured(ctx)
	}
	return write(ctx, sink, e)
}

// write makes the request of an event, in the mode that ctx names.
func write(ctx context.Context, sink string, e event.Event) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, sink, nil)
	if err != nil {
		return nil, fmt.Errorf("sink: %w", err)
	}
	if err := cehttp.WriteRequest(ctx, binding.ToMessage(&e), request); err != nil {
		return nil, fmt.Errorf("event %s: %w", e.ID(), err)
	}
	for name, values := range request.Header {
		if strings.HasPrefix(name, "Ce-") { // the SDK does not encode them
			request.Header[name] = []string{encodeHeader(values[0])}
		}
	}
	return request, nil
}

// parentOf returns the W3C traceparent of a delivery: the event's own, or that of ctx, or "".
func parentOf(ctx context.Context, e *event.Event) string {
	if parent := extension(e, traceParent); parent != "" {
		return parent
	}
	return telemetry.Parent(ctx)
}

// meaning says what a status means for the event. 401 and 403 are about us, not about the event: a key
// that is being changed, a clock that is wrong. 404 is a function that is not there yet.
func meaning(status int) *fault.Error {
	switch status {
	case http.StatusTooManyRequests:
		return ErrSinkBusy
	case http.StatusBadRequest, http.StatusGone, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return ErrSinkRefused
	}
	return ErrSinkUnavailable
}

// Consumers returns a Sender that hands an event to every consumer of its type in this process. An
// event that nobody consumes is delivered.
func Consumers(byType map[string][]Sender) Sender {
	return func(ctx context.Context, e event.Event) error {
		var failures []error
		for _, consume := range byType[e.Type()] {
			if err := consume(ctx, e); err != nil {
				failures = append(failures, err)
			}
		}
		return Together(failures)
	}
}

// Together joins the failures of several receivers of one event. While one of them may still take it
// the verdict is Retry, whatever the others say.
func Together(failures []error) error {
	slices.SortStableFunc(failures, func(a, b error) int { // the first fault of a chain gives its verdict
		return cmp.Compare(rejected(a), rejected(b))
	})
	return errors.Join(failures...)
}

func rejected(err error) int {
	if fault.VerdictOf(err) == fault.Reject {
		return 1
	}
	return 0
}
