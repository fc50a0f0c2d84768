package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
)

// Why a topic binding is not found or changed.
var (
	ErrNoTopicBinding   = fault.New(fault.NotFound, "topic_binding_not_found", "There is no such topic binding.")
	ErrTopicBindingUsed = fault.New(fault.Conflict, "topic_binding_taken", "The topic has a binding.")
)

// TopicBinding says who does the jobs of a topic in place of a worker that fetches them: a URL that they
// are pushed to, a sink that they are sent to as events, or a built-in of the product. Target is the URL
// or the built-in's name; TimeoutSeconds bounds one attempt, ResultSeconds how long a result may take
// that comes later, Retries is how often a job is tried whose model does not say.
type TopicBinding struct {
	ID             engine.ID       `json:"id"`
	Topic          string          `json:"topic"`
	Kind           string          `json:"kind"`
	Target         string          `json:"target"`
	Method         string          `json:"method"`
	Headers        []BindingHeader `json:"headers"`
	TimeoutSeconds int             `json:"timeoutSeconds"`
	ResultSeconds  int             `json:"resultSeconds"`
	Retries        int             `json:"retries"`
	KeyID          string          `json:"keyId"`
	SealedKey      []byte          `json:"-"`
	Enabled        bool            `json:"enabled"`
	Version        int64           `json:"version"`
	CreatedAt      time.Time       `json:"createdAt"`
	UpdatedAt      time.Time       `json:"updatedAt"`
}

// BindingHeader is a header of every request to a target: its value, or the name of the secret file that
// holds it.
type BindingHeader struct {
	Name   string `json:"name"`
	Value  string `json:"value,omitempty"`
	Secret string `json:"secret,omitempty"`
}

var kindTopicBinding = kind{"topic-binding", `SELECT 'topic-binding', topic, kind, target, method, headers, timeout_seconds, result_seconds, retries, key_id, SHA2(sealed_key, 256), enabled FROM workflow_topic_binding WHERE id = ?`}

const topicBindingColumns = `id, topic, kind, target, method, headers, timeout_seconds, result_seconds, retries, key_id, sealed_key, enabled, version, created_at, updated_at
 FROM workflow_topic_binding`

func (b *TopicBinding) fields() []any {
	return []any{
		&b.ID, &b.Topic, &b.Kind, &b.Target, &b.Method, document[[]BindingHeader]{&b.Headers}, &b.TimeoutSeconds, &b.ResultSeconds, &b.Retries,
		&b.KeyID, &b.SealedKey, &b.Enabled, &b.Version, &b.CreatedAt, &b.UpdatedAt,
	}
}

// arguments are the columns that a change writes.
func (b *TopicBinding) arguments() ([]any, error) {
	headers, err := json.Marshal(b.Headers) //nolint:gosec // Secret is the name of a file, not what is in it
	return []any{b.Topic, b.Kind, b.Target, b.Method, headers, b.TimeoutSeconds, b.ResultSeconds, b.Retries, b.KeyID, b.SealedKey, b.Enabled, b.UpdatedAt}, err
}

// TopicBindingList names the list of topic bindings.
var TopicBindingList = page.List{Name: "topic-bindings", Sorts: []string{"topic"}}

// TopicBindings reads one page of topic bindings by their topic.
func (s *Store) TopicBindings(ctx context.Context, r page.Request) (page.Page[TopicBinding], error) {
	l := list[TopicBinding]{
		columns: topicBindingColumns, count: "workflow_topic_binding", sort: byName("topic"), scan: into((*TopicBinding).fields),
		key: func(b TopicBinding) []string { return []string{b.Topic} },
	}
	return l.read(ctx, s, query{}, r)
}

// TopicBinding returns a topic binding by its id: ErrNoTopicBinding when there is none.
func (s *Store) TopicBinding(ctx context.Context, id engine.ID) (TopicBinding, error) {
	return s.topicBinding(ctx, `id = ?`, id[:])
}

// TopicBindingOf returns the binding of a topic: ErrNoTopicBinding when there is none.
func (s *Store) TopicBindingOf(ctx context.Context, topic string) (TopicBinding, error) {
	return s.topicBinding(ctx, `topic = ?`, topic)
}

func (s *Store) topicBinding(ctx context.Context, condition string, argument any) (TopicBinding, error) {
	var b TopicBinding
	err := s.DB.QueryRow(ctx, b.fields(), `SELECT `+topicBindingColumns+` WHERE `+condition, argument)
	if errors.Is(err, sql.ErrNoRows) {
		return b, ErrNoTopicBinding
	}
	if err != nil {
		return b, fmt.Errorf("topic binding: %w", err)
	}
	return b, nil
}

// CreateTopicBinding inserts a topic binding and the answer. Errors: ErrRepeated, ErrTopicBindingUsed.
func (s *Store) CreateTopicBinding(ctx context.Context, b TopicBinding, i *Idempotency, answer Recorded) error {
	arguments, err := b.arguments()
	if err != nil {
		return err
	}
	return s.inAudited(ctx, act{"topic-binding.create", kindTopicBinding, b.ID}, func(tx *sql.Tx) error {
		if err := i.Record(ctx, tx, answer, b.CreatedAt); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO workflow_topic_binding (topic, kind, target, method, headers, timeout_seconds, result_seconds, retries, key_id, sealed_key,
 enabled, updated_at, id, version, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, append(arguments, b.ID[:], b.Version, b.CreatedAt)...)
		return taken(err, ErrTopicBindingUsed)
	})
}

// UpdateTopicBinding writes everything but the id where the row still has b.Version, and counts the
// version up. Errors: ErrPeopleStale, ErrTopicBindingUsed.
func (s *Store) UpdateTopicBinding(ctx context.Context, b TopicBinding) error {
	arguments, err := b.arguments()
	if err != nil {
		return err
	}
	return s.inAudited(ctx, act{"topic-binding.update", kindTopicBinding, b.ID}, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE workflow_topic_binding SET topic = ?, kind = ?, target = ?, method = ?, headers = ?, timeout_seconds = ?, result_seconds = ?,
 retries = ?, key_id = ?, sealed_key = ?, enabled = ?, updated_at = ?, version = version + 1 WHERE id = ? AND version = ?`, append(arguments, b.ID[:], b.Version)...)
		return changedOne(result, taken(err, ErrTopicBindingUsed), ErrPeopleStale)
	})
}

// DeleteTopicBinding removes a topic binding: its jobs wait for a worker from then on. It returns
// ErrNoTopicBinding.
func (s *Store) DeleteTopicBinding(ctx context.Context, id engine.ID) error {
	return s.inAudited(ctx, act{"topic-binding.delete", kindTopicBinding, id}, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `DELETE FROM workflow_topic_binding WHERE id = ?`, id[:])
		return changedOne(result, err, ErrNoTopicBinding)
	})
}

// freeTopics goes from topic to topic in the index, and to the first free job of each.
const freeTopics = `SELECT t.topic FROM (SELECT topic FROM workflow_job WHERE topic > '' GROUP BY topic) t
WHERE EXISTS (SELECT 1 FROM workflow_job j WHERE j.topic = t.topic AND j.suspended = 0 AND j.locked_until IS NULL)
 OR EXISTS (SELECT 1 FROM workflow_job j WHERE j.topic = t.topic AND j.suspended = 0 AND j.locked_until <= ?)`

// FreeTopics lists the topics that have a job which somebody may take now.
func (s *Store) FreeTopics(ctx context.Context, now time.Time) ([]string, error) {
	rows, err := s.DB.Query(ctx, freeTopics, now)
	topics, err := collect(rows, err, into(func(topic *string) []any { return []any{topic} }))
	if err != nil {
		return nil, fmt.Errorf("topics: %w", err)
	}
	return topics, nil
}
