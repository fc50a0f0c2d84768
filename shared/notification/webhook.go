package notification

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/courier"
	"diom.io/workflow/shared/egress"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// ErrWebhook: the webhook breaks a rule; there is a detail for each problem.
var ErrWebhook = fault.New(fault.Invalid, "bad_webhook", "The webhook has problems.")

const (
	maxWebhooks    = 200 // that are told; more are not looked at
	maxProcessKeys = 100
	maxReplay      = 1000
	usualOverlap   = 24      // hours for which two secrets sign
	longestOverlap = 30 * 24 // hours
)

// HandedOn are the types of events of which nobody is notified: they are for webhooks alone.
var HandedOn = []string{
	cloudevent.TypeDefinitionDeployed, cloudevent.TypeJobCreated, cloudevent.TypeJobCompleted, cloudevent.TypeJobFailed, cloudevent.TypeTimerDue,
	cloudevent.TypeMessageReceived, cloudevent.TypeMessageSent, cloudevent.TypeSignalReceived, cloudevent.TypeSignalThrown,
}

// WebhookTypes are the types of events that a webhook may be told of.
var WebhookTypes = append([]string{
	cloudevent.TypeInstanceStarted, cloudevent.TypeInstanceEnded, cloudevent.TypeInstanceCancelled, cloudevent.TypeInstanceSuspended, cloudevent.TypeInstanceResumed,
	cloudevent.TypeInstanceMigrated, cloudevent.TypeTaskCreated, cloudevent.TypeTaskAssigned, cloudevent.TypeTaskCompleted, cloudevent.TypeTaskCancelled,
	cloudevent.TypeTaskReturned, cloudevent.TypeTaskCopied, cloudevent.TypeTaskUrged, cloudevent.TypeIncidentRaised, cloudevent.TypeIncidentResolved, cloudevent.TypeBatchProgress,
}, HandedOn...)

// NewWebhook is the body that makes a webhook. secret is whsec_ and base64; neither it nor url is shown again. types
// are those of CloudEvents (docs/events.md), processKeys the processes whose events are wanted, all where there are
// none. enabled is true where it is absent.
type NewWebhook struct {
	Name        string   `json:"name" api:"required"`
	URL         string   `json:"url" api:"required"`
	Secret      string   `json:"secret" api:"required"`
	Types       []string `json:"types" api:"required"`
	ProcessKeys []string `json:"processKeys"`
	Enabled     *bool    `json:"enabled"`
}

// WebhookChange is the body that changes a webhook; what is absent stays. The secret is rotated, not changed.
type WebhookChange struct {
	Name        *string   `json:"name"`
	URL         *string   `json:"url"`
	Types       *[]string `json:"types"`
	ProcessKeys *[]string `json:"processKeys"`
	Enabled     *bool     `json:"enabled"`
}

// NewSecret is the body that gives a webhook another secret. For so many hours, 24 where they are absent, the one
// before signs, too; 0 ends it at once.
type NewSecret struct {
	Secret string `json:"secret" api:"required"`
	Hours  *int   `json:"hours"`
}

// ReplayRequest is the body that has deliveries of a webhook made again, the oldest first, at most 1,000: those that
// were given up (failed, where state is absent) or taken (sent), since a time.
type ReplayRequest struct {
	State string     `json:"state"`
	Since *time.Time `json:"since"`
}

var badSecret = fault.Detail{Pointer: "/secret", Code: "bad_secret", Detail: "The secret of a webhook is whsec_ and the base64 of 24 to 64 bytes."}

// hookCredentials are what is sealed of a webhook.
type hookCredentials struct {
	URL    string `json:"url"`
	Secret string `json:"secret"`
	Before string `json:"before,omitempty"` // the secret before
}

func hookPlace(id engine.ID) access.Place {
	return access.Place{Table: "workflow_webhook", ID: id, Field: "sealed"}
}

// Webhooks lists the webhooks; the list is store.WebhookList.
func (s *Service) Webhooks(ctx context.Context, r page.Request) (page.Page[store.Webhook], error) {
	return s.store.Webhooks(ctx, r)
}

// Webhook returns a webhook: store.ErrNoWebhook when there is none.
func (s *Service) Webhook(ctx context.Context, id engine.ID) (store.Webhook, error) {
	return s.store.Webhook(ctx, id)
}

// CreateWebhook makes a webhook. Errors: ErrWebhook, store.ErrWebhookUsed, store.ErrRepeated.
func (s *Service) CreateWebhook(ctx context.Context, body NewWebhook, i *store.Idempotency) (store.Webhook, error) {
	now := instant()
	w := store.Webhook{
		ID: engine.ID(uuid.Must(uuid.NewV7())), Name: body.Name, Types: body.Types, ProcessKeys: body.ProcessKeys,
		Enabled: body.Enabled == nil || *body.Enabled, Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	if err := s.sealHook(&w, hookCredentials{URL: body.URL, Secret: body.Secret}); err != nil {
		return w, err
	}
	answer, err := unescaped(w)
	if err != nil {
		return w, err
	}
	defer s.forget()
	return w, s.store.CreateWebhook(ctx, w, i, store.Recorded{Status: http.StatusCreated, Body: answer})
}

// UpdateWebhook changes a webhook. match is the version that the caller has seen, 0 for any. Errors: those of
// CreateWebhook, store.ErrNoWebhook, store.ErrPeopleStale.
func (s *Service) UpdateWebhook(ctx context.Context, id engine.ID, body WebhookChange, match int64) (store.Webhook, error) {
	return s.changeHook(ctx, id, match, "webhook.update", func(w *store.Webhook, known *hookCredentials) {
		change(&w.Name, body.Name)
		change(&w.Types, body.Types)
		change(&w.ProcessKeys, body.ProcessKeys)
		change(&w.Enabled, body.Enabled)
		change(&known.URL, body.URL)
	})
}

// RotateSecret gives a webhook another secret. Errors: those of UpdateWebhook.
func (s *Service) RotateSecret(ctx context.Context, id engine.ID, body NewSecret, match int64) (store.Webhook, error) {
	hours := usualOverlap
	change(&hours, body.Hours)
	if hours < 0 || hours > longestOverlap {
		return store.Webhook{}, ErrWebhook.With(fault.Detail{Pointer: "/hours", Code: "bad_hours", Detail: "The hours are from 0 to 720."})
	}
	if _, err := courier.Key(body.Secret); err != nil {
		return store.Webhook{}, ErrWebhook.With(badSecret)
	}
	return s.changeHook(ctx, id, match, "webhook.rotate-secret", func(w *store.Webhook, known *hookCredentials) {
		until := instant().Add(time.Duration(hours) * time.Hour)
		known.Before, known.Secret, w.RetiresAt = known.Secret, body.Secret, &until
		if hours == 0 {
			known.Before, w.RetiresAt = "", nil
		}
	})
}

func (s *Service) changeHook(ctx context.Context, id engine.ID, match int64, action string, do func(*store.Webhook, *hookCredentials)) (store.Webhook, error) {
	w, err := s.store.Webhook(ctx, id)
	if err != nil {
		return w, err
	}
	if match != 0 && match != w.Version {
		return w, store.ErrPeopleStale
	}
	known, err := s.openHook(w)
	if err != nil {
		return w, err
	}
	do(&w, &known)
	if err := s.sealHook(&w, known); err != nil {
		return w, err
	}
	w.UpdatedAt = instant()
	defer s.forget()
	if err := s.store.UpdateWebhook(ctx, w, action); err != nil {
		return w, err
	}
	w.Version++
	return w, nil
}

// DeleteWebhook removes a webhook. It returns store.ErrNoWebhook.
func (s *Service) DeleteWebhook(ctx context.Context, id engine.ID) error {
	defer s.forget()
	return s.store.DeleteWebhook(ctx, id)
}

// sealHook holds the rules of a webhook and seals what is secret of it.
func (s *Service) sealHook(w *store.Webhook, known hookCredentials) error {
	if w.ProcessKeys == nil {
		w.ProcessKeys = []string{}
	}
	var problems []fault.Detail
	check := func(ok bool, pointer, code, detail string) {
		if !ok {
			problems = append(problems, fault.Detail{Pointer: pointer, Code: code, Detail: detail})
		}
	}
	u, err := egress.Parse(known.URL)
	_, badKey := courier.Key(known.Secret)
	check(named(w.Name), "/name", "bad_text", "The name has 1 to 255 characters, no control characters, and no blanks at its ends.")
	check(err == nil, "/url", egress.ErrURL.Code, egress.ErrURL.Message)
	check(badKey == nil, badSecret.Pointer, badSecret.Code, badSecret.Detail)
	check(len(w.Types) > 0, "/types", "required", "Say of which types of events it is told.")
	for _, t := range w.Types {
		check(slices.Contains(WebhookTypes, t), "/types", "unknown_type", "The types are "+strings.Join(WebhookTypes, ", ")+".")
	}
	check(len(w.ProcessKeys) <= maxProcessKeys && !slices.Contains(w.ProcessKeys, ""), "/processKeys", "bad_process_keys", "There are at most 100 keys of processes.")
	if len(problems) > 0 {
		return ErrWebhook.With(problems...)
	}
	w.Host = u.Host
	raw, err := json.Marshal(known) //nolint:gosec // it is sealed at once
	if err != nil {
		return err
	}
	w.Sealed, err = s.access.Seal(hookPlace(w.ID), raw)
	return err
}

func (s *Service) openHook(w store.Webhook) (known hookCredentials, err error) {
	raw, err := s.access.Open(hookPlace(w.ID), w.Sealed)
	if err == nil {
		err = json.Unmarshal(raw, &known)
	}
	return known, err
}

// hookAddress is where a webhook's events go. The secret before signs until its time.
func (s *Service) hookAddress(w store.Webhook) (courier.Address, error) {
	known, err := s.openHook(w)
	to := courier.Address{Kind: courier.Webhook, URL: known.URL, Secret: known.Secret}
	if w.RetiresAt != nil && instant().Before(*w.RetiresAt) {
		to.Before = known.Before
	}
	return to, err
}

// TestWebhook sends an example of an event of the webhook's first type to it, enabled or not: its source is of no
// installation. It returns store.ErrNoWebhook.
func (s *Service) TestWebhook(ctx context.Context, id engine.ID) (ChannelTested, error) {
	w, err := s.store.Webhook(ctx, id)
	if err != nil {
		return ChannelTested{}, err
	}
	to, err := s.hookAddress(w)
	if err != nil {
		return ChannelTested{}, err
	}
	for _, d := range cloudevent.Catalogue() {
		if d.Type != w.Types[0] {
			continue
		}
		e, err := d.Example()
		if err != nil {
			return ChannelTested{}, err
		}
		e.SetSource("/diom/test")
		body, err := e.MarshalJSON()
		if err != nil {
			return ChannelTested{}, err
		}
		r := s.courier.Send(ctx, to, courier.Message{ID: uuid.NewString(), Event: body})
		return ChannelTested{r.Delivered, r.Status, r.Answer, r.Reason}, nil
	}
	return ChannelTested{}, ErrWebhook
}

// Replay has deliveries of a webhook made again, and returns how many, as Count. Errors: ErrWebhook,
// store.ErrNoWebhook, store.ErrRepeated.
func (s *Service) Replay(ctx context.Context, id engine.ID, body ReplayRequest, i *store.Idempotency) (json.RawMessage, error) {
	if _, err := s.store.Webhook(ctx, id); err != nil {
		return nil, err
	}
	r := store.Replay{WebhookID: id, State: store.DeliveryState(cmp.Or(body.State, string(store.DeliveryFailed))), Limit: maxReplay}
	if r.State != store.DeliveryFailed && r.State != store.DeliverySent {
		return nil, ErrWebhook.With(fault.Detail{Pointer: "/state", Code: "bad_state", Detail: "The state is failed or sent."})
	}
	change(&r.Since, body.Since)
	if r.Since.IsZero() {
		r.Since = time.Unix(0, 0).UTC()
	}
	var answer store.Recorded
	err := s.store.Replay(ctx, r, instant(), i, func(n int) (store.Recorded, error) {
		var err error
		answer, err = recorded(Count{n})
		return answer, err
	})
	return answer.Body, err
}
