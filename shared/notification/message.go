package notification

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"diom.io/workflow/shared/courier"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
)

// told is one notification as a webhook has it.
type told struct {
	NotificationID engine.ID       `json:"notificationId"`
	Username       string          `json:"username"`
	Type           string          `json:"type"`
	Title          string          `json:"title"`
	Text           string          `json:"text"`
	Content        json.RawMessage `json:"content"`
	CreatedAt      time.Time       `json:"createdAt"`
}

// linkNames are what links are called, by language.
var linkNames = map[string]string{Chinese: "查看", English: "Open"}

// message is what a delivery says to its person, in his language. list has a notification at least.
func (s *Service) message(ctx context.Context, d store.ChannelDelivery, user store.User, list []store.Notification) (courier.Message, error) {
	p, err := s.plan(ctx, []string{user.Username})
	if err != nil {
		return courier.Message{}, err
	}
	language := p.of(user.Username).Language
	all := make([]told, 0, len(list))
	lines := make([]string, 0, len(list))
	for _, n := range list {
		var c Content
		_ = json.Unmarshal(n.Content, &c) // what is not ours has fewer fields
		t, v := p.book.template(n.Type, language), values(n, c, user.DisplayName)
		one := told{n.ID, n.Username, n.Type, fill(t.Title, v), fill(t.Text, v), n.Content, n.CreatedAt}
		all, lines = append(all, one), append(lines, "· "+one.Title)
	}
	m := courier.Message{ID: d.ID.String(), At: d.CreatedAt, Type: d.Type, Title: all[0].Title, Text: all[0].Text, Data: all[0]}
	if !d.NotificationID.IsZero() {
		m.Links = s.links(language, list[0])
		return m, nil
	}
	v := map[string]string{"count": strconv.Itoa(len(list)), "list": strings.Join(lines, "\n"), "recipient": user.DisplayName}
	t := p.book.template(Digest, language)
	m.Title, m.Text, m.Data = fill(t.Title, v), fill(t.Text, v), map[string]any{"username": user.Username, "notifications": all}
	return m, nil
}

// decideName is what the link is called by which a person decides without logging in.
const decideName = "办理 / Decide"

// decide adds the link by which a person completes a task that is his from the message itself.
func (s *Service) decide(ctx context.Context, m *courier.Message, d store.ChannelDelivery, task engine.ID) error {
	if s.offer == nil || d.Type != TaskAssigned || task.IsZero() {
		return nil
	}
	target, err := s.offer(ctx, d.Username, task)
	if err == nil && target != "" {
		m.Links = append(m.Links, courier.Link{Name: decideName, URL: target})
	}
	return err
}

// links lead to what a notification is about, where it is said at which address people reach the product.
func (s *Service) links(language string, n store.Notification) []courier.Link {
	if s.publicURL == "" {
		return nil
	}
	var c Content
	_ = json.Unmarshal(n.Content, &c) // what is not ours has no ids
	switch {
	case !n.TaskID.IsZero():
		return []courier.Link{{Name: linkNames[language], URL: s.publicURL + "/tasks/" + n.TaskID.String()}}
	case !c.InstanceID.IsZero():
		return []courier.Link{{Name: linkNames[language], URL: s.publicURL + "/instances/" + c.InstanceID.String()}}
	}
	return nil
}
