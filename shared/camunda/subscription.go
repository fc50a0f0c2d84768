package camunda

import (
	"context"
	"strconv"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
)

// Subscription is an event that is waited for.
type Subscription struct {
	ID        string  `json:"id"`
	Type      string  `json:"eventType"`
	Name      *string `json:"eventName"`
	Execution *string `json:"executionId"`
	Instance  *string `json:"processInstanceId"`
	Activity  string  `json:"activityId"`
	Created   Date    `json:"createdDate"`
	Tenant    *string `json:"tenantId"`
}

var subscriptionSorts = sorts[Subscription]{
	"created":  func(a, b Subscription) int { return a.Created.Compare(b.Created.Time) },
	"tenantId": func(Subscription, Subscription) int { return 0 },
}

const (
	messageEvent     = "message"
	signalEvent      = "signal"
	conditionalEvent = "conditional"
	compensateEvent  = "compensate"
)

// Subscriptions lists the events that instances and start events wait for.
func (s *Service) Subscriptions(ctx context.Context, p access.Principal, q Query) ([]Subscription, int, error) {
	var found []Subscription
	if !q.Has("processInstanceId") && !q.Has("executionId") {
		rows, err := s.store.AllSubscriptions(ctx, store.SubscriptionFilter{}, most)
		if err != nil {
			return nil, 0, err
		}
		for _, row := range rows {
			if row.InstanceID.IsZero() {
				found = append(found, ofStart(row))
			}
		}
	}
	running, err := s.running(ctx, p, q)
	if err != nil {
		return nil, 0, err
	}
	for _, x := range running {
		found = append(found, x.subscriptions()...)
	}
	var list []Subscription
	for _, one := range found {
		if q.is("eventSubscriptionId", one.ID) && q.is("eventType", one.Type) && q.is("eventName", textOf(one.Name)) && q.is("activityId", one.Activity) &&
			q.is("executionId", textOf(one.Execution)) && q.is("processInstanceId", textOf(one.Instance)) && q.unowned() {
			list = append(list, one)
		}
	}
	return finish(q, list, subscriptionSorts)
}

func ofStart(row store.Subscription) Subscription {
	one := Subscription{ID: row.ID.String(), Type: messageEvent, Name: pointer(row.Message), Activity: row.NodeID}
	switch {
	case row.Signal != "":
		one.Type, one.Name = signalEvent, pointer(row.Signal)
	case row.Message == "":
		one.Type = conditionalEvent
	}
	return one
}

// subscriptions are what an instance waits for, and what can be compensated in it. A receive task without a
// message waits for no event.
func (x scene) subscriptions() []Subscription {
	var list []Subscription
	for _, sub := range x.Subscriptions {
		node := x.process.Node(sub.Node)
		if node != nil && node.Element == bpmn.ElementReceiveTask && sub.Message == "" {
			continue
		}
		list = append(list, x.subscription(sub))
	}
	for _, c := range x.Compensations {
		node := x.process.Node(c.Node)
		if node == nil || node.Compensation == nil {
			continue
		}
		execution := x.ID.String()
		for _, scope := range x.Scopes {
			if scope.Number == c.Scope && scope.Number > 0 {
				execution = ExecutionID(x.ID, scope.Token)
			}
		}
		list = append(list, Subscription{
			ID: derived(x.ID, compensateEvent, strconv.Itoa(c.Number)), Type: compensateEvent, Execution: &execution, Instance: pointer(x.ID.String()),
			Activity: node.Compensation.ID,
		})
	}
	return list
}

func (x scene) subscription(sub engine.Subscription) Subscription {
	one := Subscription{
		ID: sub.ID.String(), Type: messageEvent, Name: pointer(sub.Message), Execution: pointer(ExecutionID(x.ID, x.Waiter(sub))), Instance: pointer(x.ID.String()),
		Activity: sub.Node, Created: Date{sub.CreatedAt},
	}
	switch {
	case sub.Signal:
		one.Type = signalEvent
	case sub.Condition:
		one.Type = conditionalEvent
	}
	return one
}

// EventSubscription is the message that an execution waits for.
func (s *Service) EventSubscription(ctx context.Context, p access.Principal, id, message string) (Subscription, error) {
	x, token, err := s.execution(ctx, p, id)
	if err != nil {
		return Subscription{}, err
	}
	for _, sub := range x.Subscriptions {
		if sub.Message == message && !sub.Signal && !sub.Condition && (x.Waiter(sub) == token || token == 0) {
			return x.subscription(sub), nil
		}
	}
	return Subscription{}, NotFound("Message event subscription for execution %s named %s does not exist", id, message)
}
