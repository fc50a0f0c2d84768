package workflow

import (
	"context"
	"errors"

	"diom.io/workflow/shared/engine"
)

// step runs Step, and again with each answer that it needs of the world.
func (e *execution) step(ctx context.Context, sub *subject, c engine.Command) (*engine.Instance, []engine.Change, error) {
	w := engine.World{
		Groups: e.call.Principal.Identities(), Location: e.location, Decisions: e.decisions,
		Strict: e.call.Strict, SkipListeners: e.call.SkipListeners, SkipMappings: e.call.SkipMappings,
	}
	for {
		after, changes, err := engine.Step(sub.definition.process, sub.instance, c, e.at, w)
		var need *engine.NeedDecision
		var ask *engine.NeedPeople
		switch {
		case errors.Is(err, engine.ErrNeedCaller) && w.Caller == nil:
			w.Caller, err = e.caller(ctx, parentOf(sub.instance, c.Action))
		case errors.As(err, &need):
			err = e.learn(ctx, need.Ref, sub.definition.DeploymentID)
			w.Decisions = e.decisions
		case errors.As(err, &ask):
			err = e.meet(ctx, &w, ask.Question)
		case err == nil && w.Substitutes == nil && peopled(changes):
			if w.Substitutes, err = e.standIns(ctx, sub.definition.Key, e.at); err == nil && !absent(w.Substitutes, changes) {
				return after, changes, nil
			}
		default:
			return after, changes, err
		}
		if err != nil {
			return nil, nil, err
		}
	}
}

// meet finds the answer to a question about people.
func (e *execution) meet(ctx context.Context, w *engine.World, q engine.Question) error {
	if w.People == nil {
		w.People = map[engine.Question][]string{}
	}
	if len(w.People) == maxQuestions {
		return ErrQuestions
	}
	answer, err := e.People(ctx, q)
	w.People[q] = answer
	return err
}

// learn finds a decision that a step needs.
func (e *execution) learn(ctx context.Context, ref engine.DecisionRef, deployment engine.ID) error {
	d, err := e.answerDecision(ctx, ref, deployment)
	if err != nil {
		return err
	}
	if e.decisions == nil {
		e.decisions = map[engine.DecisionRef]engine.Decision{}
	}
	e.decisions[ref] = d
	return nil
}
