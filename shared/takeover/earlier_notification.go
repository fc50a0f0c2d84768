package takeover

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"slices"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/foreign"
	"diom.io/workflow/shared/notification"
	"diom.io/workflow/shared/store"
)

// maxNotice is the longest text of a notification, in characters: the column holds it however it is escaped.
const maxNotice = 10_000

// notificationTypes are the types of the earlier DIOM; the others are told in their own words.
var notificationTypes = map[string]string{"TASK_ASSIGNED": notification.TaskAssigned, "PROCESS_COMPLETED": notification.InstanceEnded}

// notice is a notification under way.
type notice struct {
	store.Notification
	line Line
}

// noticeContent is the content of a notification, as far as it is known.
type noticeContent struct {
	InstanceID engine.ID `json:"instanceId,omitzero"`
	ProcessKey string    `json:"processKey,omitempty"`
	TaskID     engine.ID `json:"taskId,omitzero"`
	Text       string    `json:"text,omitempty"`
}

// links are what notifications of a page may be about, as far as it is here.
type links struct{ tasks, instances map[engine.ID]store.Place }

// notifications takes over what people were told.
func (e *earlier) notifications(ctx context.Context) error {
	return e.pages(ctx, notificationTable, earlierPage, func(rows []foreign.Row) error {
		names, err := e.names(ctx, rows)
		if err != nil {
			return err
		}
		about, err := e.about(ctx, rows)
		if err != nil {
			return err
		}
		var list []notice
		for _, row := range rows {
			n := e.notice(row, names)
			if n.line.Problems != nil {
				e.tell(n.line)
				continue
			}
			n.link(row, about)
			list = append(list, n)
		}
		return e.notify(ctx, list)
	})
}

// names are the people of the source by their ids and, where there are no ids, by their names.
func (e *earlier) names(ctx context.Context, rows []foreign.Row) (map[string]string, error) {
	people, err := e.of(ctx, userTable, "ID", texts(rows, "USER_ID"))
	if err != nil {
		return nil, err
	}
	named, err := e.of(ctx, userTable, "USERNAME", texts(rows, "USERNAME"))
	names := map[string]string{}
	for _, p := range append(people, named...) {
		names[p.Text("ID")], names["@"+p.Text("USERNAME")] = p.Text("USERNAME"), p.Text("USERNAME")
	}
	return names, err
}

// about finds what the rows are about.
func (e *earlier) about(ctx context.Context, rows []foreign.Row) (l links, err error) {
	var tasks, instances []engine.ID
	for _, row := range rows {
		switch id := row.Text("LINK_ID"); {
		case id == "":
		case row.Text("LINK_TYPE") == "TASK":
			tasks = append(tasks, ident("task", id))
		case row.Text("LINK_TYPE") == "PROCESS":
			instances = append(instances, ident("instance", id))
		}
	}
	if l.tasks, err = e.Store.TaskPlaces(ctx, tasks); err != nil {
		return l, err
	}
	l.instances, err = e.Store.InstancePlaces(ctx, instances)
	return l, err
}

// notice reads one notification; the problems of its line are why it cannot be taken.
func (e *earlier) notice(row foreign.Row, names map[string]string) notice {
	id := row.Text("ID")
	n := notice{line: Line{Kind: "notification", ID: id, Outcome: LeftOut}}
	user, name := row.Text("USER_ID"), row.Text("USERNAME")
	who := names[user]
	if user == "" {
		who = names["@"+name]
	}
	at := row.Time("CREATE_TIME")
	switch {
	case who == "":
		n.line.Problems = []string{"there is no user " + cmp.Or(user, name, "named")}
	case e.lost[who]:
		n.line.Problems = []string{"its user " + who + " was left out"}
	case at.IsZero():
		n.line.Problems = []string{"it has no time"}
	}
	n.line.Name = who
	n.Notification = store.Notification{
		ID: noticeID(id, at), Username: who, Type: cmp.Or(notificationTypes[row.Text("TYPE")], notification.ProcessMessage),
		Title: clip(cmp.Or(row.Text("TITLE"), "—")), CreatedAt: at,
	}
	if row.Int("IS_READ") == 1 {
		read := row.Time("READ_TIME")
		if read.IsZero() {
			read = at
		}
		n.ReadAt = &read
	}
	return n
}

// link gives a notification its content and what it is about.
func (n *notice) link(row foreign.Row, about links) {
	content := noticeContent{Text: row.Text("CONTENT")}
	if runes := []rune(content.Text); len(runes) > maxNotice {
		content.Text = string(runes[:maxNotice])
		n.line.Notes = append(n.line.Notes, "the text is cut")
	}
	link, kind := row.Text("LINK_ID"), row.Text("LINK_TYPE")
	task, instance := ident("task", link), ident("instance", link)
	if place, ok := about.tasks[task]; ok && kind == "TASK" {
		n.TaskID, content.TaskID, content.InstanceID, content.ProcessKey = task, task, place.InstanceID, place.ProcessKey
	} else if place, ok := about.instances[instance]; ok && kind == "PROCESS" {
		content.InstanceID, content.ProcessKey = instance, place.ProcessKey
	} else if link != "" && kind != "NONE" {
		n.line.Notes = append(n.line.Notes, "what it is about is not here: "+kind+" "+link)
	}
	n.Content, _ = json.Marshal(content) // texts and ids always marshal
}

// notify writes the notifications that are not here yet.
func (e *earlier) notify(ctx context.Context, list []notice) error {
	var ids []engine.ID
	for _, n := range list {
		ids = append(ids, n.ID)
	}
	here, err := e.Store.KnownNotifications(ctx, ids)
	if err != nil {
		return err
	}
	var missing []store.Notification
	for i := range list {
		n := &list[i]
		if n.line.Outcome = Already; !slices.Contains(here, n.ID) {
			n.line.Outcome = Taken
			missing = append(missing, n.Notification)
		}
	}
	if !e.options.DryRun {
		if err := e.Store.Notify(ctx, missing); err != nil {
			return err
		}
	}
	for _, n := range list {
		e.tell(n.line)
	}
	return nil
}

// noticeID is the id of a notification here: a UUIDv7 of its time, so that ids are in the order of time, whose other
// bits are a hash.
func noticeID(id string, at time.Time) engine.ID {
	var milliseconds [8]byte
	binary.BigEndian.PutUint64(milliseconds[:], uint64(max(at.UnixMilli(), 0)))
	hash := sha256.Sum256([]byte("takeover:notification:" + id))
	made := engine.ID(hash[:16])
	copy(made[:6], milliseconds[2:])
	made[6], made[8] = 0x70|made[6]&0x0f, 0x80|made[8]&0x3f
	return made
}
