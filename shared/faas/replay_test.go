package faas

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/store"
)

// counter is a function whose effect is counted and recorded as use cases do it: in one transaction.
type counter struct{ effects int }

func (c *counter) count(ctx context.Context, r *Request) (any, error) {
	var in item
	if err := r.Decode(&in); err != nil {
		return nil, err
	}
	if in.Name == "bad" {
		return nil, ErrBadJSON
	}
	body, err := json.Marshal(map[string]int{"effect": c.effects + 1})
	if err != nil {
		return nil, err
	}
	err = r.App.DB.InTx(ctx, func(tx *sql.Tx) error {
		return r.Idempotency.Record(ctx, tx, store.Recorded{Status: 201, Body: body}, time.Now())
	})
	if err != nil {
		return nil, err
	}
	c.effects++
	if in.Name == "lost" {
		return nil, errors.New("the connection broke after the commit")
	}
	return json.RawMessage(body), nil
}

func TestReplay(t *testing.T) {
	t.Parallel()
	db := databasetest.Open(t)
	c := &counter{}
	r := newRig(t, Function{Name: "counter", Routes: []Route{
		{Method: "POST", Pattern: "/count/{id}", Permission: access.Authenticated, Status: 201, Replayable: true, Serve: c.count},
		{Method: "POST", Pattern: "/plain", Permission: access.Authenticated, Serve: func(_ context.Context, r *Request) (any, error) {
			return r.Idempotency == nil, nil
		}},
	}}, nil)
	r.app.DB, r.app.Store = db, store.New(db)
	steps := []struct {
		name, target, body, key, who string
		status                       int
		want                         string // part of the answer
		replayed                     bool
		effects                      int
	}{
		{"first", "/count/1", `{"name":"a"}`, "k1", "anna", 201, `{"effect":1}`, false, 1},
		{"again", "/count/1", `{"name":"a"}`, "k1", "anna", 201, `{"effect":1}`, true, 1},
		{"another body", "/count/1", `{"name":"b"}`, "k1", "anna", 422, "idempotency_key_reused", false, 1},
		{"another path", "/count/2", `{"name":"a"}`, "k1", "anna", 422, "idempotency_key_reused", false, 1},
		{"another query", "/count/1?x=1", `{"name":"a"}`, "k1", "anna", 422, "idempotency_key_reused", false, 1},
		{"another caller", "/count/1", `{"name":"a"}`, "k1", "bob", 201, `{"effect":2}`, false, 2},
		{"another key", "/count/1", `{"name":"a"}`, "K1", "anna", 201, `{"effect":3}`, false, 3},
		{"no key", "/count/1", `{"name":"a"}`, "", "anna", 201, `{"effect":4}`, false, 4},
		{"answer lost after the commit", "/count/1", `{"name":"lost"}`, "k2", "anna", 201, `{"effect":5}`, true, 5},
		{"and again", "/count/1", `{"name":"lost"}`, "k2", "anna", 201, `{"effect":5}`, true, 5},
		{"failure keeps no record", "/count/1", `{"name":"bad"}`, "k3", "anna", 400, "bad_json", false, 5},
		{"the key is still free", "/count/1", `{"name":"a"}`, "k3", "anna", 201, `{"effect":6}`, false, 6},
		{"key of control characters", "/count/1", `{}`, "a\tb", "anna", 400, "bad_idempotency_key", false, 6},
		{"key that is not ASCII", "/count/1", `{}`, "clé", "anna", 400, "bad_idempotency_key", false, 6},
		{"long key", "/count/1", `{}`, strings.Repeat("k", 256), "anna", 400, "bad_idempotency_key", false, 6},
		{"longest key", "/count/1", `{}`, strings.Repeat("k", 255), "anna", 201, `{"effect":7}`, false, 7},
		{"a route that keeps no records", "/plain", ``, "clé", "anna", 200, "true", false, 7},
	}
	for _, s := range steps {
		headers := []string{"Authorization: Bearer " + s.who}
		if s.key != "" {
			headers = append(headers, "Idempotency-Key: "+s.key)
		}
		w := r.send("POST", s.target, s.body, headers...)
		if w.Code != s.status || !strings.Contains(w.Body.String(), s.want) {
			t.Errorf("%s: %d %s", s.name, w.Code, w.Body)
		}
		if got := w.Header().Get("Idempotency-Replayed") == "true"; got != s.replayed {
			t.Errorf("%s: replayed %v", s.name, got)
		}
		if c.effects != s.effects {
			t.Errorf("%s: %d effects, want %d", s.name, c.effects, s.effects)
		}
	}
}

// Where the answer of the first call cannot be read at the moment, a repetition is asked to come again: that it was refused is
// not what the first call was told.
func TestReplayIsNotToBeRead(t *testing.T) {
	t.Parallel()
	db := databasetest.Open(t)
	c := &counter{}
	r := newRig(t, Function{Name: "counter", Routes: []Route{
		{Method: "POST", Pattern: "/count", Permission: access.Authenticated, Status: 201, Replayable: true, Serve: c.count},
	}}, nil)
	away, err := database.Open("diom:x@tcp(127.0.0.1:1)/none", database.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = away.Close() })
	r.app.DB = db
	for _, s := range []struct {
		name, body string
		store      *store.Store
		status     int
		want       string
	}{
		{"first", `{"name":"a"}`, store.New(db), 201, `{"effect":1}`},
		{"repeated", `{"name":"a"}`, store.New(away), 503, "database_unavailable"},
		{"repeated, and refused for something else", `{"name":"bad"}`, store.New(away), 503, "database_unavailable"},
		{"repeated, and to be read", `{"name":"a"}`, store.New(db), 201, `{"effect":1}`},
	} {
		r.app.Store = s.store
		w := r.send("POST", "/count", s.body, "Authorization: Bearer anna", "Idempotency-Key: k")
		if w.Code != s.status || !strings.Contains(w.Body.String(), s.want) {
			t.Errorf("%s: %d %s", s.name, w.Code, w.Body)
		}
	}
}
