package courier

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// SecretPrefix begins the secret of a webhook; what follows is its key in base64.
const SecretPrefix = "whsec_"

// The bounds of the key of a webhook in bytes.
const (
	minKey = 24
	maxKey = 64
)

var errSecret = errors.New("the secret of a webhook is whsec_ and the base64 of 24 to 64 bytes")

// payload is the body of a webhook.
type payload struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      any       `json:"data"`
}

// Key reads the secret of a webhook.
func Key(secret string) ([]byte, error) {
	text, prefixed := strings.CutPrefix(secret, SecretPrefix)
	key, err := base64.StdEncoding.DecodeString(text)
	if !prefixed || err != nil || len(key) < minKey || len(key) > maxKey {
		return nil, errSecret
	}
	return key, nil
}

// webhook posts to a webhook: the id of the message, which is that of every attempt, and the time of this one are
// signed with the body.
func (c *Courier) webhook(ctx context.Context, to Address, m Message) Receipt {
	key, err := Key(to.Secret)
	if err != nil {
		return Receipt{Final: true, Reason: err.Error()}
	}
	body, header := m.Event, http.Header{}
	if body == nil {
		body = marshal(payload{m.Type, m.At.UTC(), m.Data})
	} else {
		header.Set("Content-Type", "application/cloudevents+json")
	}
	at := strconv.FormatInt(c.now().Unix(), 10)
	header.Set("webhook-id", m.ID)
	header.Set("webhook-timestamp", at)
	signed := m.ID + "." + at + "." + string(body)
	signature := "v1," + mac(key, signed)
	if before, err := Key(to.Before); err == nil {
		signature += " v1," + mac(before, signed)
	}
	header.Set("webhook-signature", signature)
	header.Set("User-Agent", "diom-webhook/1")
	receipt, _ := c.post(ctx, to.URL, body, header)
	return receipt
}

// mac is the HMAC-SHA-256 of a text in base64.
func mac(key []byte, text string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}
