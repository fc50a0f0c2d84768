package backup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"time"

	"diom.io/workflow/shared/fault"
)

const (
	checkMagic   = magic + "-check"
	checkVersion = "1"
	checkPrefix  = "check-"
	// maxChecks are how many results of a backup are read, the newest ones; maxCheck is the size of one.
	maxChecks = 10
	maxCheck  = 1 << 20
)

// Depth is how far a check has looked.
type Depth string

// Checksums holds each object against its size and checksum in the signed manifest; that needs no key that reads
// backups. Content decrypts and decompresses each, and compares the rows with those that were in the database. A Drill
// has restored the backup into another database.
const (
	Checksums Depth = "checksums"
	Content   Depth = "content"
	Drilled   Depth = "drill"
)

// Check is what a look at all of a backup has come to. It lies beside the backup, signed as the manifest is.
type Check struct {
	Backup   string    `json:"backup"`
	Depth    Depth     `json:"depth"`
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	Passed   bool      `json:"passed"`
	// Problem is the code of what was wrong.
	Problem string `json:"problem,omitempty"`
	// Drill says what was restored, where the depth is drill.
	Drill *Drill `json:"drill,omitempty"`
}

// Drill is what a restore into another database has shown.
type Drill struct {
	// Tables and Rows were compared with what the backup says, by their checksums.
	Tables int   `json:"tables"`
	Rows   int64 `json:"rows"`
	// Instances is how many process instances were checked, Violations what `diom check` has found in them.
	Instances  int `json:"instances"`
	Violations int `json:"violations"`
	// Instance is the one that waited and was gone on with, empty where none waited; Ended says whether to its end.
	Instance string `json:"instance,omitempty"`
	Ended    bool   `json:"ended"`
}

var checkName = regexp.MustCompile(`^` + checkPrefix + `[0-9]{8}T[0-9]{6}\.[0-9]{3}Z$`)

// Check looks at all of a backup, or at one increment, as deep as the keys reach, and leaves the result beside it. A
// backup that is not as it should be is a result and no error: those are ErrNotFound, ErrPartial, ErrNoKey and what
// keeps the result from being written.
func (v *Vault) Check(ctx context.Context, id string) (Check, error) {
	if err := v.Checkable(ctx, id); err != nil {
		return Check{}, err
	}
	c := Check{Backup: id, Depth: Checksums, Started: time.Now().UTC()}
	m, err := v.read(ctx, id)
	switch {
	case err != nil:
	case m.Increment == nil && (!m.Encrypted || len(v.keys.identities) > 0):
		c.Depth = Content
		_, err = v.verify(ctx, m, newMeter(nil, m.Bytes()))
	default:
		err = v.intact(ctx, m)
	}
	if ctx.Err() != nil {
		return c, ctx.Err()
	}
	return v.conclude(ctx, c, err)
}

// Checkable returns why a backup cannot be checked: ErrNotFound, ErrPartial, and ErrNoKey where the result could not be
// signed.
func (v *Vault) Checkable(ctx context.Context, id string) error {
	if err := v.canWrite(); err != nil {
		return err
	}
	if !validID.MatchString(id) {
		return ErrNotFound
	}
	_, err := v.readManifest(ctx, id)
	return err
}

// conclude writes the result of a check that has come to its end with an error or without.
func (v *Vault) conclude(ctx context.Context, c Check, failure error) (Check, error) {
	c.Finished = time.Now().UTC()
	if c.Passed = failure == nil; !c.Passed {
		c.Problem = code(failure)
	}
	body, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return c, err
	}
	return c, v.place.publish(ctx, c.Backup, checkPrefix+c.Finished.Format(idTime), v.keys.seal(checkMagic, checkVersion, body))
}

// code is the stable code of an error; one that has none is the place's.
func code(err error) string {
	if known := fault.From(err); known != nil {
		return known.Code
	}
	if errors.Is(err, fs.ErrNotExist) {
		return ErrMissing.Code
	}
	return "backup_unreadable"
}

// checks returns the results beside a backup, newest first; those that nobody of us has signed are none.
func (v *Vault) checks(ctx context.Context, id string) ([]Check, error) {
	sizes, err := v.place.sizes(ctx, id)
	if errors.Is(err, fs.ErrNotExist) { // deleted just now
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for name := range sizes {
		if checkName.MatchString(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	slices.Reverse(names)
	list := make([]Check, 0, min(len(names), maxChecks))
	for _, name := range names[:min(len(names), maxChecks)] {
		if c, ok := v.readCheck(ctx, id, name); ok {
			list = append(list, c)
		}
	}
	return list, ctx.Err()
}

// readCheck returns one result, and whether it can be believed: it is signed, and about this backup.
func (v *Vault) readCheck(ctx context.Context, id, name string) (c Check, ok bool) {
	ok = v.readSigned(ctx, id, name, checkMagic, &c)
	return c, ok && c.Backup == id
}

// readSigned reads a small file of seal beside a backup, and says whether it is there and signed.
func (v *Vault) readSigned(ctx context.Context, id, name, what string, into any) bool {
	f, err := v.place.read(ctx, id, name)
	if err != nil {
		return false
	}
	defer f.Close()
	file, err := io.ReadAll(io.LimitReader(f, maxCheck))
	if err != nil {
		return false
	}
	body, _, err := v.unseal(what, file)
	return err == nil && json.NewDecoder(bytes.NewReader(body)).Decode(into) == nil
}
