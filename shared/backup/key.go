package backup

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"
)

// The secret files. SecretIdentity reads backups and can do all that SecretSigning can; who only makes
// them needs SecretSigning and the recipient, and cannot read those of before.
const (
	SecretIdentity = "diom-backup-key"
	SecretSigning  = "diom-backup-signing-key"
)

const (
	signingPrefix  = "DIOM-BACKUP-SIGNING-KEY-"
	signingPurpose = "diom backup manifest signature 1"
	keyIDBytes     = 9
)

// keys are what a vault encrypts, decrypts, signs and checks with; each may be missing. Several identities
// or signing keys, a line each, are those of before: the first one is used for what is new.
type keys struct {
	recipients []age.Recipient
	identities []age.Identity
	private    ed25519.PrivateKey
	public     map[string]ed25519.PublicKey // by key id
}

func (s Settings) keys() (keys, error) {
	k := keys{public: map[string]ed25519.PublicKey{}}
	if s.Secret == nil {
		return k, nil
	}
	identity, err := s.Secret(SecretIdentity)
	if err != nil {
		return k, err
	}
	signing, err := s.Secret(SecretSigning)
	if err != nil {
		return k, err
	}
	// The first signing key signs; who has none signs with the one that the identity gives.
	if err := k.addSigning(signing); err != nil {
		return k, fmt.Errorf("secret %s: %w", SecretSigning, err)
	}
	if err := k.addIdentities(identity); err != nil {
		return k, fmt.Errorf("secret %s: %w", SecretIdentity, err)
	}
	if s.Recipient != "" {
		k.recipients, err = age.ParseRecipients(strings.NewReader(strings.ReplaceAll(s.Recipient, ",", "\n")))
		if err != nil {
			return k, fmt.Errorf("DIOM_BACKUP_RECIPIENT: %w", err)
		}
	}
	return k, nil
}

func (k *keys) addIdentities(text string) error {
	if text == "" {
		return nil
	}
	identities, err := age.ParseIdentities(strings.NewReader(text))
	if err != nil {
		return errors.New("it holds no age identity, as diom backup key makes one") // age would quote the line
	}
	for _, identity := range identities {
		x, ok := identity.(*age.X25519Identity)
		if !ok {
			return errors.New("an identity is not of the kind that diom backup key makes")
		}
		private, err := signingKey(x)
		if err != nil {
			return err
		}
		k.addPrivate(private)
		if len(k.recipients) == 0 {
			k.recipients = []age.Recipient{x.Recipient()}
		}
	}
	k.identities = identities
	return nil
}

func (k *keys) addSigning(text string) error {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		encoded, ok := strings.CutPrefix(line, signingPrefix)
		seed, err := base64.RawURLEncoding.DecodeString(encoded)
		if !ok || err != nil || len(seed) != ed25519.SeedSize {
			return errors.New("it holds no signing key, as diom backup key makes one")
		}
		k.addPrivate(ed25519.NewKeyFromSeed(seed))
	}
	return nil
}

func (k *keys) addPrivate(private ed25519.PrivateKey) {
	public := private.Public().(ed25519.PublicKey)
	k.public[keyID(public)] = public
	if k.private == nil {
		k.private = private
	}
}

func keyID(public ed25519.PublicKey) string {
	sum := sha256.Sum256(public)
	return base64.RawURLEncoding.EncodeToString(sum[:keyIDBytes])
}

// signingKey is derived from the identity: who keeps the identity can always check what was signed.
func signingKey(identity *age.X25519Identity) (ed25519.PrivateKey, error) {
	seed, err := hkdf.Key(sha256.New, []byte(identity.String()), nil, signingPurpose, ed25519.SeedSize)
	if err != nil {
		return nil, err
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// GenerateKeys makes a key pair: the files diom-backup-key and diom-backup-signing-key in dir, which
// nobody else may read, and the recipient, which is public. A file that exists is an error: with an
// identity all its backups would be lost.
func GenerateKeys(dir string) (recipient string, err error) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return "", err
	}
	private, err := signingKey(identity)
	if err != nil {
		return "", err
	}
	recipient = identity.Recipient().String()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	text := "# Reads the backups made for " + recipient + ". Keep a copy where the backups are not.\n" + identity.String() + "\n"
	if err := writeSecret(dir, SecretIdentity, text); err != nil {
		return "", err
	}
	text = "# Signs backups; cannot read them.\n" + signingPrefix + base64.RawURLEncoding.EncodeToString(private.Seed()) + "\n"
	if err := writeSecret(dir, SecretSigning, text); err != nil {
		return "", errors.Join(err, os.Remove(filepath.Join(dir, SecretIdentity)))
	}
	return recipient, nil
}

func writeSecret(dir, name, text string) error {
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // our own name
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Sync(), f.Close())
}

// newID is the name of a backup: when it was made, in UTC, and chance.
func newID(at string) string {
	var chance [4]byte
	_, _ = rand.Read(chance[:]) // never fails (crypto/rand)
	return fmt.Sprintf("%s-%x", at, chance)
}
