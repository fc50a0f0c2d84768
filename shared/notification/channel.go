package notification

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/courier"
	"diom.io/workflow/shared/egress"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// ErrChannel: the channel breaks a rule; there is a detail for each problem.
var ErrChannel = fault.New(fault.Invalid, "bad_channel", "The channel has problems.")

const (
	maxChannels = 100 // that deliver; more are not looked at
	maxName     = 255
	maxSecret   = 255
)

// NewChannel is the body that makes a channel. kind is mail, webhook, dingtalk, wecom or feishu. All but mail have a
// url, which is never shown again: of robots it is the one that the group gives. secret is whsec_ and base64 for a
// webhook, which must have one, and what the group gives for dingtalk and feishu. types are the kinds of
// notifications that the channel carries to people who have not said otherwise; enabled is true where it is absent.
type NewChannel struct {
	Name    string   `json:"name" api:"required"`
	Kind    string   `json:"kind" api:"required"`
	URL     string   `json:"url"`
	Secret  string   `json:"secret"`
	Types   []string `json:"types"`
	Enabled *bool    `json:"enabled"`
}

// ChannelChange is the body that changes a channel; what is absent stays. An empty secret takes it away.
type ChannelChange struct {
	Name    *string   `json:"name"`
	Kind    *string   `json:"kind"`
	URL     *string   `json:"url"`
	Secret  *string   `json:"secret"`
	Types   *[]string `json:"types"`
	Enabled *bool     `json:"enabled"`
}

// credentials are what is sealed of a channel.
type credentials struct {
	URL    string `json:"url"`
	Secret string `json:"secret"`
}

func sealPlace(id engine.ID) access.Place {
	return access.Place{Table: "workflow_channel", ID: id, Field: "sealed"}
}

// Channels lists the channels; the list is store.ChannelList.
func (s *Service) Channels(ctx context.Context, r page.Request) (page.Page[store.Channel], error) {
	return s.store.Channels(ctx, r)
}

// Channel returns a channel: store.ErrNoChannel when there is none.
func (s *Service) Channel(ctx context.Context, id engine.ID) (store.Channel, error) {
	return s.store.Channel(ctx, id)
}

// CreateChannel makes a channel. Errors: ErrChannel, store.ErrChannelUsed, store.ErrRepeated.
func (s *Service) CreateChannel(ctx context.Context, body NewChannel, i *store.Idempotency) (store.Channel, error) {
	now := instant()
	c := store.Channel{
		ID: engine.ID(uuid.Must(uuid.NewV7())), Name: body.Name, Kind: body.Kind, Types: body.Types, Enabled: body.Enabled == nil || *body.Enabled,
		Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	if err := s.seal(&c, credentials{body.URL, body.Secret}); err != nil {
		return c, err
	}
	answer, err := unescaped(c)
	if err != nil {
		return c, err
	}
	defer s.forget()
	return c, s.store.CreateChannel(ctx, c, i, store.Recorded{Status: http.StatusCreated, Body: answer})
}

// unescaped is the JSON of an answer as faas writes it.
func unescaped(answer any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(answer)
	return b.Bytes(), err
}

// UpdateChannel changes a channel. match is the version that the caller has seen, 0 for any. Errors: those of
// CreateChannel, store.ErrNoChannel, store.ErrPeopleStale.
func (s *Service) UpdateChannel(ctx context.Context, id engine.ID, body ChannelChange, match int64) (store.Channel, error) {
	c, err := s.store.Channel(ctx, id)
	if err != nil {
		return c, err
	}
	if match != 0 && match != c.Version {
		return c, store.ErrPeopleStale
	}
	known, err := s.open(c)
	if err != nil {
		return c, err
	}
	change(&c.Name, body.Name)
	change(&c.Kind, body.Kind)
	change(&c.Types, body.Types)
	change(&c.Enabled, body.Enabled)
	change(&known.URL, body.URL)
	change(&known.Secret, body.Secret)
	if err := s.seal(&c, known); err != nil {
		return c, err
	}
	c.UpdatedAt = instant()
	defer s.forget()
	if err := s.store.UpdateChannel(ctx, c); err != nil {
		return c, err
	}
	c.Version++
	return c, nil
}

func change[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// DeleteChannel removes a channel. It returns store.ErrNoChannel.
func (s *Service) DeleteChannel(ctx context.Context, id engine.ID) error {
	defer s.forget()
	return s.store.DeleteChannel(ctx, id)
}

// seal holds the rules of a channel and seals what is secret of it.
func (s *Service) seal(c *store.Channel, known credentials) error {
	if c.Types == nil {
		c.Types = []string{}
	}
	if problems := channelProblems(c, known); len(problems) > 0 {
		return ErrChannel.With(problems...)
	}
	c.Host, c.Sealed = "", nil
	if c.Kind == courier.Mail {
		return nil
	}
	u, err := egress.Parse(known.URL)
	if err != nil {
		return err
	}
	c.Host = u.Host
	raw, err := json.Marshal(known) //nolint:gosec // it is sealed at once
	if err != nil {
		return err
	}
	c.Sealed, err = s.access.Seal(sealPlace(c.ID), raw)
	return err
}

func (s *Service) open(c store.Channel) (known credentials, err error) {
	if c.Sealed == nil {
		return known, nil
	}
	raw, err := s.access.Open(sealPlace(c.ID), c.Sealed)
	if err == nil {
		err = json.Unmarshal(raw, &known)
	}
	return known, err
}

func channelProblems(c *store.Channel, known credentials) (problems []fault.Detail) {
	check := func(ok bool, pointer, code, detail string) {
		if !ok {
			problems = append(problems, fault.Detail{Pointer: pointer, Code: code, Detail: detail})
		}
	}
	check(named(c.Name), "/name", "bad_text", "The name has 1 to 255 characters, no control characters, and no blanks at its ends.")
	check(slices.Contains(courier.Kinds, c.Kind), "/kind", "bad_kind", "The kind is "+strings.Join(courier.Kinds, ", ")+".")
	for _, kind := range c.Types {
		check(slices.Contains(Kinds, kind), "/types", "unknown_type", "The kinds of notifications are "+strings.Join(Kinds, ", ")+".")
	}
	_, err := egress.Parse(known.URL)
	_, badKey := courier.Key(known.Secret)
	switch c.Kind {
	case courier.Mail:
		check(known.URL == "" && known.Secret == "", "/url", "not_sent", "Mails go to the addresses of the people; the mail server is a setting.")
	case courier.Webhook:
		check(err == nil, "/url", egress.ErrURL.Code, egress.ErrURL.Message)
		check(badKey == nil, "/secret", "bad_secret", "The secret of a webhook is whsec_ and the base64 of 24 to 64 bytes.")
	case courier.WeCom:
		check(err == nil, "/url", egress.ErrURL.Code, egress.ErrURL.Message)
		check(known.Secret == "", "/secret", "not_sent", "The robot of a WeCom group has no secret but its URL.")
	default:
		check(err == nil, "/url", egress.ErrURL.Code, egress.ErrURL.Message)
		check(len(known.Secret) <= maxSecret && !strings.ContainsFunc(known.Secret, unicode.IsSpace), "/secret", "bad_secret", "The secret is the one that the group gives.")
	}
	return problems
}

func named(text string) bool {
	return text != "" && utf8.RuneCountInString(text) <= maxName && strings.TrimSpace(text) == text && !strings.ContainsFunc(text, unicode.IsControl)
}

// ChannelTest is the body that tries a channel: a mail goes to the given address.
type ChannelTest struct {
	To string `json:"to"`
}

// ChannelTested is what became of a try: the status of the receiver's answer (0 where there was none), and what it
// said.
type ChannelTested struct {
	Delivered bool   `json:"delivered"`
	Status    int    `json:"status"`
	Answer    string `json:"answer"`
	Reason    string `json:"reason"`
}

// TestChannel sends a message that says that it is one, by a channel that need not be enabled. Errors:
// store.ErrNoChannel, ErrChannel where a mail has nobody to go to.
func (s *Service) TestChannel(ctx context.Context, id engine.ID, body ChannelTest) (ChannelTested, error) {
	c, err := s.store.Channel(ctx, id)
	if err != nil {
		return ChannelTested{}, err
	}
	if c.Kind == courier.Mail && body.To == "" {
		return ChannelTested{}, ErrChannel.With(fault.Detail{Pointer: "/to", Code: "missing", Detail: "Say to which address the mail goes."})
	}
	known, err := s.open(c)
	if err != nil {
		return ChannelTested{}, err
	}
	r := s.courier.Send(ctx, courier.Address{Kind: c.Kind, URL: known.URL, Secret: known.Secret, To: body.To}, courier.Message{
		ID: uuid.NewString(), At: time.Now(), Type: "channel.test", Title: "DIOM Workflow", Text: "测试消息 / A test message: " + c.Name, Data: map[string]string{"channel": c.Name},
	})
	return ChannelTested{r.Delivered, r.Status, r.Answer, r.Reason}, nil
}
