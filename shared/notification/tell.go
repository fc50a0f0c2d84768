package notification

import (
	"context"
	"encoding/json"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
)

// Message is what a process tells people by its own words. ID names it: told again it is the same one.
// Groups are keys of groups and codes of roles; At is its time.
type Message struct {
	ID                              string
	Users, Groups                   []string
	Title, Text                     string
	At                              time.Time
	InstanceID                      engine.ID
	ProcessKey, BusinessKey, NodeID string
}

// Tell notifies the enabled users of a message, once each, and returns how many there are, at most 200.
func (s *Service) Tell(ctx context.Context, m Message) (int, error) {
	people, err := s.store.Members(ctx, store.Audience{Users: m.Users, Identities: m.Groups}, maxAudience)
	if err != nil || len(people) == 0 {
		return 0, err
	}
	p, err := s.plan(ctx, people)
	if err != nil {
		return 0, err
	}
	content, err := json.Marshal(Content{InstanceID: m.InstanceID, ProcessKey: m.ProcessKey, BusinessKey: m.BusinessKey, NodeID: m.NodeID, Text: m.Text})
	if err != nil {
		return 0, err
	}
	at := m.At.UTC().Truncate(time.Millisecond)
	list := make([]store.Notification, 0, len(people))
	for _, username := range people {
		list = append(list, store.Notification{ID: derive(m.ID, username, at), Username: username, Type: ProcessMessage, Title: m.Title, Content: content, CreatedAt: at})
	}
	return len(people), s.write(ctx, store.Telling{Notifications: list, Deliveries: p.deliveries(list)})
}
