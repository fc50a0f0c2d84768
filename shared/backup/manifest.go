package backup

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	// format is the version of what is written, a full backup still in the first one; an older one can be read for ever.
	format       = 2
	formatFull   = 1
	manifestName = "manifest"
	schemaName   = "schema"
	magic        = "diom-backup"
	unsigned     = "unsigned" // in the place of the key id
	maxManifest  = 64 << 20
)

// Manifest says what a backup holds. Its file is one line, "diom-backup <format> <key id> <signature>",
// and then this as JSON; the signature (Ed25519) is over all but itself. An unsigned one has the SHA-256
// there: it proves nothing but that nothing broke.
type Manifest struct {
	ID string `json:"id"`
	// Started is when the copied state was the database's, by the clock of the machine that made it.
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	// Product is the version of the product that wrote the backup, Schema that of the last migration
	// (0 where the database has none).
	Product string `json:"product"`
	Schema  int64  `json:"schema"`
	// Environment and Database are whose backup this is.
	Environment string   `json:"environment"`
	Database    string   `json:"database"`
	Server      string   `json:"server"`
	Snapshot    Snapshot `json:"snapshot"`
	Encrypted   bool     `json:"encrypted"`
	// Signed says whether the manifest is, by a key of ours where it was read.
	Signed bool `json:"-"`
	// LargestValue is the size of the largest value in bytes: a server must take it in one packet.
	LargestValue int64    `json:"largestValue"`
	Tables       []Table  `json:"tables"`
	Objects      []Object `json:"objects"`
	// Views, Routines, Triggers and Events are how many there are; their text is in the object schema.
	Views    int `json:"views"`
	Routines int `json:"routines"`
	Triggers int `json:"triggers"`
	Events   int `json:"events"`
	// Increment is nil for a full backup. Of the rest an increment has no schema, tables and snapshot.
	Increment *Increment `json:"increment,omitempty"`
}

// Snapshot says how the state was made one, and where in the binary log it is, where the server has one.
type Snapshot struct {
	// Method is "global lock", "table locks" (both held only until each connection had its snapshot) or
	// "one connection".
	Method      string `json:"method"`
	Connections int    `json:"connections"`
	// Locked is for how long nobody could write, in microseconds.
	Locked   int64  `json:"lockedMicroseconds"`
	File     string `json:"binlogFile,omitempty"`
	Position uint64 `json:"binlogPosition,omitempty"`
	GTID     string `json:"gtid,omitempty"`
}

// Table is what a table held: its rows and a sum over them in which their order does not count.
type Table struct {
	Name string `json:"name"`
	Rows int64  `json:"rows"`
	Sum  string `json:"sum"`
}

// Object is one file of a backup: rows of one table, or the schema (Table is empty). Bytes and SHA256 are
// those of the file, Raw is its size before compression.
type Object struct {
	Name   string `json:"name"`
	Table  string `json:"table,omitempty"`
	Rows   int64  `json:"rows"`
	Bytes  int64  `json:"bytes"`
	Raw    int64  `json:"raw"`
	SHA256 string `json:"sha256"`
}

// Rows are all rows, Bytes the size of all objects.
func (m Manifest) Rows() (n int64) {
	for _, t := range m.Tables {
		n += t.Rows
	}
	return n
}

// Bytes is the size of all objects on the disk.
func (m Manifest) Bytes() (n int64) {
	for _, o := range m.Objects {
		n += o.Bytes
	}
	return n
}

// encode returns the file of a manifest, signed where there is a key.
func (k keys) encode(m Manifest) ([]byte, error) {
	body, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, err
	}
	version := strconv.Itoa(formatFull)
	if m.Increment != nil {
		version = strconv.Itoa(format)
	}
	return k.seal(magic, version, body), nil
}

// seal returns a file that says by whom it is signed in its first line, where there is a key.
func (k keys) seal(what, version string, body []byte) []byte {
	id := unsigned
	if k.private != nil {
		id = keyID(k.private.Public().(ed25519.PublicKey))
	}
	message := signed(what, version, id, body)
	proof := digest(message)
	if k.private != nil {
		proof = base64.RawURLEncoding.EncodeToString(ed25519.Sign(k.private, message))
	}
	return append([]byte(strings.Join([]string{what, version, id, proof}, " ")+"\n"), body...)
}

// signed is what the signature is over.
func signed(what, version, id string, body []byte) []byte {
	return append([]byte(what+" "+version+" "+id+"\n"), body...)
}

func digest(message []byte) string {
	sum := sha256.Sum256(message)
	return hex.EncodeToString(sum[:])
}

var header = regexp.MustCompile(`^(` + magic + `(?:-check|-copied)?) ([1-9][0-9]{0,8}) ([A-Za-z0-9_-]+) ([A-Za-z0-9_-]+)$`)

// unseal returns what a file of seal says, and whether it is signed: ErrDamaged, ErrNewer, ErrWrongKey, ErrNoKey, and
// ErrUnencrypted where it is not, unless such are accepted.
func (v *Vault) unseal(what string, file []byte) (body []byte, signature bool, err error) {
	line, body, _ := bytes.Cut(file, []byte("\n"))
	parts := header.FindStringSubmatch(string(line))
	if parts == nil || parts[1] != what {
		return nil, false, fmt.Errorf("%s: %w", manifestName, ErrDamaged)
	}
	version, id, proof := parts[2], parts[3], parts[4]
	if n, err := strconv.Atoi(version); err != nil || n > format {
		return nil, false, fmt.Errorf("format %s: %w", version, ErrNewer)
	}
	return body, id != unsigned, v.check(id, proof, signed(what, version, id, body))
}

// decode reads the file of a manifest and checks who signed it: ErrDamaged, ErrNewer, ErrWrongKey, ErrNoKey,
// and ErrUnencrypted unless plain ones are accepted.
func (v *Vault) decode(file []byte) (m Manifest, err error) {
	body, signature, err := v.unseal(magic, file)
	if err != nil {
		return m, err
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&m); err != nil {
		return m, fmt.Errorf("%s: %w: %w", manifestName, ErrDamaged, err)
	}
	if m.Signed = signature; !m.Encrypted && !v.settings.Plain {
		return m, ErrUnencrypted
	}
	return m, m.check()
}

// check holds the proof of a manifest against its text.
func (v *Vault) check(id, proof string, message []byte) error {
	public, known := v.keys.public[id]
	switch {
	case id == unsigned && digest(message) != proof:
		return fmt.Errorf("%s: its checksum is wrong: %w", manifestName, ErrDamaged)
	case id == unsigned && !v.settings.Plain:
		return ErrUnencrypted // else whoever can write to the directory could put an unsigned one there
	case id == unsigned:
		return nil
	case len(v.keys.public) == 0:
		return ErrNoKey
	case !known:
		return fmt.Errorf("key %s: %w", id, ErrWrongKey)
	}
	signature, err := base64.RawURLEncoding.Strict().DecodeString(proof)
	if err != nil || (!ed25519.Verify(public, message, signature) && !v.planted.noSignature) {
		return fmt.Errorf("%s: its signature is wrong: %w", manifestName, ErrDamaged)
	}
	return nil
}

var objectName = regexp.MustCompile(`^(schema|(?:rows|binlog)-[0-9]{6,12})(\.zst|\.zst\.age)$`)

// check refuses names that would lead out of the directory; whoever signs may not do that either.
func (m Manifest) check() error {
	for _, o := range m.Objects {
		if !objectName.MatchString(o.Name) || o.Bytes < 0 || o.Raw < 0 || o.Rows < 0 {
			return fmt.Errorf("%s: object %q: %w", manifestName, o.Name, ErrDamaged)
		}
	}
	if strings.HasSuffix(m.ID, logSuffix) != (m.Increment != nil) {
		return fmt.Errorf("%s: it is of another kind than its name says: %w", manifestName, ErrDamaged)
	}
	if m.Increment != nil {
		_, _, err := m.span()
		return err
	}
	if len(m.Objects) == 0 || m.Objects[0].Table != "" {
		return fmt.Errorf("%s: the schema is not its first object: %w", manifestName, ErrDamaged)
	}
	return nil
}

// read returns the manifest of a backup: also ErrNotFound, ErrPartial.
func (v *Vault) read(ctx context.Context, id string) (Manifest, error) {
	m, _, err := v.readBoth(ctx, id)
	return m, err
}

// readBoth returns the manifest of a backup, and its file as it is.
func (v *Vault) readBoth(ctx context.Context, id string) (m Manifest, file []byte, err error) {
	if !validID.MatchString(id) {
		return m, nil, ErrNotFound
	}
	if file, err = v.readManifest(ctx, id); err != nil {
		return m, nil, err
	}
	m, err = v.decode(file)
	if err == nil && m.ID != id {
		err = fmt.Errorf("%s: it is that of %s: %w", manifestName, m.ID, ErrDamaged)
	}
	return m, file, err
}
