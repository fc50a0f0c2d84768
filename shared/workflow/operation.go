package workflow

import (
	"context"
	"encoding/json"
	"slices"
	"unicode/utf8"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// OperationKind says what an operator does with an instance.
type OperationKind string

// The kinds of operation. Restart and delete are for instances that have ended, the others for those that
// have not.
const (
	CancelOperation    OperationKind = "cancel"
	SuspendOperation   OperationKind = "suspend"
	ResumeOperation    OperationKind = "resume"
	RetryOperation     OperationKind = "retry"
	VariablesOperation OperationKind = "variables"
	ModifyOperation    OperationKind = "modify"
	MigrateOperation   OperationKind = "migrate"
	CorrelateOperation OperationKind = "correlate"
	RestartOperation   OperationKind = "restart"
	DeleteOperation    OperationKind = "delete"
	TransferOperation  OperationKind = "transfer"
)

// ErrOperation: an operation lacks what its kind needs, or is of no known kind.
var ErrOperation = fault.New(fault.Invalid, "bad_operation", "The operation is of no known kind, or lacks what its kind needs.")

// Operation is what to do with an instance: Kind, and what that kind needs under the same name. Cancel,
// suspend and resume take the reason alone, delete nothing.
type Operation struct {
	Kind      OperationKind   `json:"kind" api:"required"`
	Reason    string          `json:"reason,omitempty"`
	Retry     *Retry          `json:"retry,omitempty"`
	Variables *VariableChange `json:"variables,omitempty"`
	Modify    *Modification   `json:"modify,omitempty"`
	Migrate   *MigrationPlan  `json:"migrate,omitempty"`
	Correlate *Hint           `json:"correlate,omitempty"`
	Restart   *Restart        `json:"restart,omitempty"`
	Transfer  *Transfer       `json:"transfer,omitempty"`
}

// Retry lets incidents try again, after variables were set. Retries is how often a job may be tried whose
// retries are used up: once where it is absent.
type Retry struct {
	Variables engine.Variables `json:"variables"`
	Retries   int              `json:"retries,omitempty"`
}

// VariableChange sets variables and removes others: of the process, or of what a token is at. Local is that
// very scope; else each is set and removed where it is found outwards.
type VariableChange struct {
	Variables engine.Variables `json:"variables"`
	Remove    []string         `json:"remove,omitempty"`
	Token     int              `json:"token,omitempty"`
	Local     bool             `json:"local,omitempty"`
}

// Hint is a message, or a signal, that an operator hands to one instance. NodeID chooses among several
// events that wait for the same.
type Hint struct {
	Message   string           `json:"message" api:"required"`
	NodeID    string           `json:"nodeId,omitempty"`
	Variables engine.Variables `json:"variables"`
}

// decision chooses what to do with an instance as it was loaded.
type chooser func(*subject) (engine.Action, error)

func always(action engine.Action) chooser {
	return func(*subject) (engine.Action, error) { return action, nil }
}

// decision checks the operation and returns what it does with an instance that has not ended.
func (o Operation) decision(ctx context.Context, s *Service) (chooser, error) {
	if err := checkTexts("", o.Reason); err != nil {
		return nil, err
	}
	switch {
	case o.Kind == CancelOperation:
		return always(engine.Cancel{Reason: o.Reason}), nil
	case o.Kind == SuspendOperation:
		return always(engine.Suspend{Reason: o.Reason}), nil
	case o.Kind == ResumeOperation:
		return always(engine.Resume{Reason: o.Reason}), nil
	case o.Kind == RetryOperation:
		return o.Retry.decision(engine.ID{})
	case o.Kind == VariablesOperation && o.Variables != nil:
		return o.Variables.decision()
	case o.Kind == ModifyOperation && o.Modify != nil:
		action, err := o.Modify.action()
		return always(action), err
	case o.Kind == MigrateOperation && o.Migrate != nil:
		return o.Migrate.decision(ctx, s)
	case o.Kind == CorrelateOperation && o.Correlate != nil:
		return o.Correlate.decision()
	case o.Kind == TransferOperation && o.Transfer != nil:
		return o.Transfer.decision(ctx, s)
	}
	return nil, ErrOperation
}

func (r *Retry) decision(incident engine.ID) (chooser, error) {
	if r == nil {
		r = &Retry{}
	}
	if err := checkJob(within("/retries", &r.Retries, 0, maxRetries)); err != nil {
		return nil, err
	}
	return always(engine.RetryIncident{Incident: incident, Variables: r.Variables, Retries: r.Retries}), checkVariables(r.Variables)
}

func (v VariableChange) decision() (chooser, error) {
	if len(v.Variables)+len(v.Remove) == 0 {
		return nil, ErrOperation.Withf("There is no variable to set or to remove.")
	}
	return always(engine.SetVariables{Token: v.Token, Local: v.Local, Variables: v.Variables, Remove: v.Remove}), checkVariables(v.Variables)
}

func (h Hint) decision() (chooser, error) {
	if n := utf8.RuneCountInString(h.Message); n == 0 || n > maxName {
		return nil, ErrOperation.With(fault.Detail{Pointer: "/message", Code: ErrOperation.Code, Detail: "A name has 1 to 255 characters."})
	}
	return func(sub *subject) (engine.Action, error) {
		var waiting []engine.Subscription
		for _, x := range sub.instance.Subscriptions {
			if x.Message == h.Message && (h.NodeID == "" || x.Node == h.NodeID) {
				waiting = append(waiting, x)
			}
		}
		switch len(waiting) {
		case 0:
			return nil, engine.ErrNoSubscription
		case 1:
			return engine.Correlate{Subscription: waiting[0].ID, Variables: h.Variables}, nil
		}
		return nil, ErrAmbiguous
	}, checkVariables(h.Variables)
}

// operate does an operation with an instance that has not ended, for an operator.
func (s *Service) operate(ctx context.Context, call Call, id engine.ID, o Operation) (json.RawMessage, error) {
	if !call.Principal.Can(access.WorkflowOperate) {
		return nil, ErrNotOperator
	}
	decide, err := o.decision(ctx, s)
	if err != nil {
		return nil, err
	}
	return s.Execute(ctx, call, s.operating(id, decide))
}

// operating is the command that an operator gives to an instance.
func (s *Service) operating(id engine.ID, decide chooser) trigger {
	t := s.instanceTrigger(id)
	t.decide = decide
	t.answer = func(r *result) any {
		return InstanceAnswer{Instance: store.ShowInstance(r.after), Next: created(r)}
	}
	return t
}

// SetVariables sets and removes variables of an instance, also of a suspended one. Operators may.
func (s *Service) SetVariables(ctx context.Context, call Call, id engine.ID, v VariableChange) (json.RawMessage, error) {
	return s.operate(ctx, call, id, Operation{Kind: VariablesOperation, Variables: &v})
}

// Repair lets every incident of an instance try again, or one. Operators may.
func (s *Service) Repair(ctx context.Context, call Call, id, incident engine.ID, r Retry) (json.RawMessage, error) {
	if !call.Principal.Can(access.WorkflowOperate) {
		return nil, ErrNotOperator
	}
	decide, err := r.decision(incident)
	if err != nil {
		return nil, err
	}
	return s.Execute(ctx, call, s.operating(id, decide))
}

// RepairIncident lets one incident try again. Operators may. It returns engine.ErrNoIncident.
func (s *Service) RepairIncident(ctx context.Context, call Call, incident engine.ID, r Retry) (json.RawMessage, error) {
	found, err := s.store.Incident(ctx, incident)
	if err != nil {
		return nil, err
	}
	return s.Repair(ctx, call, found.InstanceID, incident, r)
}

// HandOver lets an instance have a message or a signal that it waits for. Operators may. It returns
// engine.ErrNoSubscription, or ErrAmbiguous where several events wait for it.
func (s *Service) HandOver(ctx context.Context, call Call, id engine.ID, h Hint) (json.RawMessage, error) {
	return s.operate(ctx, call, id, Operation{Kind: CorrelateOperation, Correlate: &h})
}

// SetRetries says how often a job may still be tried; 0 raises an incident. Operators may. It returns
// store.ErrNoJob.
func (s *Service) SetRetries(ctx context.Context, call Call, job engine.ID, retries int) (json.RawMessage, error) {
	if !call.Principal.Can(access.WorkflowOperate) {
		return nil, ErrNotOperator
	}
	if err := checkJob(within("/retries", &retries, 0, maxRetries)); err != nil {
		return nil, err
	}
	_, in, err := s.store.LoadByJob(ctx, job)
	if err != nil {
		return nil, err
	}
	return s.Execute(ctx, call, s.operating(in.ID, always(engine.SetRetries{Job: job, Retries: retries})))
}

// ends reports whether an operation is one of instances that have ended.
func (k OperationKind) ends() bool {
	return slices.Contains([]OperationKind{RestartOperation, DeleteOperation}, k)
}
