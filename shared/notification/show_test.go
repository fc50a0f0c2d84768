package notification_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/live"
)

// Those who are looking are told of each event that they may see, by ids.
func TestShow(t *testing.T) {
	t.Parallel()
	c := open(t)
	s, err := c.App.Live.Open(t.Context(), "everybody", "", live.Limits{All: 1, Person: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	viewers := map[string]live.Viewer{}
	for _, username := range []string{"zhangwei", "wangfang", "lina", "wuqiang", "sunqi"} {
		p := c.Call(username).Principal
		viewers[username] = live.Viewer{Username: username, Identities: p.Identities(), SeesAll: p.SeesAll()}
	}
	told := func() []string {
		t.Helper()
		var list []string
		for {
			select {
			case e := <-s.Events():
				var people []string
				for name, v := range viewers {
					if _, his := e.For(v); his {
						people = append(people, name)
					}
				}
				slices.Sort(people)
				list = append(list, e.Type+": "+strings.Join(people, " "))
				if e.Type == live.TaskCreated && (e.Data.TaskID.IsZero() || e.Data.InstanceID.IsZero()) {
					t.Errorf("%+v", e)
				}
				if e.Type == live.Reset {
					return list[:len(list)-1]
				}
			case <-time.After(20 * time.Second):
				t.Fatal("nothing came")
			}
		}
	}
	step := func(want ...string) {
		t.Helper()
		for _, e := range c.gather() {
			if err := c.Consume(t.Context(), e); err != nil {
				t.Fatalf("%s: %v", e.Type(), err)
			}
		}
		c.App.Live.Publish(t.Context(), live.Event{Type: live.Reset}) // the end of this step
		if got := told(); !slices.Equal(got, want) {
			t.Errorf("told\n%s, not\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	instance, task := c.Start(nil)
	step("instance.updated: wuqiang zhangwei", "notification.created: wangfang", "task.created: wangfang wuqiang zhangwei")
	c.Complete("wangfang", task)
	_ = instance
	progress, err := cloudevent.Progress("/diom/test", cloudevent.BatchProgress{ID: task, Kind: "cancel", State: "running", Total: 2}, 1, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Consume(t.Context(), progress); err != nil {
		t.Fatal(err)
	}
	step("batch.progress: wuqiang", "task.completed: wangfang wuqiang zhangwei", "notification.created: lina", "task.created: lina wuqiang zhangwei")
}
