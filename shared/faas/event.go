package faas

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/telemetry"
)

// Failures of receiving a CloudEvent.
var (
	ErrBadEvent     = cloudevent.ErrMalformed
	ErrUnknownEvent = cloudevent.ErrUnknownType
)

// serveEvent runs one delivery of a CloudEvent (HTTP binding 1.0.2, binary or structured mode) that
// another function of ours signed: in its attributes, as the relay does it and brokers forward it, or
// the request. A 2xx answer has no body: Knative takes any other for a failed delivery. 429, 500 and
// 503 ask for redelivery, 400, 401 and 422 send the event to the dead letter.
func (e *endpoint) serveEvent(c *call, r *http.Request) {
	c.route = eventsPath
	request := &Request{App: e.app, http: r, maxBody: DefaultMaxBody}
	if err := e.receive(r.Context(), request); err != nil {
		e.fail(c, r, err)
		return
	}
	defer e.inflight.Add(-1)
	if n := e.inflight.Add(1); e.limit > 0 && n > e.limit {
		e.fail(c, r, ErrMaxInflight)
		return
	}
	err := e.consume(r.Context(), request)
	if err == nil || fault.VerdictOf(err) == fault.Acknowledge {
		c.err = err
		c.WriteHeader(http.StatusNoContent)
		return
	}
	e.failWith(c, r, err, eventStatus(err))
}

// isEvent reports whether a request is a CloudEvent, in any mode (HTTP binding 1.0.2 §3).
func isEvent(h http.Header) bool {
	return h.Get("Ce-Specversion") != "" || strings.HasPrefix(h.Get(contentType), "application/cloudevents")
}

// receive reads the event of a request and checks its signature.
func (e *endpoint) receive(ctx context.Context, r *Request) error {
	signed := r.http.Header.Get(access.SignatureHeader) != ""
	if signed {
		if err := e.verify(ctx, r); err != nil {
			return err
		}
	}
	list, batch, err := r.Events()
	if err != nil {
		return err
	}
	if batch {
		return ErrBadEvent.Withf("Send one CloudEvent at a time.")
	}
	r.Event = &list[0].Event
	if signed {
		return nil
	}
	return e.app.Access.VerifyEvent(&list[0])
}

// Events reads the CloudEvents of the body: one in binary or structured mode, or a batch, for which
// batch is true. Who signed them is for the caller to check. Errors: those of Body and of
// cloudevent.Read; a bad event of a batch has its own.
func (r *Request) Events() (list []cloudevent.Received, batch bool, err error) {
	body, err := r.Body()
	if err != nil {
		return nil, false, err
	}
	return cloudevent.Read(r.http.Header, body)
}

func (e *endpoint) consume(ctx context.Context, r *Request) error {
	for i := range e.function.Events {
		if e.function.Events[i].Type == r.Event.Type() {
			return deadline(e.function.Events[i].Serve(ctx, r))
		}
	}
	return ErrUnknownEvent
}

// take runs one event that the relay of this process hands over, with the bounds of a call. What it
// returns is for the relay: nil when the event has its effect.
func (e *endpoint) take(ctx context.Context, ev event.Event) (err error) {
	start, status := time.Now(), http.StatusNoContent
	parent, _ := ev.Extensions()["traceparent"].(string) // without one a trace begins
	ctx, span := e.app.Telemetry.Begin(telemetry.Continue(ctx, parent), "process "+ev.Type(), trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(
		attribute.String("faas.name", e.function.Name), attribute.String("cloudevents.event_id", ev.ID()),
		attribute.String("cloudevents.event_source", ev.Source()), attribute.String("cloudevents.event_type", ev.Type())))
	defer span.End()
	if e.exec > 0 {
		bounded, cancel := context.WithTimeout(ctx, e.exec)
		defer cancel()
		ctx = bounded
	}
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
		if fault.VerdictOf(err) == fault.Acknowledge {
			err = nil
		}
		if err != nil {
			status = eventStatus(err)
			err = fmt.Errorf("function %s: event %s: %w", e.function.Name, ev.ID(), err)
			span.SetStatus(codes.Error, "")
		}
		e.app.Telemetry.Metrics.Requests.WithLabelValues(e.function.Name, eventsPath, strconv.Itoa(status)).Observe(time.Since(start).Seconds())
	}()
	return e.consume(ctx, &Request{App: e.app, Event: &ev})
}

// eventStatus is what the broker is told about an event that failed.
func eventStatus(err error) int {
	if fault.VerdictOf(err) != fault.Retry {
		return http.StatusUnprocessableEntity
	}
	switch kind := fault.KindOf(err); kind {
	case fault.Busy, fault.Internal:
		return kind.Status()
	default:
		return http.StatusServiceUnavailable
	}
}
