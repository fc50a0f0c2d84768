package backup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"
	"time"
)

// Copied is what a copy to the second place has come to.
type Copied struct {
	// ID is the full backup that is whole there, Made when it was made; there is neither where it is not.
	ID   string    `json:"id,omitempty"`
	Made time.Time `json:"made,omitzero"`
	// Increments is how many that lead on from it are whole there.
	Increments int `json:"increments"`
	// Objects and Bytes are what was copied now; the rest was there.
	Objects int64 `json:"objects"`
	Bytes   int64 `json:"bytes"`
}

// OffSite opens another place for the same backups, or that of DIOM_BACKUP_COPY_TO where to is empty: ErrCopyOff,
// ErrCopySame.
func (v *Vault) OffSite(to string) (*Vault, error) {
	s := v.settings.offSite()
	if to != "" {
		s = v.settings.At(to)
	}
	if s.Dir == "" {
		return nil, ErrCopyOff
	}
	second, err := Open(s)
	if err == nil && v.isAt(second) {
		return nil, ErrCopySame
	}
	return second, err
}

// isAt reports whether two vaults are at one place.
func (v *Vault) isAt(other *Vault) bool {
	if a, err := os.Stat(v.place.String()); err == nil {
		b, err := os.Stat(other.place.String())
		return err == nil && os.SameFile(a, b)
	}
	return v.place.String() == other.place.String() && v.settings.Bucket.Endpoint == other.settings.Bucket.Endpoint
}

// CopyTo copies a full backup, or Latest, and the increments that lead on from it to another place, object by object as
// they are, and the manifest of each at last. Each object is held against the signed manifest while it is copied; that
// needs no key that reads backups. What is there already is not copied again, so what was cut off goes on. The manifest
// of the full backup comes after its increments: whole there means all of that. Errors are those of Verify that need no
// decryption, and ErrNoSpace. Of a damaged full backup nothing is published; before a damaged increment the copy ends.
func (v *Vault) CopyTo(ctx context.Context, id string, to *Vault, tell Progress) (Copied, error) {
	full, err := v.find(ctx, id)
	if err != nil {
		return Copied{}, err
	}
	links, err := v.links(ctx, full)
	if err != nil {
		return Copied{}, err
	}
	total := full.Bytes()
	for _, m := range links {
		total += m.Bytes()
	}
	c := &carrier{from: v, to: to, meter: newMeter(tell, total)}
	err = c.run(ctx, full.ID, links)
	c.copied.Objects, c.copied.Bytes = c.objects.Load(), c.bytes.Load()
	return c.copied, err
}

// links are the increments that lead on from a full backup, none where its position in the log cannot be judged.
func (v *Vault) links(ctx context.Context, full Manifest) ([]Manifest, error) {
	at, err := parsePosition(full.Snapshot.GTID)
	if err != nil || len(at) == 0 {
		return nil, nil //nolint:nilerr // nothing leads on from there
	}
	log, err := v.log(ctx, full.Database)
	if err != nil {
		return nil, err
	}
	list, _, _, err := chain(at, log)
	return list, err
}

// carrier copies from one place to another.
type carrier struct {
	from, to       *Vault
	meter          *meter
	objects, bytes atomic.Int64
	copied         Copied
}

func (c *carrier) run(ctx context.Context, id string, links []Manifest) error {
	publish, full, err := c.load(ctx, id)
	if err != nil {
		return fmt.Errorf("copy of %s: %w", id, err)
	}
	broken := c.chain(ctx, links)
	if broken != nil && !isDamage(broken) {
		return broken
	}
	if err := publish(); err != nil {
		return fmt.Errorf("copy of %s: %w", id, errors.Join(err, broken))
	}
	c.copied.ID, c.copied.Made = id, full.Started
	return errors.Join(broken, c.to.setMark(ctx, id, time.Now()))
}

// chain copies increments, whole ones, up to one that is damaged.
func (c *carrier) chain(ctx context.Context, links []Manifest) error {
	for _, m := range links {
		publish, _, err := c.load(ctx, m.ID)
		if err == nil {
			err = publish()
		}
		if err != nil {
			return fmt.Errorf("copy of %s: %w", m.ID, err)
		}
		c.copied.Increments++
	}
	return nil
}

// isDamage reports whether it is the backup that is wrong, and not the way to a place.
func isDamage(err error) bool { return errors.Is(err, ErrDamaged) || errors.Is(err, ErrMissing) }

// load copies the objects that the other place does not have. What it returns writes the manifest, as it was read: it
// makes them a backup.
func (c *carrier) load(ctx context.Context, id string) (publish func() error, m Manifest, err error) {
	m, file, err := c.from.readBoth(ctx, id)
	if err != nil {
		return nil, m, err
	}
	lacking, err := c.to.lacking(ctx, m)
	if err != nil {
		return nil, m, err
	}
	c.meter.add(m.Bytes() - Manifest{Objects: lacking}.Bytes())
	if err := c.to.place.create(ctx, id); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, m, err
	}
	err = spread(ctx, workers(), lacking, func(ctx context.Context, _ int, o Object) error { return c.object(ctx, id, o) })
	return func() error { return c.publish(ctx, m, file) }, m, err
}

// object copies an object; it is there only if it was right.
func (c *carrier) object(ctx context.Context, id string, o Object) error {
	f, err := c.to.place.write(ctx, id, o.Name)
	if err != nil {
		return err
	}
	if err := c.from.pour(ctx, id, o, f); err != nil {
		f.discard()
		return space(err)
	}
	if err := f.commit(); err != nil {
		return space(err)
	}
	c.objects.Add(1)
	c.bytes.Add(o.Bytes)
	c.meter.add(o.Bytes)
	return nil
}

// publish writes a manifest unless it is there. Somebody may have deleted meanwhile what it lists.
func (c *carrier) publish(ctx context.Context, m Manifest, file []byte) error {
	if err := c.to.present(ctx, m); err != nil {
		return err
	}
	if there, err := c.to.readManifest(ctx, m.ID); err == nil && bytes.Equal(there, file) {
		return nil
	}
	return c.to.place.publish(ctx, m.ID, manifestName, file)
}

const (
	markName    = "copied"
	markMagic   = magic + "-copied"
	markVersion = "1"
)

// mark lies beside a copy, signed as its manifest is, and says when it was last brought up to date.
type mark struct {
	Backup string    `json:"backup"`
	At     time.Time `json:"at"`
}

func (v *Vault) setMark(ctx context.Context, id string, at time.Time) error {
	body, err := json.Marshal(mark{id, at.UTC()})
	if err != nil {
		return err
	}
	return v.place.publish(ctx, id, markName, v.keys.seal(markMagic, markVersion, body))
}

// marked is when a copy was brought up to date, or zero. A mark from tomorrow was made by a wrong clock.
func (v *Vault) marked(ctx context.Context, id string) time.Time {
	var m mark
	if !v.readSigned(ctx, id, markName, markMagic, &m) || m.Backup != id || time.Until(m.At) > abandoned {
		return time.Time{}
	}
	return m.At
}
