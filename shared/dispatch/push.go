package dispatch

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 1 << 20

// push hands a job to its receiver as a CloudEvent and reads its answer.
func (d *Dispatcher) push(ctx context.Context, job workflow.FetchedJob, b *store.TopicBinding) outcome {
	e, err := d.request(job, b)
	if err != nil {
		return failed("The job cannot be signed or written: %s.", err.Error())
	}
	target, client := d.receiver(b)
	if target == "" {
		return failed("Nobody is named who takes the jobs of %s: set DIOM_TASK_FUNCTION_URL for functions, K_SINK for events.", b.Topic)
	}
	request, err := cloudevent.Request(ctx, target, e, b.Kind == Event && d.Config.EventMode == "structured")
	if err != nil {
		return refused("The target of %s is no URL.", b.Topic)
	}
	request.Method = b.Method
	if err := d.dress(request, b); err != nil {
		return failed("%s", err.Error())
	}
	response, hold, err := d.call(client, request)
	switch {
	case hold > 0:
		return outcome{hold: hold}
	case err != nil:
		return unreached(request.URL.Host, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return unreached(request.URL.Host, err)
	}
	if b.Kind == Event && response.StatusCode/100 == 2 {
		return outcome{later: true}
	}
	return answered(request.URL.Host, response, body)
}

// request is the event of a job, signed with the key of its binding, else with our own.
func (d *Dispatcher) request(job workflow.FetchedJob, b *store.TopicBinding) (event.Event, error) {
	j := cloudevent.JobRequest{
		JobID: job.ID, Topic: job.Topic, WorkerID: workflow.PushWorker, InstanceID: job.InstanceID, ProcessKey: job.ProcessKey, NodeID: job.NodeID,
		Retries: job.Retries, Variables: job.Variables,
	}
	if job.BusinessKey != nil {
		j.BusinessKey = *job.BusinessKey
	}
	e, err := cloudevent.Requested(d.Source, j, job.CreatedAt)
	if err != nil {
		return e, err
	}
	if b.SealedKey == nil {
		return e, d.Access.SignEvent(&e)
	}
	key, err := d.Access.Open(keyPlace(b.ID), b.SealedKey)
	if err == nil {
		cloudevent.Sign(&e, b.KeyID, key, time.Now())
	}
	return e, err
}

// receiver is where the jobs of a binding go, and by which client: an address that people wrote is
// guarded, one of the settings is not.
func (d *Dispatcher) receiver(b *store.TopicBinding) (string, *http.Client) {
	switch {
	case b.Kind == function:
		return d.Config.TaskFunctionURL(b.Target), d.trusted
	case b.Kind == Event && b.Target == "":
		return d.Config.Sink, d.trusted
	}
	return b.Target, d.guarded
}

// dress adds the headers of a binding. The error names a secret that is not there, never its value.
func (d *Dispatcher) dress(request *http.Request, b *store.TopicBinding) error {
	for _, h := range b.Headers {
		value := h.Value
		if h.Secret != "" {
			secret, err := d.Config.Secret(h.Secret)
			if err != nil || secret == "" || strings.ContainsAny(secret, "\r\n") {
				return fmt.Errorf("The secret %s of the header %s is not there.", h.Secret, h.Name) //nolint:staticcheck,revive // people read it as it is
			}
			value = secret
		}
		request.Header.Set(h.Name, value)
	}
	return nil
}

// keyPlace is where the key of a binding is sealed for.
func keyPlace(id engine.ID) access.Place {
	return access.Place{Table: "workflow_topic_binding", ID: id, Field: "sealed_key"}
}
