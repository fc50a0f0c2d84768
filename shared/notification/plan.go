package notification

import (
	"context"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
)

// plan says how the people of one event are told: in which words, and by which channels when.
type plan struct {
	book   *book
	people map[string]Preferences // of those who have said something
	zone   *time.Location
	now    time.Time
	quiet  bool
}

func (s *Service) plan(ctx context.Context, people []string) (plan, error) {
	p := plan{zone: s.location, now: instant(), quiet: s.quiet}
	var err error
	if p.book, err = s.read(ctx); err != nil {
		return p, err
	}
	p.people, err = s.wishes.Join(ctx, people)
	return p, err
}

func (p plan) of(username string) Preferences {
	if known, said := p.people[username]; said {
		return known
	}
	return usualPreferences()
}

// title is that of a notification to a person, in his language.
func (p plan) title(kind, username string, c Content) string {
	t := p.book.template(kind, p.of(username).Language)
	return fill(t.Title, values(store.Notification{Username: username}, c, username))
}

// deliveries are how notifications leave the product. What a person has read already does not.
func (p plan) deliveries(list []store.Notification) (all []store.ChannelDelivery) {
	if p.quiet {
		return nil
	}
	for i := range list {
		n := &list[i]
		if n.ReadAt != nil {
			continue
		}
		wishes := p.of(n.Username)
		for _, c := range p.book.channels {
			switch wishes.mode(n.Type, c) {
			case Now:
				d := p.delivery(n, c, wishes.awake(p.now.In(p.zone)))
				all = append(all, d)
			case Daily:
				all = append(all, p.gathered(n, c, wishes.digest(p.now.In(p.zone)))...)
			}
		}
	}
	return all
}

func (p plan) delivery(n *store.Notification, c store.Channel, due time.Time) store.ChannelDelivery {
	due = due.UTC()
	return store.ChannelDelivery{
		ID: derive(n.ID.String(), c.ID.String(), n.CreatedAt), ChannelID: c.ID, Username: n.Username, Type: n.Type, NotificationID: n.ID,
		State: store.DeliveryWaiting, DueAt: &due, CreatedAt: p.now,
	}
}

// gathered are a notification in a digest, and the digest: its id is made of the channel, the person and its time,
// so that there is one for a period, whoever makes it.
func (p plan) gathered(n *store.Notification, c store.Channel, due time.Time) []store.ChannelDelivery {
	d := p.delivery(n, c, due)
	digest := d
	digest.ID, digest.Type, digest.NotificationID = derive(Digest+n.Username, c.ID.String(), due), Digest, engine.ID{}
	d.State, d.DigestID, d.DueAt = store.DeliveryDigest, digest.ID, nil
	return []store.ChannelDelivery{digest, d}
}
