package notification

import (
	"context"
	"encoding/json"

	"diom.io/workflow/shared/excerpt"
	"diom.io/workflow/shared/store"
)

// maxSaid is how many characters of a comment its notifications show.
const maxSaid = 200

// Discussed returns what a comment tells: those who are mentioned, and who wrote what it answers. Nobody is told of what
// he has written himself, or twice.
func (s *Service) Discussed(ctx context.Context, d store.Discussed) (store.Telling, error) {
	c := Content{
		InstanceID: d.InstanceID, ProcessKey: d.ProcessKey, TaskID: d.TaskID, NodeID: d.NodeID, CommentID: d.ID, Actor: d.Author, Subject: d.Name,
		Text: excerpt.Cut(d.Text, maxSaid),
	}
	content, _ := json.Marshal(c) // texts and ids always marshal
	people, kinds := toldOf(d)
	p, err := s.plan(ctx, people)
	if err != nil {
		return store.Telling{}, err
	}
	var list []store.Notification
	for _, username := range people {
		list = append(list, store.Notification{
			ID: derive(d.ID.String(), username, d.CreatedAt), Username: username, Type: kinds[username], Title: p.title(kinds[username], username, c), Content: content,
			TaskID: d.TaskID, CreatedAt: d.CreatedAt,
		})
	}
	return store.Telling{Notifications: list, Deliveries: p.deliveries(list)}, nil
}

// Told tells those who are looking of the notifications of a comment, which are written.
func (s *Service) Told(ctx context.Context, t store.Telling) { s.added(ctx, t.Notifications) }

// toldOf returns who is told of a comment, and as what.
func toldOf(d store.Discussed) (people []string, kinds map[string]string) {
	kinds = map[string]string{d.Author: "", "": ""}
	tell := func(kind, username string) {
		if _, told := kinds[username]; !told {
			kinds[username] = kind
			people = append(people, username)
		}
	}
	for _, username := range d.Mentions {
		tell(Mentioned, username)
	}
	tell(Answered, d.Answered)
	return people, kinds
}
