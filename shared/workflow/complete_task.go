package workflow

import (
	"context"
	"encoding/json"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// Completion is what a caller gives to complete a task.
type Completion struct {
	Variables engine.Variables `json:"variables"`
	Outcome   string           `json:"outcome"`
	Comment   string           `json:"comment"`
	// Outright ends a delegated task, too, instead of giving it back.
	Outright bool `json:"-"`
	// Form holds the variables against the fields of the task's form, and adds the default values of fields
	// that are absent.
	Form bool `json:"form,omitempty"`
	// FormID is the form that was filled in: where it is no longer the task's, ErrFormChanged. Without it the task's is
	// meant, whichever that is.
	FormID engine.ID `json:"formId,omitzero"`
	// Lenient leaves variables alone where the model says nothing of the rights of fields, as Camunda 7 does.
	Lenient bool `json:"-"`
	// Via is by what it is completed, for the history: ViaLink, or empty.
	Via string `json:"-"`
}

// ViaLink marks a task in the history that was completed by a link in a message.
const ViaLink = "link"

// TaskAnswer is the answer to every operation on a task: the task and the instance as they are now,
// and the tasks that were opened.
type TaskAnswer struct {
	Task     store.Task     `json:"task"`
	Instance store.Instance `json:"instance"`
	Next     []store.Task   `json:"next"`
}

// Failures of operations on a task.
var (
	ErrNotYours = fault.New(fault.Forbidden, "not_your_task", "The task is somebody else's.")
	ErrText     = fault.New(fault.Invalid, "text_too_long", "The text is too long.")
)

const (
	maxOutcome = 255
	maxComment = 4000
)

// CompleteTask completes a task of the caller's: one assigned to him, or one offered to him that
// nobody has claimed. It returns store.ErrNoTask, ErrNotYours, engine.ErrForm,
// form.ErrSubmission, ErrFormChanged, or one of the engine's conflicts.
func (s *Service) CompleteTask(ctx context.Context, call Call, id engine.ID, c Completion) (json.RawMessage, error) {
	if err := checkVariables(c.Variables); err != nil {
		return nil, err
	}
	if err := checkTexts(c.Outcome, c.Comment); err != nil {
		return nil, err
	}
	return s.Execute(ctx, call, s.taskTrigger(id, func(sub *subject) (engine.Action, error) {
		if !mayWork(call.Principal, sub.task) && !call.steward() {
			return nil, ErrNotYours
		}
		variables, err := s.fillTask(ctx, call, sub, c)
		if err != nil {
			return nil, err
		}
		return engine.CompleteTask{Task: id, Variables: variables, Outcome: c.Outcome, Comment: c.Comment, Outright: c.Outright, Form: c.Form, Via: c.Via}, nil
	}))
}

func checkTexts(outcome, comment string) error {
	if len([]rune(outcome)) > maxOutcome {
		return ErrText.With(fault.Detail{Pointer: "/outcome", Code: ErrText.Code})
	}
	if len([]rune(comment)) > maxComment {
		return ErrText.With(fault.Detail{Pointer: "/comment", Code: ErrText.Code})
	}
	return nil
}

// taskTrigger is a command to the instance of a task. The task's row says who may act; an ended task
// is a conflict, for those who could have acted.
func (s *Service) taskTrigger(id engine.ID, decide func(*subject) (engine.Action, error)) trigger {
	return trigger{
		status: 200,
		load: func(ctx context.Context) (*subject, error) {
			task, in, err := s.store.LoadByTask(ctx, id)
			if err != nil {
				return nil, err
			}
			d, err := s.definition(ctx, in.DefinitionID)
			return &subject{instance: in, task: task, definition: d}, err
		},
		decide: decide,
		answer: func(r *result) any {
			answer := TaskAnswer{Instance: store.ShowInstance(r.after), Next: created(r)}
			if open := r.after.Task(id); open != nil {
				answer.Task = store.ShowTask(r.after, *open)
			} else {
				answer.Task = completed(r, id)
			}
			return answer
		},
	}
}

func completed(r *result, id engine.ID) store.Task {
	for _, c := range r.changes {
		switch {
		case c.TaskID != id:
		case c.Kind == engine.TaskCompleted, c.Kind == engine.TaskReturned:
			return r.task.Completed(c.Assignee, r.at, r.after.Version)
		case c.Kind == engine.TaskCancelled:
			return r.task.Cancelled(r.by, r.at, r.after.Version)
		}
	}
	return r.task
}

// mayWork reports whether a person may work on a task: it is his, or it is offered to him and nobody
// has it. A task that is for nobody is the operators'.
func mayWork(p access.Principal, t store.Task) bool {
	own, offered := t.IsFor(p.Username, p.Identities())
	if own {
		return true
	}
	nobody := t.Assignee == nil && len(t.CandidateUsers)+len(t.CandidateGroups) == 0
	return t.Assignee == nil && offered || nobody && p.Can(access.WorkflowOperate) || !t.Open() && offered
}
