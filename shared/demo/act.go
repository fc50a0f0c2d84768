package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// worker is the name of who does the service tasks of the demo.
const worker = "demo-worker"

// values are variables as a form sends them.
type values map[string]any

// variables reads values as the API does.
func (v values) variables() (engine.Variables, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var variables engine.Variables
	return variables, json.Unmarshal(raw, &variables)
}

// start plans that somebody starts a process by its form.
func (s *story) start(who, process string, v values) *story {
	return s.then(who, func(ctx context.Context, call workflow.Call) (json.RawMessage, error) {
		variables, err := v.variables()
		if err != nil {
			return nil, err
		}
		return s.workflow.StartProcess(ctx, call, process, workflow.StartRequest{Variables: variables, Form: true})
	})
}

// message plans that a message comes from the shop.
func (s *story) message(name, key string, v values) {
	s.then("", func(ctx context.Context, call workflow.Call) (json.RawMessage, error) {
		variables, err := v.variables()
		if err != nil {
			return nil, err
		}
		c, err := s.workflow.Correlate(ctx, call, workflow.Message{Name: name, BusinessKey: key, Variables: variables}, nil)
		if err != nil {
			return nil, err
		}
		return json.Marshal(c)
	})
}

// task plans that somebody does something with the task that he has at a node, or that is offered there.
func (s *story) task(who, node string, do func(context.Context, workflow.Call, engine.ID) (json.RawMessage, error)) *story {
	return s.then(who, func(ctx context.Context, call workflow.Call) (json.RawMessage, error) {
		in, err := s.Store.LoadInstance(ctx, s.id)
		if err != nil {
			return nil, err
		}
		for _, t := range in.Tasks {
			if t.Node == node && (t.Assignee == who || t.Assignee == "") {
				return do(ctx, call, t.ID)
			}
		}
		return nil, fmt.Errorf("%s has no task %s: %v %v", who, node, in.Tasks, in.Incidents)
	})
}

// complete plans that somebody completes a task.
func (s *story) complete(who, node, outcome, comment string, v values) *story {
	return s.task(who, node, func(ctx context.Context, call workflow.Call, id engine.ID) (json.RawMessage, error) {
		variables, err := v.variables()
		if err != nil {
			return nil, err
		}
		return s.workflow.CompleteTask(ctx, call, id, workflow.Completion{Outcome: outcome, Comment: comment, Variables: variables, Form: len(v) > 0})
	})
}

func (s *story) approve(who, node, comment string) *story {
	return s.complete(who, node, engine.Approve, comment, nil)
}

func (s *story) reject(who, node, comment string) {
	s.complete(who, node, engine.Reject, comment, nil)
}

// take plans that somebody makes a task that is offered his own.
func (s *story) take(who, node string) *story {
	return s.task(who, node, func(ctx context.Context, call workflow.Call, id engine.ID) (json.RawMessage, error) {
		return s.workflow.ClaimTask(ctx, call, id)
	})
}

// giveBack plans that somebody returns what is decided at a task to who started it.
func (s *story) giveBack(who, node, comment string) *story {
	return s.task(who, node, func(ctx context.Context, call workflow.Call, id engine.ID) (json.RawMessage, error) {
		return s.workflow.ReturnTask(ctx, call, id, workflow.TaskReturn{To: engine.ToStarter, StraightBack: true, Comment: comment})
	})
}

// addSigner plans that somebody lets another one sign, too.
func (s *story) addSigner(who, node, other, comment string) *story {
	return s.task(who, node, func(ctx context.Context, call workflow.Call, id engine.ID) (json.RawMessage, error) {
		return s.workflow.AddSigners(ctx, call, id, workflow.NewSigners{UserIDs: []string{other}, Mode: engine.AddParallel, Comment: comment})
	})
}

// urge plans that the starter urges whoever has a task.
func (s *story) urge(who, holder, node, comment string) *story {
	return s.then(who, func(ctx context.Context, call workflow.Call) (json.RawMessage, error) {
		in, err := s.Store.LoadInstance(ctx, s.id)
		if err != nil {
			return nil, err
		}
		for _, t := range in.Tasks {
			if t.Node == node && t.Assignee == holder {
				return s.workflow.UrgeTask(ctx, call, t.ID, workflow.Remark{Comment: comment})
			}
		}
		return nil, fmt.Errorf("%s has no task %s", holder, node)
	})
}

// withdraw plans that the starter takes his request back.
func (s *story) withdraw(who, comment string) {
	s.then(who, func(ctx context.Context, call workflow.Call) (json.RawMessage, error) {
		return s.workflow.WithdrawInstance(ctx, call, s.id, workflow.Remark{Comment: comment})
	})
}

// remark plans that somebody writes about the instance, and mentions others.
func (s *story) remark(who, text string, mentions ...string) *story {
	return s.then(who, func(ctx context.Context, call workflow.Call) (json.RawMessage, error) {
		return s.workflow.Discuss(ctx, call, store.Subject{Instance: s.id}, workflow.Contribution{Text: text, Mentions: mentions}, workflow.Teller{Make: s.notices.Discussed, Told: s.notices.Told})
	})
}

// job plans that the worker fetches the job of a topic, and what becomes of it.
func (s *story) job(topic string, do func(context.Context, workflow.Call, engine.ID) (json.RawMessage, error)) *story {
	return s.soon(4*time.Second).then("", func(ctx context.Context, call workflow.Call) (json.RawMessage, error) {
		in, err := s.Store.LoadInstance(ctx, s.id)
		if err != nil {
			return nil, err
		}
		for _, j := range in.Jobs {
			if j.Topic != topic {
				continue
			}
			if _, err := s.workflow.LockJob(ctx, j.ID, workflow.JobExtension{WorkerID: worker, LockSeconds: 60}); err != nil {
				return nil, err
			}
			return do(ctx, call, j.ID)
		}
		return nil, fmt.Errorf("there is no job of %s: %v", topic, in.Jobs)
	})
}

// done plans that the worker does a job.
func (s *story) done(topic string, v values) *story {
	return s.job(topic, func(ctx context.Context, call workflow.Call, id engine.ID) (json.RawMessage, error) {
		variables, err := v.variables()
		if err != nil {
			return nil, err
		}
		return s.workflow.CompleteJob(ctx, call, id, workflow.JobCompletion{WorkerID: worker, Variables: variables})
	})
}

// fails plans that a job cannot be done: an incident.
func (s *story) fails(topic, message string) *story {
	return s.job(topic, func(ctx context.Context, call workflow.Call, id engine.ID) (json.RawMessage, error) {
		none := 0
		return s.workflow.FailJob(ctx, call, id, workflow.JobFailure{WorkerID: worker, Message: message, Retries: &none})
	})
}

// outOfStock plans that there is nothing to reserve.
func (s *story) outOfStock() *story {
	return s.job(topicInventory, func(ctx context.Context, call workflow.Call, id engine.ID) (json.RawMessage, error) {
		return s.workflow.ThrowJobError(ctx, call, id, workflow.JobError{WorkerID: worker, Code: outOfStock, Message: "库存不足"})
	})
}
