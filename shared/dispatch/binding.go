package dispatch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/maypok86/otter/v2"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/egress"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// ErrBinding: the topic binding breaks a rule; there is a detail for each problem.
var ErrBinding = fault.New(fault.Invalid, "bad_topic_binding", "The topic binding has problems.")

// The kinds of bindings: jobs are pushed to a URL, sent to a sink of CloudEvents whose receivers report
// later, or done by a built-in. A function of the platform needs no binding: it has the kind function.
const (
	URL      = "url"
	Event    = "event"
	Builtin  = "builtin"
	function = "function"
)

// What a binding is where it does not say.
const (
	defaultTimeout = 10   // seconds
	defaultResult  = 3600 // seconds
	defaultRetries = 3

	maxTimeout = 30
	maxResult  = 24 * 60 * 60
	maxRetries = 100
	maxHeaders = 20
	maxText    = 255
	maxValue   = 4096
	minKey     = 16 // bytes
	maxKey     = 1024
)

// NewBinding is the body that binds a topic. Absent are: method POST, timeoutSeconds 10 (1 to 30),
// resultSeconds 3,600 (up to a day), retries 3 (up to 100), enabled true; a key and its id sign what is
// sent, the product's own key where there is none.
type NewBinding struct {
	Topic          string                `json:"topic" api:"required"`
	Kind           string                `json:"kind" api:"required"`
	Target         string                `json:"target"`
	Method         string                `json:"method"`
	Headers        []store.BindingHeader `json:"headers"`
	TimeoutSeconds int                   `json:"timeoutSeconds"`
	ResultSeconds  int                   `json:"resultSeconds"`
	Retries        int                   `json:"retries"`
	KeyID          string                `json:"keyId"`
	Key            *string               `json:"key"`
	Enabled        *bool                 `json:"enabled"`
}

// BindingChange is the body that changes a topic binding; what is absent stays. An empty keyId takes the
// key away.
type BindingChange struct {
	Topic          *string                `json:"topic"`
	Kind           *string                `json:"kind"`
	Target         *string                `json:"target"`
	Method         *string                `json:"method"`
	Headers        *[]store.BindingHeader `json:"headers"`
	TimeoutSeconds *int                   `json:"timeoutSeconds"`
	ResultSeconds  *int                   `json:"resultSeconds"`
	Retries        *int                   `json:"retries"`
	KeyID          *string                `json:"keyId"`
	Key            *string                `json:"key"`
	Enabled        *bool                  `json:"enabled"`
}

// binding returns what the jobs of a topic are done by, nil where workers do them. A change of the
// binding is noticed after two seconds at most.
func (d *Dispatcher) binding(ctx context.Context, topic string) (*store.TopicBinding, error) {
	b, err := d.bindings.Get(ctx, topic, otter.LoaderFunc[string, *store.TopicBinding](d.loadBinding))
	if err != nil || !b.Enabled {
		return nil, err
	}
	return b, nil
}

func (d *Dispatcher) loadBinding(ctx context.Context, topic string) (*store.TopicBinding, error) {
	b, err := d.Store.TopicBindingOf(ctx, topic)
	if err == nil {
		return &b, nil
	}
	if !errors.Is(err, store.ErrNoTopicBinding) {
		return nil, err
	}
	b = store.TopicBinding{Topic: topic, Kind: Builtin, Target: topic, Enabled: d.Workflow.ServedByItself(topic)}
	if name, is := strings.CutPrefix(topic, bpmn.FunctionTopic); is {
		b.Kind, b.Target = function, name
	}
	complete(&b)
	return &b, nil
}

// complete fills in what a binding does not say.
func complete(b *store.TopicBinding) {
	if b.Method == "" {
		b.Method = http.MethodPost
	}
	if b.Headers == nil {
		b.Headers = []store.BindingHeader{}
	}
	for to, otherwise := range map[*int]int{&b.TimeoutSeconds: defaultTimeout, &b.ResultSeconds: defaultResult, &b.Retries: defaultRetries} {
		if *to == 0 {
			*to = otherwise
		}
	}
}

// Bindings lists the topic bindings; the list is store.TopicBindingList.
func (d *Dispatcher) Bindings(ctx context.Context, r page.Request) (page.Page[store.TopicBinding], error) {
	return d.Store.TopicBindings(ctx, r)
}

// Binding returns a topic binding: store.ErrNoTopicBinding when there is none.
func (d *Dispatcher) Binding(ctx context.Context, id engine.ID) (store.TopicBinding, error) {
	return d.Store.TopicBinding(ctx, id)
}

// CreateBinding binds a topic. Errors: ErrBinding, store.ErrTopicBindingUsed, store.ErrRepeated.
func (d *Dispatcher) CreateBinding(ctx context.Context, body NewBinding, i *store.Idempotency) (store.TopicBinding, error) {
	now := time.Now().UTC().Truncate(time.Millisecond)
	b := store.TopicBinding{
		ID: engine.ID(uuid.Must(uuid.NewV7())), Topic: body.Topic, Kind: body.Kind, Target: body.Target, Method: body.Method, Headers: body.Headers,
		TimeoutSeconds: body.TimeoutSeconds, ResultSeconds: body.ResultSeconds, Retries: body.Retries, KeyID: body.KeyID,
		Enabled: body.Enabled == nil || *body.Enabled, Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	if err := d.check(&b, body.Key); err != nil {
		return b, err
	}
	var answer bytes.Buffer
	encoder := json.NewEncoder(&answer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(b); err != nil {
		return b, err
	}
	return b, d.Store.CreateTopicBinding(ctx, b, i, store.Recorded{Status: http.StatusCreated, Body: answer.Bytes()})
}

// UpdateBinding changes a topic binding. match is the version that the caller has seen, 0 for any.
// Errors: those of CreateBinding, store.ErrNoTopicBinding, store.ErrPeopleStale.
func (d *Dispatcher) UpdateBinding(ctx context.Context, id engine.ID, body BindingChange, match int64) (store.TopicBinding, error) {
	b, err := d.Store.TopicBinding(ctx, id)
	if err != nil {
		return b, err
	}
	if match != 0 && match != b.Version {
		return b, store.ErrPeopleStale
	}
	change(&b.Topic, body.Topic)
	change(&b.Kind, body.Kind)
	change(&b.Target, body.Target)
	change(&b.Method, body.Method)
	change(&b.Headers, body.Headers)
	change(&b.TimeoutSeconds, body.TimeoutSeconds)
	change(&b.ResultSeconds, body.ResultSeconds)
	change(&b.Retries, body.Retries)
	change(&b.KeyID, body.KeyID)
	change(&b.Enabled, body.Enabled)
	if b.KeyID == "" {
		b.SealedKey = nil
	}
	if err := d.check(&b, body.Key); err != nil {
		return b, err
	}
	b.UpdatedAt = time.Now().UTC().Truncate(time.Millisecond)
	if err := d.Store.UpdateTopicBinding(ctx, b); err != nil {
		return b, err
	}
	b.Version++
	return b, nil
}

// DeleteBinding removes a topic binding: its jobs wait for a worker from then on, unless the topic is a
// built-in's. It returns store.ErrNoTopicBinding.
func (d *Dispatcher) DeleteBinding(ctx context.Context, id engine.ID) error {
	return d.Store.DeleteTopicBinding(ctx, id)
}

func change[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

var (
	keyID      = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$")
	secretName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)
)

// ownHeaders are set by the push itself, and ownSecrets begin the names of the product's own secrets, which
// no receiver may be sent.
var ownHeaders = []string{"Host", "Content-Type", "Content-Length", "Content-Encoding", "Transfer-Encoding", "Connection", "Upgrade", "Te", "Trailer"}

const ownSecrets = "diom-"

// checker gathers the problems of a binding.
type checker struct{ details []fault.Detail }

func (c *checker) check(ok bool, pointer, code, detail string) {
	if !ok {
		c.details = append(c.details, fault.Detail{Pointer: pointer, Code: code, Detail: detail})
	}
}

// check fills in and holds the rules of a binding, and seals a new key.
func (d *Dispatcher) check(b *store.TopicBinding, key *string) error {
	complete(b)
	c := &checker{}
	topic := b.Topic != "" && utf8.RuneCountInString(b.Topic) <= maxText && strings.TrimSpace(b.Topic) == b.Topic && !strings.ContainsFunc(b.Topic, unicode.IsControl)
	c.check(topic, "/topic", "bad_text", "The topic has 1 to 255 characters, no control characters, and no blanks at its ends.")
	c.target(b)
	c.check(b.TimeoutSeconds >= 1 && b.TimeoutSeconds <= maxTimeout, "/timeoutSeconds", "out_of_range", "An attempt takes 1 to 30 seconds.")
	c.check(b.ResultSeconds >= 1 && b.ResultSeconds <= maxResult, "/resultSeconds", "out_of_range", "A result that comes later takes 1 to 86,400 seconds.")
	c.check(b.Retries >= 1 && b.Retries <= maxRetries, "/retries", "out_of_range", "A job is tried 1 to 100 times.")
	c.headers(b.Headers)
	c.check(b.KeyID == "" || keyID.MatchString(b.KeyID), "/keyId", "bad_key_id", "The id of a key is 1 to 64 letters, digits, dots, hyphens and underscores.")
	c.check(key == nil || len(*key) >= minKey && len(*key) <= maxKey, "/key", "bad_key", "A key is a text of 16 to 1,024 bytes.")
	c.check((b.KeyID == "") == (key == nil && b.SealedKey == nil), "/keyId", "key_and_id", "A key and its id come together.")
	if len(c.details) > 0 {
		return ErrBinding.With(c.details...)
	}
	if key == nil {
		return nil
	}
	var err error
	b.SealedKey, err = d.Access.Seal(keyPlace(b.ID), []byte(*key))
	return err
}

func (c *checker) target(b *store.TopicBinding) {
	_, err := egress.Parse(b.Target)
	c.check(slices.Contains([]string{http.MethodPost, http.MethodPut, http.MethodPatch}, b.Method), "/method", "bad_method", "The method is POST, PUT or PATCH.")
	switch b.Kind {
	case URL:
		c.check(err == nil, "/target", egress.ErrURL.Code, egress.ErrURL.Message)
	case Event:
		c.check(err == nil || b.Target == "", "/target", egress.ErrURL.Code, "The sink of events is a URL; without one it is that of the product, K_SINK.")
	case Builtin:
		c.check(slices.Contains(workflow.Builtins, b.Target), "/target", "unknown_builtin", "The built-ins are "+strings.Join(workflow.Builtins, ", ")+".")
		c.check(len(b.Headers) == 0, "/headers", "not_sent", "A built-in has no headers.")
	default:
		c.check(false, "/kind", "bad_kind", "The kind is url, event or builtin.")
	}
}

func (c *checker) headers(list []store.BindingHeader) {
	c.check(len(list) <= maxHeaders, "/headers", "too_many", "There are 20 headers at most.")
	for i, h := range list {
		at := fmt.Sprintf("/headers/%d", i)
		name := http.CanonicalHeaderKey(h.Name)
		c.check(headerName.MatchString(h.Name) && !slices.Contains(ownHeaders, name) && !strings.HasPrefix(name, "Ce-"), at+"/name", "bad_header", "The name is not that of a header, or of one that the request itself has.")
		c.check((h.Value == "") != (h.Secret == ""), at, "value_or_secret", "A header has either a value or the name of a secret.")
		c.check(len(h.Value) <= maxValue && !strings.ContainsFunc(h.Value, unicode.IsControl), at+"/value", "bad_text", "The value has no control characters.")
		c.check(h.Secret == "" || secretName.MatchString(h.Secret) && !strings.HasPrefix(h.Secret, ownSecrets), at+"/secret", "bad_secret",
			"A secret is named by lower-case letters, digits, dots, hyphens and underscores; those that begin with diom- are the product's own.")
	}
}
