package cloudevent

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/cloudevents/sdk-go/v2/types"

	"diom.io/workflow/shared/fault"
)

// The extension attributes that carry a signature: when the event was sent (RFC 3339), and
// v1,keyid,mac. Brokers forward attributes, not headers.
const (
	SignedAttribute    = "diomsigned"
	SignatureAttribute = "diomsignature"
)

// How far the time of sending may lie ahead, and how old it may be: as long as the inbox knows what has
// had its effect.
const (
	maxAhead = 5 * time.Minute
	maxAge   = 30 * 24 * time.Hour
)

// Why a signed event is refused.
var (
	ErrUnsigned  = fault.New(fault.Unauthorized, "event_unsigned", "The CloudEvent has no signature: the attributes diomsigned and diomsignature.")
	ErrSignature = fault.New(fault.Unauthorized, "event_signature_invalid", "The source of the CloudEvent is not registered, or the signature is not made with its key.")
	ErrStale     = fault.New(fault.Malformed, "event_stale", "The CloudEvent was signed more than 30 days ago, or ahead of time.")
)

// SignedText returns what the mac is made over: these attributes, a line each and empty where the event
// has none of the name, and the SHA-256 of the data in hexadecimal: diomsigned, id, source, type,
// subject, time, datacontenttype, businesskey. No line feed follows the last line.
func SignedText(e event.Event) string {
	return signedText(&e, e.Source(), timeText(&e))
}

func signedText(e *event.Event, source, at string) string {
	sum := sha256.Sum256(e.Data())
	return strings.Join([]string{
		extension(e, SignedAttribute), e.ID(), source, e.Type(), e.Subject(), at, e.DataContentType(), extension(e, businessKey),
		hex.EncodeToString(sum[:]),
	}, "\n")
}

// timeText is the attribute time as brokers write it: UTC, no more digits than it needs.
func timeText(e *event.Event) string {
	if e.Time().IsZero() {
		return ""
	}
	return types.FormatTime(e.Time())
}

// extension returns an extension attribute as text, "" where there is none.
func extension(e *event.Event, name string) string {
	text, _ := types.Format(e.Extensions()[name]) // an event holds nothing but types with a format
	return text
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// Sign sets the attributes diomsigned and diomsignature: HMAC-SHA-256 over SignedText. A signature that
// e has is replaced.
func Sign(e *event.Event, keyID string, key []byte, now time.Time) {
	e.SetExtension(SignedAttribute, now.UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano))
	e.SetExtension(SignatureAttribute, "v1,"+keyID+","+hex.EncodeToString(mac(key, SignedText(*e))))
}

// Verify checks the signature of an event. key returns the key of an id, or nil. Errors: ErrUnsigned,
// ErrSignature, and ErrStale for a good signature that is more than 30 days old or five minutes ahead.
func Verify(e event.Event, key func(keyID string) []byte, now time.Time) error {
	return (&Received{Event: e, source: e.Source(), time: timeText(&e)}).Verify(key, now)
}

// Verify is the function Verify for an event as it came: the sender has signed the attributes source
// and time as he spelt them, which is not always how they are written again.
func (r *Received) Verify(key func(keyID string) []byte, now time.Time) error {
	signed, signature := extension(&r.Event, SignedAttribute), extension(&r.Event, SignatureAttribute)
	if signed == "" || signature == "" {
		return ErrUnsigned
	}
	parts := strings.Split(signature, ",")
	if len(parts) != 3 || parts[0] != "v1" {
		return ErrSignature
	}
	secret := key(parts[1])
	given, err := hex.DecodeString(parts[2])
	if err != nil || len(secret) == 0 || !r.matches(secret, given) {
		return ErrSignature
	}
	at, err := time.Parse(time.RFC3339Nano, signed)
	if err != nil {
		return ErrStale.Withf("The attribute diomsigned is no time of RFC 3339.")
	}
	if at.After(now.Add(maxAhead)) || at.Before(now.Add(-maxAge)) {
		return ErrStale
	}
	return nil
}

// matches compares with the text as the sender spelt it and as a broker writes it. A line feed after
// the last line makes no difference: tools that write lines add one.
func (r *Received) matches(key, given []byte) bool {
	for _, text := range []string{signedText(&r.Event, r.source, r.time), SignedText(r.Event)} {
		if strings.Count(text, "\n") != signedLines-1 { // a line feed inside an attribute could pass for another one
			return false
		}
		if hmac.Equal(given, mac(key, text)) || hmac.Equal(given, mac(key, text+"\n")) {
			return true
		}
	}
	return false
}

// signedLines is the number of lines of SignedText.
const signedLines = 9
