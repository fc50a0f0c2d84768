package notification

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// ErrPreference: the preferences break a rule; there is a detail for each problem.
var ErrPreference = fault.New(fault.Invalid, "bad_notification_preference", "The preferences have problems.")

// When a kind of notification comes by a channel.
const (
	Now    = "now"    // at once, but for quiet hours
	Daily  = "digest" // once a day with the others
	NotOut = "off"    // not by this channel
)

// Preferences are what a person wants of his notifications. language is zh or en. From quietFrom to quietTo, times of
// day (22:00), nothing leaves the product: it comes when they are over; both are empty where there are none. Digests
// come at digestAt. kinds says by kind and channel id whether it comes now, in the digest or is off; where nothing is
// said the channel's own kinds come now.
type Preferences struct {
	Language  string                       `json:"language"`
	QuietFrom string                       `json:"quietFrom"`
	QuietTo   string                       `json:"quietTo"`
	DigestAt  string                       `json:"digestAt"`
	Kinds     map[string]map[string]string `json:"kinds"`
	Version   int64                        `json:"version"`
}

const usualDigest = "08:30"

func usualPreferences() Preferences {
	return Preferences{Language: Chinese, DigestAt: usualDigest, Kinds: map[string]map[string]string{}, Version: 1}
}

// PreferenceChange is the body that sets preferences; what is absent stays.
type PreferenceChange struct {
	Language  *string                       `json:"language"`
	QuietFrom *string                       `json:"quietFrom"`
	QuietTo   *string                       `json:"quietTo"`
	DigestAt  *string                       `json:"digestAt"`
	Kinds     *map[string]map[string]string `json:"kinds"`
}

// Choice is a channel that a person may choose.
type Choice struct {
	ID    engine.ID `json:"id"`
	Name  string    `json:"name"`
	Kind  string    `json:"kind"`
	Types []string  `json:"types"`
}

// Choices are a person's preferences and what he may choose: kinds of notifications, languages and channels.
type Choices struct {
	Preferences
	Types     []string `json:"types"`
	Languages []string `json:"languages"`
	Channels  []Choice `json:"channels"`
}

// Preferences returns a person's preferences, with what there is to choose.
func (s *Service) Preferences(ctx context.Context, username string) (Choices, error) {
	c := Choices{Preferences: usualPreferences(), Types: Kinds, Languages: Languages, Channels: []Choice{}}
	known, err := s.preferences(ctx, []string{username})
	if err != nil {
		return c, err
	}
	if p, written := known[username]; written {
		c.Preferences = p
	}
	b, err := s.fresh(ctx)
	if err != nil {
		return c, err
	}
	for _, channel := range b.channels {
		c.Channels = append(c.Channels, Choice{channel.ID, channel.Name, channel.Kind, channel.Types})
	}
	return c, nil
}

// preferences returns those of the people who have any.
func (s *Service) preferences(ctx context.Context, usernames []string) (map[string]Preferences, error) {
	rows, err := s.store.Preferences(ctx, usernames)
	if err != nil {
		return nil, err
	}
	known := make(map[string]Preferences, len(rows))
	for _, row := range rows {
		p := usualPreferences()
		if err := json.Unmarshal(row.Settings, &p); err != nil {
			return nil, fmt.Errorf("preferences of %s: %w", row.Username, err)
		}
		p.Version = row.Version
		known[row.Username] = p
	}
	return known, nil
}

// SetPreferences changes a person's preferences. match is the version that he has seen, 0 for any. Errors:
// ErrPreference, store.ErrPeopleStale.
func (s *Service) SetPreferences(ctx context.Context, username string, body PreferenceChange, match int64) (Choices, error) {
	c, err := s.Preferences(ctx, username)
	if err != nil {
		return c, err
	}
	if match != 0 && match != c.Version {
		return c, store.ErrPeopleStale
	}
	change(&c.Language, body.Language)
	change(&c.QuietFrom, body.QuietFrom)
	change(&c.QuietTo, body.QuietTo)
	change(&c.DigestAt, body.DigestAt)
	change(&c.Kinds, body.Kinds)
	if err := c.check(); err != nil {
		return c, err
	}
	raw, err := json.Marshal(c.Preferences)
	if err != nil {
		return c, err
	}
	if err := s.store.SetPreference(ctx, store.Preference{Username: username, Settings: raw, Version: c.Version, UpdatedAt: instant()}); err != nil {
		return c, err
	}
	c.Version++
	return c, nil
}

func (c *Choices) check() error {
	var problems []fault.Detail
	check := func(ok bool, pointer, code, detail string) {
		if !ok {
			problems = append(problems, fault.Detail{Pointer: pointer, Code: code, Detail: detail})
		}
	}
	check(slices.Contains(Languages, c.Language), "/language", "unknown_language", "The languages are "+strings.Join(Languages, " and ")+".")
	check(clock(c.DigestAt), "/digestAt", "bad_time", "A time of day is written as 08:30.")
	quiet := c.QuietFrom == "" && c.QuietTo == "" || clock(c.QuietFrom) && clock(c.QuietTo) && c.QuietFrom != c.QuietTo
	check(quiet, "/quietFrom", "bad_time", "Quiet hours go from one time of day to another, as 22:00 to 07:00; both are empty where there are none.")
	if c.Kinds == nil {
		c.Kinds = map[string]map[string]string{}
	}
	for _, kind := range slices.Sorted(maps.Keys(c.Kinds)) {
		check(slices.Contains(Kinds, kind), "/kinds/"+kind, "unknown_type", "The kinds of notifications are "+strings.Join(Kinds, ", ")+".")
		for id, mode := range c.Kinds[kind] {
			known := slices.ContainsFunc(c.Channels, func(o Choice) bool { return o.ID.String() == id })
			check(known, "/kinds/"+kind, "unknown_channel", "There is no channel "+id+" to choose.")
			check(mode == Now || mode == Daily || mode == NotOut, "/kinds/"+kind, "bad_choice", "It is now, digest or off.")
		}
	}
	if problems != nil {
		return ErrPreference.With(problems...)
	}
	return nil
}

// clock reports whether a text is a time of day.
func clock(text string) bool {
	_, err := time.Parse("15:04", text)
	return err == nil && len(text) == len("15:04")
}

// mode is how a kind of notification comes to the person by a channel.
func (p Preferences) mode(kind string, c store.Channel) string {
	if chosen := p.Kinds[kind][c.ID.String()]; chosen != "" {
		return chosen
	}
	if slices.Contains(c.Types, kind) {
		return Now
	}
	return NotOut
}

// awake is the first time from at on that is not in the person's quiet hours.
func (p Preferences) awake(at time.Time) time.Time {
	if p.QuietFrom == "" {
		return at
	}
	now := at.Format("15:04")
	within := p.QuietFrom <= now && now < p.QuietTo
	if p.QuietFrom > p.QuietTo { // over midnight
		within = now >= p.QuietFrom || now < p.QuietTo
	}
	if !within {
		return at
	}
	return next(at, p.QuietTo)
}

// digest is when the next digest comes. One that is about to be sent takes nothing more.
func (p Preferences) digest(at time.Time) time.Time {
	return p.awake(next(at.Add(time.Minute), p.DigestAt))
}

// next is the next time of day behind at, in the zone of at.
func next(at time.Time, of string) time.Time {
	day, _ := time.Parse("15:04", of) // clock has seen it
	due := time.Date(at.Year(), at.Month(), at.Day(), day.Hour(), day.Minute(), 0, 0, at.Location())
	if !due.After(at) {
		due = time.Date(at.Year(), at.Month(), at.Day()+1, day.Hour(), day.Minute(), 0, 0, at.Location())
	}
	return due
}
