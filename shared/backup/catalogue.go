package backup

import (
	"context"
	"slices"
	"strings"
	"time"

	"diom.io/workflow/shared/page"
)

// Kind is what a copy holds: the whole database, or what the binary log says of a while.
type Kind string

// The kinds.
const (
	FullCopy  Kind = "full"
	Increased Kind = "increment"
)

// CopyList describes Catalogue.
var CopyList = page.List{Name: "backups", Sorts: []string{"-begun"}, Filters: []page.Filter{
	{Name: "kind", Values: []string{string(FullCopy), string(Increased)}},
}}

// Verdict is what the checks of a copy say of it.
type Verdict string

// The verdicts, by the newest check.
const (
	Unverified Verdict = "never"
	Passed     Verdict = "passed"
	Failed     Verdict = "failed"
)

// Copy is a backup or an increment, as those see it who look after them.
type Copy struct {
	ID   string `json:"id"`
	Kind Kind   `json:"kind"`
	// State is what a glance tells; Problem is the code of what is wrong.
	State   State     `json:"state"`
	Problem string    `json:"problem,omitempty"`
	Begun   time.Time `json:"begun"`
	// From and To are the time that it covers: of a full one the moment whose state it is. Without a manifest that can
	// be believed there is neither.
	From     time.Time `json:"from,omitzero"`
	To       time.Time `json:"to,omitzero"`
	Finished time.Time `json:"finished,omitzero"`
	// Rows are those of all tables of a full one, Transactions are an increment's.
	Rows         int64 `json:"rows"`
	Transactions int64 `json:"transactions"`
	// Bytes is the size of what is stored.
	Bytes      int64 `json:"bytes"`
	Compressed bool  `json:"compressed"`
	Encrypted  bool  `json:"encrypted"`
	Signed     bool  `json:"signed"`
	// Chain names the full backup that leads here without a gap: of a full one itself. Without it this copy cannot be
	// restored.
	Chain      string `json:"chain,omitempty"`
	Restorable bool   `json:"restorable"`
	// Verified is the verdict of the newest check, VerifiedAt when that came to its end. Checks are the last ones,
	// newest first.
	Verified   Verdict   `json:"verified"`
	VerifiedAt time.Time `json:"verifiedAt,omitzero"`
	Checks     []Check   `json:"checks"`
}

// glances is how many folders are looked at at the same time, reach how many full backups are passed over in the search
// for the one that a chain begins with.
const glances, reach = 8, 20

// Catalogue returns a page of the backups and increments in the vault, newest first, those that are none too.
func (v *Vault) Catalogue(ctx context.Context, r page.Request) (page.Page[Copy], error) {
	var none page.Page[Copy]
	full, err := v.ids(ctx, false)
	if err != nil {
		return none, err
	}
	log, err := v.ids(ctx, true)
	if err != nil {
		return none, err
	}
	var listed []string
	if r.Filters.Get("kind") != string(Increased) {
		listed = append(listed, full...)
	}
	if r.Filters.Get("kind") != string(FullCopy) {
		listed = append(listed, log...)
	}
	entries, err := v.glance(ctx, shown(listed, r))
	if err != nil {
		return none, err
	}
	chains, err := v.chains(ctx, entries, full, log)
	if err != nil {
		return none, err
	}
	copies := make([]Copy, len(entries))
	for i, e := range entries {
		copies[i] = newCopy(e, chains[e.ID])
		list, err := v.checks(ctx, e.ID)
		if err != nil {
			return none, err
		}
		copies[i].judge(list)
	}
	p := page.Fill(r, copies, func(c Copy) []string { return []string{c.ID} })
	if r.Count {
		n := len(listed)
		p.Total = &n
	}
	return p, nil
}

// shown returns the names of a page and one more, in the direction in which it is read.
func shown(names []string, r page.Request) []string {
	names = slices.Sorted(slices.Values(names))
	if !r.Ascending() {
		slices.Reverse(names)
	}
	if len(r.After) > 0 {
		at := r.After[0]
		names = slices.DeleteFunc(names, func(name string) bool { return name == at || (name < at) == r.Ascending() })
	}
	return names[:min(len(names), r.Limit+1)]
}

// glance looks at folders, several at a time.
func (v *Vault) glance(ctx context.Context, names []string) ([]Entry, error) {
	list, numbers := make([]Entry, len(names)), make([]int, len(names))
	for i := range numbers {
		numbers[i] = i
	}
	err := spread(ctx, min(glances, max(1, len(names))), numbers, func(ctx context.Context, _, i int) error {
		list[i] = v.entry(ctx, names[i])
		return ctx.Err()
	})
	return list, err
}

// chains says from which full backup each of the entries can be reached. full and log are the names of all copies,
// newest first.
func (v *Vault) chains(ctx context.Context, entries []Entry, full, log []string) (map[string]string, error) {
	found := map[string]string{}
	if len(entries) == 0 {
		return found, ctx.Err()
	}
	oldest, newest := entries[0].ID, entries[0].ID
	for _, e := range entries {
		oldest, newest = min(oldest, e.ID), max(newest, e.ID)
	}
	bases, err := v.bases(ctx, full, oldest, newest)
	if err != nil || len(bases) == 0 {
		return found, err
	}
	first := bases[len(bases)-1].ID
	between := log[:0:0]
	for _, id := range log {
		if id <= newest {
			between = append(between, id)
		}
		if id < first { // the one that may reach beyond its beginning
			break
		}
	}
	links, err := v.glance(ctx, between)
	slices.Reverse(links)
	for _, base := range bases {
		found[base.ID] = base.ID
		if err := v.follow(base, links, found); err != nil {
			return nil, err
		}
	}
	return found, err
}

// bases returns the whole full backups from the newest entry down to the first one that is older than all of them.
func (v *Vault) bases(ctx context.Context, full []string, oldest, newest string) ([]Manifest, error) {
	var list []Manifest
	older := 0
	for _, id := range full {
		if id > newest {
			continue
		}
		if id < oldest {
			older++
		}
		e := v.entry(ctx, id)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if e.State == Whole && e.Manifest.Environment == v.settings.Environment {
			list = append(list, *e.Manifest)
		}
		if id < oldest && (e.State == Whole || older == reach) {
			break
		}
	}
	return list, nil
}

// follow names base in found for the increments that lead on from it, unless a later one is named already.
func (v *Vault) follow(base Manifest, links []Entry, found map[string]string) error {
	if base.Snapshot.GTID == "" {
		return nil
	}
	at, err := parsePosition(base.Snapshot.GTID)
	if err != nil {
		return nil //nolint:nilerr // nothing leads on from what cannot be judged
	}
	var log []Manifest
	for _, e := range links {
		if v.own(e, base.Database) {
			log = append(log, *e.Manifest)
		}
	}
	list, _, _, err := chain(at, log)
	for _, m := range list {
		if found[m.ID] == "" {
			found[m.ID] = base.ID
		}
	}
	return err
}

// newCopy is an entry for those who look after backups.
func newCopy(e Entry, chain string) Copy {
	c := Copy{ID: e.ID, Kind: FullCopy, State: e.State, Begun: e.Begun, Chain: chain, Restorable: e.State == Whole && chain != "", Verified: Unverified, Checks: []Check{}}
	if strings.HasSuffix(e.ID, logSuffix) {
		c.Kind = Increased
	}
	c.Problem = e.code
	m := e.Manifest
	if m == nil {
		return c
	}
	c.From, c.To, c.Finished = m.Started, m.Started, m.Finished
	if m.Increment != nil {
		c.To, c.Transactions = m.Increment.Until, m.Increment.Transactions
	}
	c.Rows, c.Bytes, c.Encrypted, c.Signed = m.Rows(), m.Bytes(), m.Encrypted, m.Signed
	c.Compressed = true // every object is, in each format that there has been
	return c
}

// judge takes the checks of a copy, newest first.
func (c *Copy) judge(checks []Check) {
	if len(checks) == 0 {
		return
	}
	c.Checks, c.Verified, c.VerifiedAt = checks, Failed, checks[0].Finished
	if checks[0].Passed {
		c.Verified = Passed
	}
}
