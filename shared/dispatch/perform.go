package dispatch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/cenkalti/backoff/v5"

	"diom.io/workflow/shared/egress"
	"diom.io/workflow/shared/excerpt"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/limit"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

const (
	leaseMargin   = 20 // seconds that a lease is longer than the attempt, for the report
	reportTimeout = 10 * time.Second
	maxMessage    = 400 // characters
)

// outcome is what an attempt at a job came to: a result, a result that comes later, or nothing, and then
// it is tried again after hold, which counts as no attempt.
type outcome struct {
	result workflow.JobResult
	later  bool
	hold   time.Duration
}

// failed is an attempt that may succeed the next time, refused one that will not: an operator is needed.
func failed(format string, arguments ...any) outcome {
	return outcome{result: workflow.JobResult{Failed: true, JobProblem: workflow.JobProblem{Message: clip(fmt.Sprintf(format, arguments...))}}}
}

func refused(format string, arguments ...any) outcome {
	o := failed(format, arguments...)
	o.result.Retries = new(int)
	return o
}

func clip(text string) string { return excerpt.Of(text, maxMessage) }

// do makes one attempt at a job and says what became of it.
func (d *Dispatcher) do(job workflow.FetchedJob, b *store.TopicBinding) {
	defer func() {
		if cause := recover(); cause != nil { // its lease ends
			d.Log.Error("dispatch", "job", job.ID.String(), "error", fmt.Sprintf("panic: %v\n%s", cause, debug.Stack()))
		}
	}()
	ctx, cancel := context.WithTimeout(d.working, seconds(b.TimeoutSeconds))
	o := d.attempt(ctx, job, b)
	cancel()
	if d.working.Err() != nil && o.result.Failed { // broken off, which says nothing
		return
	}
	if err := d.settle(job, b, o); err != nil {
		d.Log.Warn("dispatch", "job", job.ID.String(), "topic", job.Topic, "error", err.Error())
	}
}

func (d *Dispatcher) attempt(ctx context.Context, job workflow.FetchedJob, b *store.TopicBinding) outcome {
	if b.Kind == Builtin {
		return d.builtin(ctx, job, b)
	}
	return d.push(ctx, job, b)
}

// settle reports the result, or holds the job until one may come. What the report refuses for good is a
// failure of the job.
func (d *Dispatcher) settle(job workflow.FetchedJob, b *store.TopicBinding, o outcome) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(d.working), reportTimeout)
	defer cancel()
	if o.hold > 0 || o.later {
		hold := max(int((o.hold+time.Second-1)/time.Second), 1)
		if o.later {
			hold = b.ResultSeconds
		}
		_, err := d.Workflow.ExtendJob(ctx, job.ID, workflow.JobExtension{WorkerID: workflow.PushWorker, LockSeconds: hold})
		if errors.Is(err, store.ErrNoJob) || errors.Is(err, store.ErrJobLock) || errors.Is(err, workflow.ErrJobNotLocked) {
			return nil // the result has come already
		}
		return err
	}
	o.result.JobID, o.result.Tries = job.ID, b.Retries
	err := d.report(ctx, o.result)
	if err == nil || fault.VerdictOf(err) != fault.Reject {
		return err
	}
	spoilt := refused("The result cannot be kept: %s", fault.From(err).Message)
	spoilt.result.JobID = job.ID
	return d.report(ctx, spoilt.result)
}

// report tries again while the database does not answer: a result that is lost costs another push.
func (d *Dispatcher) report(ctx context.Context, r workflow.JobResult) error {
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := d.Workflow.ReportJob(ctx, r, nil)
		if err != nil && fault.VerdictOf(err) != fault.Retry {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithMaxElapsedTime(reportTimeout))
	return err
}

// call makes a request unless its target has been failing, and reports to the breaker how it went. hold
// is how long to wait where it was not made.
func (d *Dispatcher) call(client *http.Client, request *http.Request) (response *http.Response, hold time.Duration, err error) {
	host := request.URL.Host
	b, known := d.breakers.GetIfPresent(host)
	if !known {
		b, _ = d.breakers.SetIfAbsent(host, limit.NewBreaker(host, nil))
	}
	done, wait := b.Allow()
	if done == nil {
		return nil, wait, nil
	}
	response, err = client.Do(request)
	switch {
	case errors.Is(err, egress.ErrForbidden) || errors.Is(err, egress.ErrURL) || d.working.Err() != nil:
		done(limit.Unknown)
	case err != nil || response.StatusCode >= http.StatusInternalServerError || response.StatusCode == http.StatusTooManyRequests:
		done(limit.Failed)
	default:
		done(limit.Succeeded)
	}
	return response, 0, err
}

// unreached is an attempt whose request had no answer.
func unreached(host string, err error) outcome {
	if errors.Is(err, egress.ErrForbidden) || errors.Is(err, egress.ErrURL) {
		return refused("%s: %s", host, egress.Reason(err))
	}
	return failed("%s: %s", host, egress.Reason(err))
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
