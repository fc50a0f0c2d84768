package access

import (
	"context"
	"fmt"
	"strings"

	"diom.io/workflow/shared/engine"
)

const (
	maxPhrases = 50
	maxPhrase  = 200 // characters
)

// Phrases are what a person writes again and again beside his decisions, such as opinions, in his order.
type Phrases struct {
	Items   []string `json:"items"`
	Version int64    `json:"version"`
}

// WrittenPhrases is the body that puts other phrases in the place of one's own: at most 50 of at most 200 characters,
// none twice.
type WrittenPhrases struct {
	Items []string `json:"items" api:"required"`
}

// Phrases returns the principal's own phrases.
func (s *Service) Phrases(ctx context.Context, p Principal) (Phrases, error) {
	user, err := engine.ParseID(p.UserID)
	if err != nil {
		return Phrases{}, err
	}
	kept, err := s.store.Phrases(ctx, user)
	return Phrases{kept.Texts, kept.Version}, err
}

// WritePhrases puts phrases in the place of the principal's own; match is the version that he has seen, 0 for any.
// Errors: ErrInvalid with details, store.ErrPeopleStale.
func (s *Service) WritePhrases(ctx context.Context, p Principal, in WrittenPhrases, match int64) (Phrases, error) {
	user, err := engine.ParseID(p.UserID)
	if err != nil {
		return Phrases{}, err
	}
	kept, err := s.store.Phrases(ctx, user)
	if err != nil {
		return Phrases{}, err
	}
	if err := matches(match, kept.Version); err != nil {
		return Phrases{}, err
	}
	kept.Texts, kept.UpdatedAt = trimmed(in.Items), s.instant()
	if err := checkPhrases(in.Items, kept.Texts); err != nil {
		return Phrases{}, err
	}
	if err := s.store.SetPhrases(ctx, kept); err != nil {
		return Phrases{}, err
	}
	return Phrases{kept.Texts, kept.Version + 1}, nil
}

func trimmed(texts []string) []string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = strings.TrimSpace(text)
	}
	return out
}

func checkPhrases(given, texts []string) error {
	var v validation
	v.check(given != nil, "/items", "required", "The field is required.")
	v.check(len(texts) <= maxPhrases, "/items", "too_many", "One has 50 phrases at most.")
	seen := make(map[string]bool, len(texts))
	for i, text := range texts[:min(len(texts), maxPhrases)] {
		pointer := fmt.Sprintf("/items/%d", i)
		v.check(text != "", pointer, "required", "The field is required.")
		v.text(pointer, text, maxPhrase)
		v.check(!seen[text], pointer, "repeated", "The list has this text twice.")
		seen[text] = true
	}
	return v.err()
}
