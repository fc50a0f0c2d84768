package workflow

import (
	"context"
	"encoding/json"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// sendDeployed tells of definitions that were deployed, oldest first: at least once. A deployment is no
// step of an instance, so its outbox is the definition's own row.
func (s *Service) sendDeployed(ctx context.Context) (Ticked, bool, error) {
	list, err := s.store.ClaimUntold(ctx, tickBatch, instant(), tickLease)
	if err != nil {
		return Ticked{}, false, err
	}
	sent, err := each(ctx, list, func(ctx context.Context, d store.Definition) error {
		return about("event of definition", d.ID, guarded(ctx, d, s.relay.tell))
	})
	return Ticked{Sent: sent}, len(list) == tickBatch && err == nil, err
}

// tell sends definition.deployed. An event that the sink rejects ends as a dead letter.
func (r *Relay) tell(ctx context.Context, d store.Definition) error {
	e, err := cloudevent.Deployed(r.source, cloudevent.Definition{
		ID: d.ID, ProcessKey: d.Key, Version: d.Version, Name: d.Name, Actor: d.DeployedBy,
	}, d.DeployedAt)
	if err != nil {
		return err
	}
	err = r.send(ctx, e)
	if err == nil || fault.VerdictOf(err) == fault.Acknowledge {
		return r.store.MarkDefinitionSent(ctx, d.ID, nil)
	}
	if fault.VerdictOf(err) == fault.Retry {
		return err
	}
	content, failure := json.Marshal(e)
	if failure != nil {
		return failure
	}
	return r.store.MarkDefinitionSent(ctx, d.ID, &store.DeadLetter{
		ID: newID(), Direction: store.Out, Source: r.source, EventID: e.ID(), Type: e.Type(), Reason: err.Error(), Attempts: 1,
		Content: content, CreatedAt: instant(),
	})
}
