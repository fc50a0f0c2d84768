package notification

import (
	"encoding/json"

	"diom.io/workflow/shared/excerpt"
	"diom.io/workflow/shared/store"
)

// maxSaid is how many characters of a comment its notifications show.
const maxSaid = 200

// Discussed makes the notifications of a comment: to those who are mentioned, and to who wrote what it answers. Nobody
// is told of what he has written himself, or twice.
func Discussed(d store.Discussed) []store.Notification {
	content, _ := json.Marshal(Content{ // texts and ids always marshal
		InstanceID: d.InstanceID, ProcessKey: d.ProcessKey, TaskID: d.TaskID, NodeID: d.NodeID, CommentID: d.ID, Actor: d.Author, Text: excerpt.Cut(d.Text, maxSaid),
	})
	var list []store.Notification
	told := map[string]bool{d.Author: true, "": true}
	tell := func(kind, username string) {
		if told[username] {
			return
		}
		told[username] = true
		list = append(list, store.Notification{
			ID: derive(d.ID.String(), username, d.CreatedAt), Username: username, Type: kind, Title: title(kind, d.Name), Content: content, TaskID: d.TaskID, CreatedAt: d.CreatedAt,
		})
	}
	for _, username := range d.Mentions {
		tell(Mentioned, username)
	}
	tell(Answered, d.Answered)
	return list
}
