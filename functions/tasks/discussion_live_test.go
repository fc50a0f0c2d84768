package tasks

import (
	"testing"
	"time"

	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/live"
)

// Who is mentioned is told of his notification as soon as the comment is there, and nobody else is.
func TestCommentIsToldAtOnce(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(faastest.Leave)
	_, task := d.Start(nil)
	looking, err := d.App.Live.Open(t.Context(), "wangfang", "", live.Limits{All: 1, Person: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer looking.Close()
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{{
		Name: "comment", Method: "POST", Path: "/api/v1/tasks/" + task.String() + "/comments", Header: d.As("zhangwei"), Body: `{"text": "?", "mentions": ["wangfang"]}`, Status: 201,
	}})
	select {
	case e := <-looking.Events():
		_, his := e.For(live.Viewer{Username: "wangfang"})
		_, others := e.For(live.Viewer{Username: "zhangwei", SeesAll: true})
		if e.Type != live.NotificationCreated || !his || others {
			t.Errorf("%+v", e)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("nothing came")
	}
}
