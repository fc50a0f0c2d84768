package store

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
)

// told returns n notifications of a person, the last one first in the list; every other one is about a
// task.
func told(username string, first, n int) []Notification {
	list := make([]Notification, 0, n)
	for i := first; i < first+n; i++ {
		one := Notification{
			ID: engine.ID{1, 1, 13: byte(i >> 16), 14: byte(i >> 8), 15: byte(i)}, Username: username, Type: "task.offered", Title: "标题",
			Content: []byte(`{"taskId":"x"}`), CreatedAt: noon,
		}
		if i%2 == 0 {
			one.TaskID = engine.ID{byte(i >> 8), byte(i)}
		}
		list = append(list, one)
	}
	return list
}

func notifyAll(t *testing.T, s *Store, list []Notification) {
	t.Helper()
	for part := range slices.Chunk(list, 1000) {
		if err := s.Notify(t.Context(), part); err != nil {
			t.Fatal(err)
		}
	}
}

var newest = page.Request{Limit: 3, Sort: "createdAt", Descending: true}

func TestNotifications(t *testing.T) {
	t.Parallel()
	s, ctx := New(databasetest.Open(t)), t.Context()
	lina := told("lina", 1, 7)
	for range 3 { // the same again is nothing new
		notifyAll(t, s, append(slices.Clone(lina), told("zhaolei", 100, 2)...))
	}
	p, err := s.Notifications(ctx, "lina", false, newest)
	if err != nil || len(p.Items) != 3 || p.Items[0].ID != lina[6].ID || p.NextCursor == "" || string(p.Items[0].Content) != `{"taskId":"x"}` {
		t.Fatalf("%+v, %v", p, err)
	}
	read := func(Notification) (Recorded, error) { return Recorded{Status: 200, Body: []byte("{}")}, nil }
	r := Reader{Username: "lina", At: noon, Idempotency: &Idempotency{Principal: "lina", Key: "k", Route: "r"}}
	for _, c := range []struct {
		id    engine.ID
		keyed bool
		want  error
	}{{lina[6].ID, true, nil}, {lina[5].ID, true, ErrRepeated}, {lina[6].ID, false, nil}, {told("", 100, 1)[0].ID, false, ErrNoNotification}, {engine.ID{9}, false, ErrNoNotification}} {
		reader := r
		if !c.keyed {
			reader.Idempotency, reader.At = nil, noon.Add(time.Hour)
		}
		if err := s.ReadNotification(ctx, reader, c.id, read); !errors.Is(err, c.want) {
			t.Errorf("read %v: %v, want %v", c.id, err, c.want)
		}
	}
	p, err = s.Notifications(ctx, "lina", false, newest)
	if err != nil || p.Items[0].ReadAt == nil || !p.Items[0].ReadAt.Equal(noon) || p.Items[1].ReadAt != nil {
		t.Errorf("%+v, %v", p.Items, err)
	}
	if p, err = s.Notifications(ctx, "lina", true, newest); err != nil || p.Items[0].ID != lina[5].ID {
		t.Errorf("unread: %+v, %v", p.Items, err)
	}
	if n, err := s.UnreadNotifications(ctx, "lina"); err != nil || n != 6 {
		t.Errorf("%d unread, %v", n, err)
	}
	for _, want := range []int{6, 0} {
		got := -1
		err := s.ReadAllNotifications(ctx, Reader{Username: "lina", At: noon}, func(n int) (Recorded, error) { got = n; return Recorded{}, nil })
		if err != nil || got != want {
			t.Errorf("read all: %d, %v, want %d", got, err, want)
		}
	}
	if n, err := s.UnreadNotifications(ctx, "zhaolei"); err != nil || n != 2 {
		t.Errorf("somebody else's: %d unread, %v", n, err)
	}
}

// More unread notifications than one transaction takes are read all the same.
func TestReadAllInParts(t *testing.T) {
	t.Parallel()
	s := New(databasetest.Open(t))
	notifyAll(t, s, told("lina", 0, 2*readBatch+1))
	if n, err := s.UnreadNotifications(t.Context(), "lina"); err != nil || n != maxCount {
		t.Errorf("%d unread, %v", n, err)
	}
	got := 0
	err := s.ReadAllNotifications(t.Context(), Reader{Username: "lina", At: noon}, func(n int) (Recorded, error) { got = n; return Recorded{}, nil })
	if n, failure := s.UnreadNotifications(t.Context(), "lina"); err != nil || failure != nil || n != 0 || got != 2*readBatch+1 {
		t.Errorf("%d read, %d left, %v, %v", got, n, err, failure)
	}
}

func TestReadOfTask(t *testing.T) {
	t.Parallel()
	s, task := New(databasetest.Open(t)), engine.ID{7}
	list := append(told("lina", 1, 2), append(told("zhaolei", 3, 1), told("wangfang", 4, 1)...)...)
	for i := range list {
		list[i].TaskID = task
	}
	list[1].TaskID, list[3].Type = engine.ID{8}, "task.assigned"
	notifyAll(t, s, list)
	for _, c := range []struct {
		username                string
		lina, zhaolei, wangfang int
	}{{"", 1, 0, 1}, {"wangfang", 1, 0, 0}} {
		read := Notice{TaskID: task, Read: &Reading{Type: "task.offered", Username: c.username, At: noon}}
		other := Notice{TaskID: engine.ID{9}, Read: &Reading{Username: "lina", At: noon}}
		if err := s.Announce(t.Context(), []Notice{other, read, read}); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]int{"lina": c.lina, "zhaolei": c.zhaolei, "wangfang": c.wangfang} {
			if n, err := s.UnreadNotifications(t.Context(), name); err != nil || n != want {
				t.Errorf("%s: %d unread, %v, want %d", name, n, err, want)
			}
		}
	}
}

func TestAudience(t *testing.T) {
	t.Parallel()
	s, c := New(databasetest.Open(t)), Company{Groups: []Group{{ID: engine.ID{3}, Key: "g", Name: "组", Version: 1, CreatedAt: noon}}}
	for n := range 30 {
		u := person(n)
		u.Enabled = n != 5
		switch {
		case n < 10:
			u.Groups = []string{"g"}
		case n < 20:
			u.Roles = []string{"OPERATOR"}
		}
		c.Users = append(c.Users, Employee{User: u})
	}
	if err := s.AddCompany(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		audience Audience
		want     []int
	}{
		"nobody":      {Audience{}, nil},
		"users":       {Audience{Users: []string{"user025", "user005", "USER026", "unknown"}}, []int{25}},
		"group":       {Audience{Identities: []string{"g"}, Except: "user003"}, []int{0, 1, 2, 4, 6, 7, 8, 9}},
		"role":        {Audience{Identities: []string{"OPERATOR"}}, []int{10, 11, 12, 13, 14, 15, 16, 17, 18, 19}},
		"permission":  {Audience{Permission: "WORKFLOW_OPERATE", Except: "user010"}, []int{11, 12, 13, 14, 15, 16, 17, 18, 19}},
		"all of them": {Audience{Users: []string{"user001", "user021"}, Identities: []string{"g", "none"}}, []int{0, 1, 2, 3, 4, 6, 7, 8, 9, 21}},
		"many":        {Audience{Identities: []string{"g", "OPERATOR"}}, []int{0, 1, 2, 3, 4, 6, 7, 8, 9, 10}},
	} {
		var want []string
		for _, n := range c.want {
			want = append(want, fmt.Sprintf("user%03d", n))
		}
		got, err := s.Members(t.Context(), c.audience, 10)
		if err != nil || name != "many" && !slices.Equal(got, want) || name == "many" && len(got) != 10 {
			t.Errorf("%s: %v, %v, want %v", name, got, err, want)
		}
	}
}

// What the notification centre asks finds its rows by a key, in their order.
func TestNotificationsAreFoundByKey(t *testing.T) {
	t.Parallel()
	s := New(databasetest.Open(t))
	for n := range 20 {
		notifyAll(t, s, told(fmt.Sprintf("user%d", n), 300*n, 300))
	}
	execute(t, s, "UPDATE workflow_notification SET read_at = created_at WHERE title = ?", "标题")
	notifyAll(t, s, told("user7", 7000, 300))
	execute(t, s, "ANALYZE TABLE workflow_notification")
	id := engine.ID{7}
	reads := []read{
		{unreadText, []any{"user7", maxCount}},
		{lockNotification, []any{id[:], "user7"}},
		{readingText(2), []any{id[:], "task.offered", "", noon, id[:], "task.offered", "lina", noon}},
		{readAll, []any{noon, "user7", readBatch}},
	}
	for _, unread := range []bool{false, true} {
		for _, after := range [][]string{nil, {told("", 2200, 1)[0].ID.String()}} {
			l, q := notificationsOf("user7", unread)
			text, err := l.statement(&q, page.Request{Limit: 20, Descending: true, After: after})
			if err != nil {
				t.Fatal(err)
			}
			reads = append(reads, read{text, q.arguments})
		}
	}
	for _, q := range reads {
		for _, plan := range plans(t, s, q) {
			if plan.access == "ALL" || plan.access == "index" || plan.rows > 700 {
				t.Errorf("%d rows of %s (%s) for %s", plan.rows, plan.table, plan.access, q.text)
			}
		}
		if strings.HasPrefix(q.text, "SELECT") && sorts(t, s, q) {
			t.Errorf("the rows must be sorted for %s", q.text)
		}
	}
}

// sorts reports whether the server must sort what it finds.
func sorts(t *testing.T, s *Store, q read) bool {
	t.Helper()
	rows, err := s.DB.Query(t.Context(), "EXPLAIN "+q.text, q.arguments...)
	found, err := collect(rows, err, func(rows *sql.Rows) (bool, error) {
		var extra sql.NullString
		columns := make([]any, 10)
		for i := range columns {
			columns[i] = new(sql.RawBytes)
		}
		columns[9] = &extra
		err := rows.Scan(columns...)
		return strings.Contains(extra.String, "filesort"), err
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.Contains(found, true)
}

// The people of an audience, and what an instance is, are found by key.
func TestAudienceIsFoundByKey(t *testing.T) {
	t.Parallel()
	s, c := New(databasetest.Open(t)), Company{}
	for n := range 60 {
		c.Groups = append(c.Groups, Group{ID: engine.ID{3, byte(n)}, Key: fmt.Sprintf("g%d", n), Name: "组", Version: 1, CreatedAt: noon})
	}
	for n := range 600 {
		u := person(n)
		u.Groups = []string{fmt.Sprintf("g%d", n%60)}
		if n%100 == 0 {
			u.Roles = append(u.Roles, "OPERATOR")
		}
		c.Users = append(c.Users, Employee{User: u})
	}
	if err := s.AddCompany(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"sys_user", "sys_user_role", "sys_user_group", "sys_group"} {
		execute(t, s, "ANALYZE TABLE "+table)
	}
	text, arguments := Audience{Users: []string{"user001"}, Identities: []string{"g1", "OPERATOR"}, Permission: "WORKFLOW_OPERATE", Except: "user002"}.statement(200)
	explain(t, s, read{text, arguments})
	ids := arguments16([]engine.ID{{1}, {2}})
	for _, q := range []read{{originsText + placeholders(2) + `)`, ids}, {tasksText + byIDs(2) + ` FOR UPDATE`, ids}} {
		for _, plan := range plans(t, s, q) {
			if plan.access == "ALL" {
				t.Errorf("a full scan of %s for %s", plan.table, q.text)
			}
		}
	}
}
