package notification

import (
	"context"

	"github.com/maypok86/otter/v2"

	"diom.io/workflow/shared/store"
)

// book is what administrators have set up: the channels that deliver, the webhooks, and the templates that they wrote.
type book struct {
	channels  []store.Channel
	webhooks  []store.Webhook
	templates map[string]store.NotificationTemplate // by templateKey
}

// bookKey is the one key under which the book is kept for knownFor.
const bookKey = "book"

func newBooks() *otter.Cache[string, *book] {
	return otter.Must(&otter.Options[string, *book]{MaximumSize: 1, ExpiryCalculator: otter.ExpiryWriting[string, *book](knownFor)})
}

// read returns the book as it was a moment ago.
func (s *Service) read(ctx context.Context) (*book, error) {
	return s.books.Get(ctx, bookKey, otter.LoaderFunc[string, *book](func(ctx context.Context, _ string) (*book, error) { return s.fresh(ctx) }))
}

// fresh reads the book anew.
func (s *Service) fresh(ctx context.Context) (*book, error) {
	channels, err := s.store.OpenChannels(ctx, maxChannels)
	if err != nil {
		return nil, err
	}
	written, err := s.store.NotificationTemplates(ctx)
	if err != nil {
		return nil, err
	}
	webhooks, err := s.store.OpenWebhooks(ctx, maxWebhooks)
	if err != nil {
		return nil, err
	}
	b := &book{channels: channels, webhooks: webhooks, templates: map[string]store.NotificationTemplate{}}
	for _, t := range written {
		b.templates[templateKey(t.Kind, t.Language)] = t
	}
	return b, nil
}

// forget lets the next reader in this process see a change.
func (s *Service) forget() { s.books.Invalidate(bookKey) }
