package notification_test

import (
	"database/sql"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/dispatch/mailtest"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/notification"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

const webhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// post is a notification centre that may send to this machine, with a receiver of webhooks and a mail server.
type post struct {
	*notification.Service
	*faastest.Demo
	t     *testing.T
	mails *mailtest.Server
	url   string

	mutex  sync.Mutex
	status int
	bodies []string
	ids    []string
	// signatures are those of the requests.
	signatures []string
}

func openPost(t *testing.T) *post {
	t.Helper()
	p := &post{Demo: faastest.OpenDemo(t, true), t: t, mails: mailtest.Listen(t), status: http.StatusOK}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mutex.Lock()
		defer p.mutex.Unlock()
		raw, _ := io.ReadAll(r.Body)
		p.bodies, p.ids = append(p.bodies, string(raw)), append(p.ids, r.Header.Get("webhook-id"))
		p.signatures = append(p.signatures, r.Header.Get("webhook-signature"))
		w.WriteHeader(p.status)
		_, _ = io.WriteString(w, "answer")
	}))
	t.Cleanup(server.Close)
	p.url = server.URL
	var err error
	p.Service, err = notification.New(notification.Options{
		Config: config.Config{HTTPAllow: []string{"127.0.0.1"}, SMTPURL: "smtp://" + p.mails.Address + "?tls=none", SMTPFrom: "diom@example.com", PublicURL: "https://flow.example/"},
		Store:  p.App.Store, Feed: p.App.Live, Access: p.App.Access, Location: time.UTC,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *post) answer(status int) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.status = status
}

func (p *post) channel(c notification.NewChannel) store.Channel {
	p.t.Helper()
	made, err := p.CreateChannel(p.t.Context(), c, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return made
}

// tell notifies people and returns how many were.
func (p *post) tell(id string, users ...string) {
	p.t.Helper()
	m := notification.Message{ID: id, Users: users, Title: "标题 " + id, Text: "内容", At: time.Date(2026, 3, 2, 9, 0, int(id[0]), 0, time.UTC), InstanceID: engine.ID{1}, ProcessKey: "leave"}
	if n, err := p.Tell(p.t.Context(), m); err != nil || n != len(users) {
		p.t.Fatalf("%d are told, %v", n, err)
	}
}

func (p *post) deliver(want int) {
	p.t.Helper()
	if n, err := p.Deliver(p.t.Context()); err != nil || n != want {
		p.t.Errorf("%d attempts, %v, not %d", n, err, want)
	}
}

func (p *post) all() []store.ChannelDelivery {
	p.t.Helper()
	list, err := p.Deliveries(p.t.Context(), store.DeliveryFilter{}, page.Request{Limit: 100, Descending: true})
	if err != nil {
		p.t.Fatal(err)
	}
	return list.Items
}

// due makes what waits due now.
func (p *post) due() {
	p.t.Helper()
	err := p.App.DB.InTx(p.t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(p.t.Context(), "UPDATE workflow_delivery SET due_at = '2026-01-01' WHERE due_at IS NOT NULL")
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *post) prefer(username string, c notification.PreferenceChange) {
	p.t.Helper()
	if _, err := p.SetPreferences(p.t.Context(), username, c, 0); err != nil {
		p.t.Fatal(err)
	}
}

func TestDelivery(t *testing.T) {
	t.Parallel()
	p := openPost(t)
	hook := p.channel(notification.NewChannel{Name: "hook", Kind: "webhook", URL: p.url, Secret: webhookSecret, Types: []string{notification.ProcessMessage}})
	p.channel(notification.NewChannel{Name: "mail", Kind: "mail", Types: []string{notification.ProcessMessage}})
	p.channel(notification.NewChannel{Name: "other kinds", Kind: "wecom", URL: p.url, Types: []string{notification.TaskAssigned}})
	off := false
	p.channel(notification.NewChannel{Name: "off", Kind: "wecom", URL: p.url, Types: []string{notification.ProcessMessage}, Enabled: &off})
	for range 3 { // an event comes again
		p.tell("a", "lina", "zhaolei")
	}
	p.deliver(4)
	p.deliver(0)
	if len(p.bodies) != 2 || len(p.mails.Kept()) != 2 || !strings.Contains(p.bodies[0], `"type":"process.message"`) || !strings.Contains(p.bodies[0], "标题 a") {
		t.Fatalf("%q %q", p.bodies, p.mails.Kept())
	}
	if !strings.Contains(p.mails.Kept()[0], "https://flow.example/instances/") {
		t.Error(p.mails.Kept()[0])
	}
	for _, d := range p.all() {
		if d.State != store.DeliverySent || d.Attempts != 1 || d.EndedAt == nil || d.DueAt != nil || (d.ChannelID == hook.ID) != (d.Status == 200) {
			t.Errorf("%+v", d)
		}
	}
}

// What the receiver does not take is tried again, a bounded number of times, under the same id.
func TestDeliveryIsTriedAgain(t *testing.T) {
	t.Parallel()
	p := openPost(t)
	p.channel(notification.NewChannel{Name: "hook", Kind: "webhook", URL: p.url, Secret: webhookSecret, Types: []string{notification.ProcessMessage}})
	p.tell("a", "lina")
	p.answer(http.StatusServiceUnavailable)
	attempts := 0
	for ; ; attempts++ {
		d := p.all()[0]
		if d.State == store.DeliveryFailed {
			break
		}
		if attempts > 0 && (d.State != store.DeliveryWaiting || d.Status != 503 || !strings.Contains(d.Reason, "503") || !d.DueAt.After(time.Now())) {
			t.Fatalf("after %d attempts: %+v", attempts, d)
		}
		p.due()
		p.deliver(1)
		p.deliver(0) // not before its time
	}
	if attempts != 9 || len(slices.Compact(slices.Clone(p.ids))) != 1 {
		t.Errorf("%d attempts, ids %v", attempts, p.ids)
	}
	p.answer(http.StatusOK)
	failed := p.all()[0]
	raw, err := p.Resend(t.Context(), failed.ID, nil)
	var again store.ChannelDelivery
	if err != nil || json.Unmarshal(raw, &again) != nil || again.State != store.DeliveryWaiting {
		t.Fatalf("%v %s", err, raw)
	}
	if _, err := p.Resend(t.Context(), failed.ID, nil); err == nil {
		t.Error("what is under way is sent again")
	}
	p.deliver(1)
	if d := p.all()[0]; d.State != store.DeliverySent || d.Attempts != 1 {
		t.Errorf("%+v", d)
	}
	p.answer(http.StatusNotFound)
	p.tell("b", "lina")
	p.deliver(1)
	if d := p.all()[0]; d.State != store.DeliveryFailed || d.Attempts != 1 || !strings.Contains(d.Reason, "answer") {
		t.Errorf("refused: %+v", d)
	}
}

// Two processes do not make the same attempt, and who dies has made one.
func TestDeliveryIsClaimedOnce(t *testing.T) {
	t.Parallel()
	p := openPost(t)
	p.channel(notification.NewChannel{Name: "hook", Kind: "webhook", URL: p.url, Secret: webhookSecret, Types: []string{notification.ProcessMessage}})
	p.tell("a", "lina")
	now := time.Now().UTC()
	died, err := p.App.Store.ClaimDeliveries(t.Context(), 10, now, time.Minute)
	if err != nil || len(died) != 1 {
		t.Fatalf("%v %v", died, err)
	}
	p.deliver(0)
	p.due()
	p.deliver(1)
	died[0].State, died[0].EndedAt = store.DeliveryFailed, &now // he comes back, too late
	if err := p.App.Store.SettleDelivery(t.Context(), died[0]); err != nil {
		t.Fatal(err)
	}
	if d := p.all()[0]; d.State != store.DeliverySent || d.Attempts != 2 {
		t.Errorf("%+v", d)
	}
}

// A person chooses by kind and channel, and what he has read in the product does not follow him.
func TestPreferencesDecide(t *testing.T) {
	t.Parallel()
	p := openPost(t)
	hook := p.channel(notification.NewChannel{Name: "hook", Kind: "webhook", URL: p.url, Secret: webhookSecret})
	english := notification.English
	chosen := map[string]map[string]string{notification.ProcessMessage: {hook.ID.String(): notification.Now}}
	p.prefer("lina", notification.PreferenceChange{Kinds: &chosen, Language: &english})
	p.tell("a", "lina", "zhaolei")
	p.deliver(1)
	digest := map[string]map[string]string{notification.ProcessMessage: {hook.ID.String(): notification.Daily}}
	p.prefer("lina", notification.PreferenceChange{Kinds: &digest})
	p.tell("b", "lina")
	p.tell("c", "lina")
	p.tell("c", "lina")
	p.deliver(0)
	p.due()
	p.deliver(1)
	p.deliver(0)
	if len(p.bodies) != 2 || strings.Count(p.bodies[1], `"notificationId"`) != 2 || !strings.Contains(p.bodies[1], `"type":"digest"`) {
		t.Fatalf("%q", p.bodies)
	}
	states := map[store.DeliveryState]int{}
	for _, d := range p.all() {
		states[d.State]++
	}
	if states[store.DeliverySent] != 4 {
		t.Errorf("%v", states)
	}
	p.prefer("lina", notification.PreferenceChange{Kinds: &chosen})
	p.tell("d", "lina")
	if _, err := p.ReadAll(t.Context(), "lina", nil); err != nil {
		t.Fatal(err)
	}
	p.deliver(1)
	if d := p.all(); d[0].State != store.DeliverySkipped && d[1].State != store.DeliverySkipped {
		t.Errorf("%+v", d[:2])
	}
	if err := p.DeleteChannel(t.Context(), hook.ID); err != nil {
		t.Fatal(err)
	}
}

func TestChannelIsSealed(t *testing.T) {
	t.Parallel()
	p := openPost(t)
	made := p.channel(notification.NewChannel{Name: "robot", Kind: "dingtalk", URL: p.url + "/robot/send?access_token=hidden-token", Secret: "SEC-hidden"})
	if raw, err := json.Marshal(made); err != nil || strings.Contains(string(raw), "hidden") || strings.Contains(string(made.Sealed), "hidden") || made.Host == "" {
		t.Errorf("%s %v", raw, err)
	}
	name := "group"
	changed, err := p.UpdateChannel(t.Context(), made.ID, notification.ChannelChange{Name: &name}, made.Version)
	if err != nil || changed.Version != 2 {
		t.Fatalf("%+v %v", changed, err)
	}
	result, err := p.TestChannel(t.Context(), made.ID, notification.ChannelTest{})
	if err != nil || result.Delivered || result.Status != 200 || result.Answer != "answer" || result.Reason == "" {
		t.Errorf("%+v %v", result, err)
	}
	if len(p.bodies) != 1 || !strings.Contains(p.bodies[0], "group") {
		t.Errorf("%q", p.bodies)
	}
}
