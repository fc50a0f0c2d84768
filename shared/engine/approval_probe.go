package engine

import (
	"time"

	"diom.io/workflow/shared/bpmn"
)

// Refusals tells for each operation on approvals why an actor may not do it with a task now, open or completed;
// nil where he may do it in some way: return to some node, or add or remove somebody.
func Refusals(p *bpmn.Process, in *Instance, task ID, actor string, now time.Time) map[string]error {
	probe := func() *step {
		return &step{process: p, instance: in.Clone(), command: Command{Actor: actor}, now: now}
	}
	return map[string]error{
		bpmn.AllowReturn:        probe().returnable(task),
		bpmn.AllowAddSigners:    probe().extensible(task),
		bpmn.AllowRemoveSigners: probe().reducible(task),
		bpmn.AllowWithdraw:      WithdrawTask{Task: task}.apply(probe()),
	}
}

// returnable checks that there is a node to which a task can be returned, were it with leave to end other
// branches.
func (s *step) returnable(id ID) error {
	_, place, err := s.approvalTask(id, bpmn.AllowReturn)
	if err != nil {
		return err
	}
	_, err = s.wayBack(place, ToPrevious)
	return err
}

func (s *step) extensible(id ID) error {
	task, _, err := s.approvalTask(id, bpmn.AllowAddSigners)
	if err != nil {
		return err
	}
	t := *s.instance.token(task.Token)
	if len(s.instance.approvalOf(t).Signers) >= policy(s.node(t)).MaxSigners {
		return ErrTooManySigners
	}
	return nil
}

// reducible checks that a signer besides the one of the task can be removed.
func (s *step) reducible(id ID) error {
	task, _, err := s.approvalTask(id, bpmn.AllowRemoveSigners)
	if err != nil {
		return err
	}
	approval := s.instance.approvalOf(*s.instance.token(task.Token))
	if len(approval.Signers) < 2 {
		return ErrLastSigner
	}
	for _, x := range approval.Signers {
		if x.By == "" && !s.instance.over(x) && x.User != "" {
			return nil
		}
	}
	return ErrSignerVoted
}
