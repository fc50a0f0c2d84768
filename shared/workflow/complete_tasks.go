package workflow

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// Completions is what a caller gives to complete many tasks alike: at most 100, of one process.
type Completions struct {
	IDs     []engine.ID `json:"ids" api:"required"`
	Outcome string      `json:"outcome,omitempty"`
	Comment string      `json:"comment,omitempty"`
}

// CompletionsAnswer says what has become of each task, in the order in which they were given.
type CompletionsAnswer struct {
	Items     []CompletedItem `json:"items"`
	Completed int             `json:"completed"`
	Failed    int             `json:"failed"`
}

// CompletedItem is one of the tasks: completed, or why not.
type CompletedItem struct {
	TaskID    engine.ID       `json:"taskId"`
	Completed bool            `json:"completed"`
	Instance  *store.Instance `json:"instance,omitempty"`
	Code      string          `json:"code,omitempty"`
	Message   string          `json:"message,omitempty"`
}

// Why many tasks are not completed at once.
var (
	ErrManyTasks = fault.New(fault.Invalid, "bad_task_ids", "From 1 to 100 different tasks are completed at once.")
	ErrProcesses = fault.New(fault.Invalid, "several_processes", "The tasks are of several processes.")
	ErrNotBulk   = fault.New(fault.Conflict, "bulk_not_allowed", "The model wants the task to be looked at: it is not completed together with others.")
)

// maxCompletions is how many tasks are completed at once.
const maxCompletions = 100

// CompleteTasks completes many tasks of the caller's with the same outcome and comment. Each is a command of its own,
// with all that CompleteTask demands: one that fails does not hinder the others. The approval policy of a task must say
// bulk="true". With an Idempotency-Key each task has one of its own, made of it: repeated, those that were done count as
// done. Errors of the whole: ErrManyTasks, ErrProcesses, ErrText.
func (s *Service) CompleteTasks(ctx context.Context, call Call, c Completions) (json.RawMessage, error) {
	if err := checkTexts(c.Outcome, c.Comment); err != nil {
		return nil, err
	}
	if err := s.sameProcess(ctx, c.IDs); err != nil {
		return nil, err
	}
	answer := CompletionsAnswer{Items: make([]CompletedItem, len(c.IDs))}
	items := make([]*CompletedItem, len(c.IDs))
	for i, id := range c.IDs {
		items[i] = &answer.Items[i]
		items[i].TaskID = id
	}
	_, _ = each(ctx, items, func(ctx context.Context, i *CompletedItem) error {
		s.completeOne(ctx, call, c, i)
		return nil
	})
	for _, i := range answer.Items {
		if i.Completed {
			answer.Completed++
		}
	}
	answer.Failed = len(answer.Items) - answer.Completed
	return json.Marshal(answer)
}

// sameProcess holds that the tasks are different ones of one process. One that is not there fails by itself.
func (s *Service) sameProcess(ctx context.Context, ids []engine.ID) error {
	sorted := slices.Clone(ids)
	slices.SortFunc(sorted, func(a, b engine.ID) int { return slices.Compare(a[:], b[:]) })
	if len(ids) == 0 || len(ids) > maxCompletions || len(slices.Compact(sorted)) != len(ids) {
		return ErrManyTasks.With(fault.Detail{Pointer: "/ids", Code: ErrManyTasks.Code})
	}
	n, err := s.store.ProcessesOf(ctx, ids)
	if err == nil && n > 1 {
		err = ErrProcesses.With(fault.Detail{Pointer: "/ids", Code: ErrProcesses.Code})
	}
	return err
}

func (s *Service) completeOne(ctx context.Context, call Call, c Completions, i *CompletedItem) {
	call.Idempotency = partKey(call.Idempotency, i.TaskID)
	raw, err := s.Execute(ctx, call, s.taskTrigger(i.TaskID, func(sub *subject) (engine.Action, error) {
		if !mayWork(call.Principal, sub.task) {
			return nil, ErrNotYours
		}
		if node := sub.definition.process.Node(sub.task.NodeID); node == nil || node.UserTask == nil || node.UserTask.Approval == nil || !node.UserTask.Approval.Bulk {
			return nil, ErrNotBulk
		}
		return engine.CompleteTask{Task: i.TaskID, Outcome: c.Outcome, Comment: c.Comment}, nil
	}))
	if err != nil && call.Idempotency != nil { // it may have been done by the same call before
		if recorded, unsure := s.store.Recorded(ctx, call.Idempotency); unsure == nil && recorded != nil && recorded.Status == http.StatusOK {
			raw, err = recorded.Body, nil
		}
	}
	var done TaskAnswer
	if err == nil {
		err = json.Unmarshal(raw, &done)
	}
	if err == nil {
		i.Completed, i.Instance = true, &done.Instance
		return
	}
	i.Code, i.Message = fault.Internal.String(), "It could not be done."
	if known := fault.From(err); known != nil {
		i.Code, i.Message = known.Code, known.Message
	} else if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		i.Code, i.Message = ErrBusy.Code, "There was no time left for it. Try again."
	}
}

// partKey is the key of one thing of a call that does many; nil where the call has none.
func partKey(i *store.Idempotency, id engine.ID) *store.Idempotency {
	if i == nil {
		return nil
	}
	one := *i
	sum := sha256.Sum256([]byte(i.Key + "\n" + id.String()))
	one.Key = hex.EncodeToString(sum[:])
	return &one
}
