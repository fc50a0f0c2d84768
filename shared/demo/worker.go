package demo

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/workflow"
)

// BadAmount is an amount whose payment fails; so does one to an account BAD. An operator who changes the variable and
// tries again heals it.
const BadAmount = 888

const (
	badAccount = "BAD"
	declined   = "付款被拒绝：金额 888 或账号 BAD 是演示用的失败条件，请修改变量后重试"
	// most is how much of a thing there is; who orders more waits for the warehouse.
	most = 100
)

const (
	workerWait = 20 // seconds
	workerRest = 2 * time.Second
	workerLock = 60 // seconds
)

// Work does the service tasks of the demo until ctx ends, as a worker in any language would. A shop pays as soon as its
// order is reserved. What fails is logged and tried again.
func Work(ctx context.Context, w *workflow.Service, log *slog.Logger) {
	topics := []workflow.JobTopic{}
	for _, name := range []string{topicInventory, topicRelease, topicPayment, topicInvoice, topicExpense} {
		topics = append(topics, workflow.JobTopic{Name: name, LockSeconds: workerLock})
	}
	for ctx.Err() == nil {
		jobs, err := w.FetchJobs(ctx, workflow.JobFetch{WorkerID: worker, Topics: topics, WaitSeconds: workerWait})
		for _, j := range jobs {
			if err := serve(ctx, w, j); err != nil && ctx.Err() == nil {
				log.WarnContext(ctx, "demo worker", "job", j.ID.String(), "topic", j.Topic, "error", err.Error())
			}
		}
		if err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "demo worker", "error", err.Error())
			rest(ctx)
		}
	}
}

func rest(ctx context.Context) {
	timer := time.NewTimer(workerRest)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// serve does one job.
func serve(ctx context.Context, w *workflow.Service, j workflow.FetchedJob) error {
	switch {
	case pays(j.Topic) && refused(j.Variables):
		none := 0
		_, err := w.FailJob(ctx, workflow.Call{}, j.ID, workflow.JobFailure{WorkerID: worker, Message: declined, Retries: &none})
		return err
	case j.Topic == topicInventory && number(j.Variables["quantity"]) > most:
		_, err := w.ThrowJobError(ctx, workflow.Call{}, j.ID, workflow.JobError{WorkerID: worker, Code: outOfStock, Message: "库存不足"})
		return err
	}
	_, err := w.CompleteJob(ctx, workflow.Call{}, j.ID, workflow.JobCompletion{WorkerID: worker, Variables: result(j)})
	if err != nil || j.Topic != topicInventory {
		return err
	}
	_, err = w.Correlate(ctx, workflow.Call{}, workflow.Message{
		Name: Paid, InstanceID: j.InstanceID, Variables: engine.Variables{"paidAmount": j.Variables["amount"]},
	}, nil)
	return err
}

func pays(topic string) bool { return topic == topicPayment || topic == topicExpense }

// refused reports whether the bank of the demo says no.
func refused(v engine.Variables) bool {
	account, _ := v["account"].(string)
	return number(v["amount"]) == BadAmount || account == badAccount
}

func number(v expr.Value) float64 {
	var n float64
	_, _ = fmt.Sscan(expr.String(v), &n) // what is no number is none of those that count
	return n
}

// result is what a job gives: numbers made of its id.
func result(j workflow.FetchedJob) engine.Variables {
	tail := j.ID.String()[28:]
	switch j.Topic {
	case topicInventory:
		return engine.Variables{"reservation": "KC-" + tail}
	case topicPayment:
		return engine.Variables{"receipt": "SK-" + tail}
	case topicExpense:
		return engine.Variables{"paymentNumber": "FK-" + tail}
	case topicInvoice:
		return engine.Variables{"invoiceNumber": "FP-" + tail}
	}
	return nil
}
