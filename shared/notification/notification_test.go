package notification_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/notification"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// centre is the notification centre of the demo company, and the events that it has not seen.
type centre struct {
	*notification.Service
	*faastest.Demo
	t      *testing.T
	events []event.Event
	relay  *workflow.Relay
}

func open(t *testing.T) *centre {
	t.Helper()
	d := faastest.OpenDemo(t, true)
	d.App.Relay.Stop()
	d.Deploy(faastest.Leave)
	c := &centre{Service: d.App.Notifications, Demo: d, t: t}
	c.relay = workflow.NewRelay(d.App.Store, func(_ context.Context, e event.Event) error {
		c.events = append(c.events, e)
		return nil
	}, "/diom/test", slog.New(slog.NewTextHandler(io.Discard, nil)))
	return c
}

// gather takes the events of what has happened out of the outbox.
func (c *centre) gather() []event.Event {
	c.t.Helper()
	if _, err := c.relay.Round(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	list := c.events
	c.events = nil
	return list
}

// consume notifies of what has happened, each event three times.
func (c *centre) consume(list ...event.Event) {
	c.t.Helper()
	for _, e := range list {
		for range 3 {
			c.once(e)
		}
	}
}

// once lets the centre consume an event, if it is one for it.
func (c *centre) once(e event.Event) {
	c.t.Helper()
	if strings.Contains(e.Type(), ".started.") {
		return
	}
	if err := c.Consume(c.t.Context(), e); err != nil {
		c.t.Fatal(err)
	}
}

func (c *centre) of(username string, q url.Values) []store.Notification {
	c.t.Helper()
	p, err := c.List(c.t.Context(), username, q, page.Request{Limit: 100, Descending: true})
	if err != nil {
		c.t.Fatal(err)
	}
	return p.Items
}

// see returns what the people of the demo company see, the newest first; what is read is in brackets.
func (c *centre) see(q url.Values) map[string]string {
	c.t.Helper()
	all := map[string]string{}
	for _, username := range []string{"zhangwei", "wangfang", "lina", "zhaolei", "wuqiang", "admin", "sunqi"} {
		var list []string
		for _, n := range c.of(username, q) {
			title := n.Title
			if n.ReadAt != nil {
				title = "(" + title + ")"
			}
			list = append(list, title)
		}
		if list != nil {
			all[username] = strings.Join(list, " ")
		}
	}
	return all
}

func (c *centre) sees(when string, want map[string]string) {
	c.t.Helper()
	if diff := cmp.Diff(want, c.see(nil)); diff != "" {
		c.t.Errorf("%s:\n%s", when, diff)
	}
}

func (c *centre) claim(username string, task engine.ID) {
	c.t.Helper()
	if _, err := c.App.Workflow.ClaimTask(c.t.Context(), c.Call(username), task); err != nil {
		c.t.Fatal(err)
	}
}

const (
	todo    = "您有新的待办任务：审批"
	offered = "有任务等待认领：备案"
	ended   = "您发起的流程已结束：请假"
	urged   = "您的待办任务被催办：审批"
)

// The life of an instance as people see it, each event delivered three times.
func TestPeopleAreToldOfTheirTasks(t *testing.T) {
	t.Parallel()
	c := open(t)
	instance, approve := c.Start(nil)
	c.consume(c.gather()...)
	c.sees("started", map[string]string{"wangfang": todo})
	file := c.Complete("wangfang", approve)
	c.consume(c.gather()...)
	c.sees("approved", map[string]string{"wangfang": "(" + todo + ")", "lina": offered, "zhaolei": offered})
	c.claim("lina", file)
	c.consume(c.gather()...)
	c.sees("claimed", map[string]string{"wangfang": "(" + todo + ")", "lina": "(" + offered + ")", "zhaolei": "(" + offered + ")"})
	if _, err := c.App.Workflow.UnclaimTask(t.Context(), c.Call("lina"), file); err != nil {
		t.Fatal(err)
	}
	c.consume(c.gather()...)
	c.sees("given back", map[string]string{"wangfang": "(" + todo + ")", "lina": "(" + offered + ")", "zhaolei": offered + " (" + offered + ")"})
	c.Complete("zhaolei", file)
	c.consume(c.gather()...)
	c.sees("ended", map[string]string{"wangfang": "(" + todo + ")", "lina": "(" + offered + ")", "zhaolei": "(" + offered + ") (" + offered + ")", "zhangwei": ended})
	n := c.of("wangfang", nil)[0]
	want := fmt.Sprintf(`{"instanceId":%q,"processKey":"leave","taskId":%q,"nodeId":"approve","actor":"zhangwei","subject":"审批"}`, instance, approve)
	if string(n.Content) != want || n.Type != notification.TaskAssigned || time.Since(n.CreatedAt) > time.Minute {
		t.Errorf("%+v\n%s", n, n.Content)
	}
}

// In whatever order events come and come again, nobody is told twice, and nothing is offered that is
// over.
func TestEventsInAnyOrder(t *testing.T) {
	t.Parallel()
	c := open(t)
	_, approve := c.Start(nil)
	file := c.Complete("wangfang", approve)
	c.claim("lina", file)
	c.Complete("lina", file)
	events := c.gather()
	events = slices.Concat(events, events, events)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	for _, e := range events {
		c.once(e)
	}
	c.sees("all in any order", map[string]string{"wangfang": "(" + todo + ")", "zhangwei": ended})
}

// Who is told what by one event of an instance that waits at its first task, which wangfang has.
func TestWhoIsTold(t *testing.T) {
	t.Parallel()
	c := open(t)
	for name, tc := range map[string]struct {
		kind string
		data cloudevent.Data
		want map[string]string
	}{
		"created by its assignee": {cloudevent.TypeTaskCreated, cloudevent.Data{Assignee: "wangfang", Actor: "wangfang"}, map[string]string{}},
		"transferred":             {cloudevent.TypeTaskAssigned, cloudevent.Data{Assignee: "lina", Actor: "wangfang", Reason: "transferred"}, map[string]string{"lina": todo}},
		"to an unknown user":      {cloudevent.TypeTaskAssigned, cloudevent.Data{Assignee: strings.Repeat("x", 300), Actor: "wangfang"}, map[string]string{}},
		"offered, but taken":      {cloudevent.TypeTaskCreated, cloudevent.Data{Groups: []string{"finance"}}, map[string]string{}},
		"cancelled":               {cloudevent.TypeTaskCancelled, cloudevent.Data{Actor: "wuqiang"}, map[string]string{}},
		"ended":                   {cloudevent.TypeInstanceEnded, cloudevent.Data{Actor: "lina"}, map[string]string{"zhangwei": ended}},
		"ended by the starter":    {cloudevent.TypeInstanceEnded, cloudevent.Data{Actor: "zhangwei"}, map[string]string{}},
		"cancelled by another":    {cloudevent.TypeInstanceCancelled, cloudevent.Data{Actor: "wuqiang", Reason: "x"}, map[string]string{"zhangwei": "您发起的流程已取消：请假"}},
		"cancelled by itself":     {cloudevent.TypeInstanceCancelled, cloudevent.Data{}, map[string]string{"zhangwei": "您发起的流程已取消：请假"}},
		"failed":                  {cloudevent.TypeIncidentRaised, cloudevent.Data{Code: "job_failed"}, map[string]string{"wuqiang": "流程发生异常，请处理：请假", "admin": "流程发生异常，请处理：请假"}},
		"copied":                  {cloudevent.TypeTaskCopied, cloudevent.Data{Actor: "wangfang", CopiedTo: []string{"sunqi", "wangfang", "nobody"}}, map[string]string{"sunqi": "有任务抄送给您：审批"}},
		"urged":                   {cloudevent.TypeTaskUrged, cloudevent.Data{Actor: "zhangwei", Assignee: "wangfang", Urges: 1}, map[string]string{"wangfang": urged}},
		"urged by the assignee":   {cloudevent.TypeTaskUrged, cloudevent.Data{Actor: "wangfang", Assignee: "wangfang", Urges: 1}, map[string]string{}},
		"urged again and again":   {cloudevent.TypeTaskUrged, cloudevent.Data{Actor: "zhangwei", Assignee: "lina", Urges: 3, Reason: engine.Escalated}, map[string]string{"lina": urged, "zhaolei": "您下属的任务多次被催办：审批"}},
		"nobody is above":         {cloudevent.TypeTaskUrged, cloudevent.Data{Actor: "zhangwei", Assignee: "wangfang", Urges: 3, Reason: engine.Escalated}, map[string]string{"wangfang": urged}},
		"failed in one's hands":   {cloudevent.TypeIncidentRaised, cloudevent.Data{Actor: "wuqiang"}, map[string]string{"admin": "流程发生异常，请处理：请假"}},
	} {
		t.Run(name, func(t *testing.T) {
			unread := url.Values{"unread": {"true"}}
			for username := range c.see(unread) { // what earlier cases left
				if _, err := c.ReadAll(t.Context(), username, nil); err != nil {
					t.Fatal(err)
				}
			}
			tc.data.InstanceID, tc.data.TaskID = c.Start(nil)
			tc.data.ProcessKey = "leave"
			c.consume(made(t, tc.kind, tc.data))
			if diff := cmp.Diff(tc.want, c.see(unread)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func made(t *testing.T, kind string, data any) event.Event {
	t.Helper()
	e := event.New()
	e.SetID(fmt.Sprintf("%s/%d", t.Name(), time.Now().UnixNano()))
	e.SetSource("/diom/test")
	e.SetType(kind)
	e.SetTime(time.Now())
	if err := e.SetData(event.ApplicationJSON, data); err != nil {
		t.Fatal(err)
	}
	return e
}

// What cannot be read is refused for good; what is about something that is no longer there is over.
func TestStrangeEvents(t *testing.T) {
	t.Parallel()
	c := open(t)
	id := engine.ID{1}
	for name, tc := range map[string]struct {
		kind string
		data any
		want error
	}{
		"another type": {cloudevent.TypeTokenReady, cloudevent.Data{InstanceID: id}, notification.ErrEvent},
		"no object":    {cloudevent.TypeTaskCreated, "x", notification.ErrEvent},
		"no instance":  {cloudevent.TypeInstanceEnded, cloudevent.Data{}, notification.ErrEvent},
		"no task":      {cloudevent.TypeTaskCreated, cloudevent.Data{InstanceID: id}, notification.ErrEvent},
		"bad id":       {cloudevent.TypeTaskCreated, map[string]string{"instanceId": "1"}, notification.ErrEvent},
		"task gone":    {cloudevent.TypeTaskCreated, cloudevent.Data{InstanceID: id, TaskID: id, Assignee: "lina"}, nil},
		"offer gone":   {cloudevent.TypeTaskAssigned, cloudevent.Data{InstanceID: id, TaskID: id}, nil},
		"copy gone":    {cloudevent.TypeTaskCopied, cloudevent.Data{InstanceID: id, TaskID: id, CopiedTo: []string{"lina"}}, nil},
		"urge gone":    {cloudevent.TypeTaskUrged, cloudevent.Data{InstanceID: id, TaskID: id, Assignee: "lina"}, nil},
		"starter gone": {cloudevent.TypeInstanceEnded, cloudevent.Data{InstanceID: id}, nil},
		"failure gone": {cloudevent.TypeIncidentRaised, cloudevent.Data{InstanceID: id}, nil},
	} {
		if err := c.Consume(t.Context(), made(t, tc.kind, tc.data)); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
	c.sees("nothing", map[string]string{})
}
