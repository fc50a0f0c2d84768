package workflow_test

import (
	"context"
	"slices"
	"testing"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"diom.io/workflow/shared/workflow"
)

// A step links to the one before it when that was made in another trace: what waited for a person is one story.
func TestWaitsAreLinked(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.deploy("leave.bpmn")
	kept := tracetest.NewInMemoryExporter()
	tracer := sdk.NewTracerProvider(sdk.WithSyncer(kept)).Tracer("test")
	within := func(do func(context.Context)) string {
		ctx, span := tracer.Start(t.Context(), "request")
		defer span.End()
		do(ctx)
		return span.SpanContext().TraceID().String()
	}
	var started workflow.Started
	first := within(func(ctx context.Context) {
		raw, err := f.StartProcess(ctx, workflow.Call{Principal: employee}, "leave", workflow.StartRequest{})
		started = decode[workflow.Started](t, raw, err)
	})
	second := within(func(ctx context.Context) {
		if _, err := f.CompleteTask(ctx, workflow.Call{Principal: member("wangfang")}, started.Tasks[0].ID, workflow.Completion{}); err != nil {
			t.Fatal(err)
		}
	})
	links := map[string][]string{}
	for _, span := range kept.GetSpans() {
		for _, link := range span.Links {
			links[span.SpanContext.TraceID().String()] = append(links[span.SpanContext.TraceID().String()], span.Name+" "+link.SpanContext.TraceID().String())
		}
	}
	if got := links[second]; len(links[first]) > 0 || !slices.Equal(got, []string{"command complete " + first}) {
		t.Errorf("%s and %s are linked by %v", first, second, links)
	}
}
