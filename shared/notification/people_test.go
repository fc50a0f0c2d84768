package notification_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/notification"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// said is the text of the newest notification of a person.
func (c *centre) said(username string) string {
	c.t.Helper()
	list := c.of(username, nil)
	if len(list) == 0 {
		c.t.Fatalf("%s was told nothing", username)
	}
	var content notification.Content
	if err := json.Unmarshal(list[0].Content, &content); err != nil {
		c.t.Fatal(err)
	}
	return content.Text
}

// What a copy or an urge says is in its notification, once each; an urge of what is done by then tells nobody, and whoever
// opens a copy has read of it.
func TestCopiesAndUrgesAreTold(t *testing.T) {
	t.Parallel()
	c := open(t)
	w := c.App.Workflow
	_, task := c.Start(nil)
	c.consume(c.gather()...)
	if _, err := w.CopyTask(t.Context(), c.Call("wangfang"), task, workflow.Copies{UserIDs: []string{"sunqi", "lina"}, Comment: "看一下"}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.UrgeTask(t.Context(), c.Call("zhangwei"), task, workflow.Remark{Comment: "很急"}); err != nil {
		t.Fatal(err)
	}
	c.consume(c.gather()...)
	const copied = "有任务抄送给您：审批"
	c.sees("told", map[string]string{"wangfang": urged + " " + todo, "sunqi": copied, "lina": copied})
	if c.said("sunqi") != "看一下" || c.said("wangfang") != "很急" {
		t.Errorf("%q, %q", c.said("sunqi"), c.said("wangfang"))
	}
	if _, err := w.Task(t.Context(), c.Call("sunqi").Principal, task); err != nil {
		t.Fatal(err)
	}
	c.sees("opened", map[string]string{"wangfang": urged + " " + todo, "sunqi": "(" + copied + ")", "lina": copied})
	_, other := c.Start(nil)
	c.consume(c.gather()...)
	if _, err := w.UrgeTask(t.Context(), c.Call("zhangwei"), other, workflow.Remark{}); err != nil {
		t.Fatal(err)
	}
	c.Complete("wangfang", other)
	events := c.gather()
	before := len(c.of("wangfang", nil))
	c.consume(events...)
	if n := len(c.of("wangfang", nil)); n != before {
		t.Errorf("%d notifications more of what is done", n-before)
	}
}

// Who is mentioned and who is answered are told, once each, and nobody by himself.
func TestDiscussionsAreTold(t *testing.T) {
	t.Parallel()
	about := store.Discussed{
		Comment: store.Comment{ID: engine.ID{1}, InstanceID: engine.ID{2}, TaskID: engine.ID{3}, Author: "lina", Text: strings.Repeat("长", 300), Mentions: []string{"zhaolei", "lina"}, CreatedAt: time.Now()},
		Name:    "审批", ProcessKey: "leave", NodeID: "approve", Answered: "zhangwei",
	}
	c := open(t)
	told, err := c.App.Notifications.Discussed(t.Context(), about)
	if err != nil {
		t.Fatal(err)
	}
	list := told.Notifications
	if len(list) != 2 || list[0].Username != "zhaolei" || list[0].Type != notification.Mentioned || list[1].Username != "zhangwei" || list[1].Type != notification.Answered {
		t.Fatalf("%+v", list)
	}
	var content notification.Content
	if err := json.Unmarshal(list[0].Content, &content); err != nil || content.CommentID != about.ID || len([]rune(content.Text)) > 201 {
		t.Errorf("%s, %v", list[0].Content, err)
	}
	about.Answered = "zhaolei"
	if again, err := c.App.Notifications.Discussed(t.Context(), about); err != nil || len(again.Notifications) != 1 || again.Notifications[0].ID != list[0].ID {
		t.Errorf("%+v %v", again, err)
	}
}
