package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

// learnTwin lets the product run one instance through a wire, gives the twin the documents of its
// rows, and holds that the twin's bytes on the wire, for the same ids and times, are the product's.
// It returns the number of bytes of a whole instance.
func learnTwin(ctx context.Context, s *servers, p *product, t *twin) (int, error) {
	// Once before: connections and caches cost commands of their own.
	if _, _, err := recordInstance(ctx, s, p, t); err != nil {
		return 0, err
	}
	said, n, err := recordInstance(ctx, s, p, t)
	if err != nil {
		return 0, err
	}
	if err := t.db.PingContext(ctx); err != nil {
		return 0, err
	}
	t.wire.take()
	if err := t.start(ctx, n); err != nil {
		return 0, err
	}
	if err := t.complete(ctx, n); err != nil {
		return 0, err
	}
	return compareTexts(said, t.wire.take())
}

// recordInstance runs one instance of the product and returns what it said to the database and the
// names in it; the documents become templates of t.
func recordInstance(ctx context.Context, s *servers, p *product, t *twin) ([]string, names, error) {
	var n names
	p.wire.take()
	begun, err := p.start(ctx, startBody)
	if err != nil {
		return nil, n, err
	}
	said := p.wire.take()
	var documents [4]string // body, changes; body, changes
	if err := s.query(ctx, []any{&documents[0], &documents[1]}, `SELECT i.body, h.changes FROM `+p.database+`.workflow_instance i
JOIN `+p.database+`.workflow_history h ON h.instance_id = i.id AND h.seq = 1 WHERE i.id = ?`, bytesOf(begun.Instance.ID)); err != nil {
		return nil, n, err
	}
	time.Sleep(5 * time.Millisecond) // the two times must differ, to be told apart
	p.wire.take()
	if err := p.complete(ctx, begun, completeBody); err != nil {
		return nil, n, err
	}
	said = append(said, p.wire.take()...)
	var definition, first, second []byte
	if err := s.query(ctx, []any{&documents[2], &documents[3], &definition, &first, &second, &n.started, &n.ended},
		`SELECT i.body, h.changes, i.definition_id, f.command_id, h.command_id, f.at, h.at FROM `+p.database+`.workflow_instance i
JOIN `+p.database+`.workflow_history h ON h.instance_id = i.id AND h.seq = 2
JOIN `+p.database+`.workflow_history f ON f.instance_id = i.id AND f.seq = 1 WHERE i.id = ?`, bytesOf(begun.Instance.ID)); err != nil {
		return nil, n, err
	}
	copy(t.definition[:], definition)
	copy(n.start[:], first)
	copy(n.complete[:], second)
	copy(n.instance[:], bytesOf(begun.Instance.ID))
	copy(n.task[:], bytesOf(begun.Tasks[0].ID))
	for i, document := range documents {
		if document == "" || document[0] != 1 {
			return nil, n, fmt.Errorf("a document is compressed: the twin learns from plain ones")
		}
		made := learn(document, n.texts())
		if i%2 == 0 {
			t.bodies[i/2] = made
		} else {
			t.changes[i/2] = made
		}
	}
	return said, n, nil
}

func bytesOf(id string) []byte {
	u, err := uuid.Parse(id)
	if err != nil {
		return nil
	}
	return u[:]
}

// compareTexts holds that two clients said the same.
func compareTexts(product, twin []string) (int, error) {
	if len(product) != len(twin) {
		return 0, fmt.Errorf("the product needs %d round trips for an instance, the twin %d:\n%s", len(product), len(twin), strings.Join(product, "\n"))
	}
	total := 0
	for i := range product {
		if product[i] != twin[i] {
			return 0, fmt.Errorf("the twin (bench/raw.go) does not say what the product says:\nproduct: %q\ntwin:    %q", product[i], twin[i])
		}
		total += len(product[i])
	}
	return total, nil
}
