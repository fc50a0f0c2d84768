package access

import (
	"strings"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/cloudevent"
)

func TestEventSignaturesRotate(t *testing.T) {
	t.Parallel()
	a, b := "a:"+strings.Repeat("1", 32), "b:"+strings.Repeat("2", 32)
	c := &clock{at: time.Now()}
	service := func(keys string) *Service {
		cfg := testConfig(t)
		write(t, cfg.SecretsDir, SecretInternal, keys)
		s := open(t, cfg, nil, "")
		s.now = c.now
		return s
	}
	fresh := func() event.Event {
		e := event.New()
		e.SetID("1")
		e.SetSource("/diom/test")
		e.SetType("t")
		return e
	}
	verify := func(s *Service, e event.Event) error {
		raw, err := e.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		list, _, err := cloudevent.Read(map[string][]string{"Content-Type": {event.ApplicationCloudEventsJSON}}, raw)
		if err != nil {
			t.Fatal(err)
		}
		return s.VerifyEvent(&list[0])
	}
	old, between, after := service(a), service(b+"\n"+a+"\n"), service(b)
	e := fresh()
	wantError(t, verify(old, e), cloudevent.ErrUnsigned)
	if err := old.SignEvent(&e); err != nil {
		t.Fatal(err)
	}
	for range 2 { // delivered twice
		if err := verify(between, e); err != nil {
			t.Error(err)
		}
	}
	wantError(t, verify(after, e), cloudevent.ErrSignature)
	if err := between.SignEvent(&e); err != nil {
		t.Fatal(err)
	}
	if err := verify(after, e); err != nil {
		t.Error(err)
	}
	c.add(31 * 24 * time.Hour)
	wantError(t, verify(after, e), cloudevent.ErrStale)
	if service("").SignEvent(&e) == nil {
		t.Error("signed without a key")
	}
	wantError(t, verify(service(""), e), cloudevent.ErrSignature)
}
