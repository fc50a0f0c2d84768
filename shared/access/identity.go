package access

import (
	"context"
	"errors"
	"slices"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
)

// Identity is what a source calls a user. Provider is the name of the OpenID provider, where one of those that are here
// is the source.
type Identity struct {
	Provider string    `json:"provider,omitempty"`
	Source   string    `json:"source"`
	Subject  string    `json:"subject"`
	LinkedAt time.Time `json:"linkedAt"`
}

// Identities are all of a user.
type Identities struct {
	Items []Identity `json:"items"`
}

// Identities returns what sources call a user: store.ErrNoUser where there is none.
func (s *Service) Identities(ctx context.Context, user engine.ID) (Identities, error) {
	out := Identities{Items: []Identity{}}
	if _, err := s.store.UsernameByID(ctx, user); err != nil {
		return out, err
	}
	list, err := s.store.IdentitiesOf(ctx, user)
	for _, x := range list {
		out.Items = append(out.Items, Identity{Source: x.Source, Subject: x.Subject, LinkedAt: x.CreatedAt})
	}
	return out, err
}

// LinkIdentity links an outsider with the user who has asked for it in a session, which must not have ended since.
// Errors: ErrBadOutsider, ErrTokenRevoked, store.ErrIdentityUsed.
func (s *Service) LinkIdentity(ctx context.Context, user, session engine.ID, o Outsider) error {
	if !o.known() {
		return ErrBadOutsider
	}
	username, err := s.store.UsernameByID(ctx, user)
	if errors.Is(err, store.ErrNoUser) {
		return ErrTokenRevoked
	}
	if err != nil {
		return err
	}
	now, err := s.readStanding(ctx, username)
	if err != nil {
		return err
	}
	if !now.Enabled || slices.Contains(now.Ended, session) {
		return ErrTokenRevoked
	}
	known, err := s.store.UserByIdentity(ctx, o.Source, o.Subject)
	if err == nil && known.ID == user {
		return nil
	}
	if err != nil && !errors.Is(err, store.ErrNoUser) {
		return err
	}
	a := store.ActorOf(ctx)
	a.Name = username
	return s.store.LinkUser(store.WithActor(ctx, a), store.Identity{Source: o.Source, Kind: store.IdentityUser, Subject: o.Subject, ObjectID: user, CreatedAt: s.instant()})
}

// UnlinkIdentity ends the link of the caller with a source. Errors: ErrNeedsLogin, store.ErrNoIdentity,
// ErrLastIdentity.
func (s *Service) UnlinkIdentity(ctx context.Context, p Principal, source string) error {
	if p.Token != "" {
		return ErrNeedsLogin
	}
	user, err := engine.ParseID(p.UserID)
	if err != nil {
		return err
	}
	return s.store.UnlinkUser(ctx, user, source)
}
