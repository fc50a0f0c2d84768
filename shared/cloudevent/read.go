package cloudevent

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/cloudevents/sdk-go/v2/event"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"

	"diom.io/workflow/shared/excerpt"
	"diom.io/workflow/shared/fault"
)

// MaxBatch is the largest number of events in one batch, MaxAttribute the length in characters of the
// attributes that we keep.
const (
	MaxBatch     = 1000
	MaxAttribute = 255
)

// Why a request is not read.
var (
	ErrMalformed   = fault.New(fault.Malformed, "bad_event", "The request is not a valid CloudEvent.")
	ErrBatch       = fault.New(fault.TooLarge, "batch_too_large", "A batch has 1,000 CloudEvents at most.")
	ErrUnknownType = fault.New(fault.Invalid, "unknown_event_type", "CloudEvents of this type are not taken here.")
)

// Received is an event as it came. Err is set on one of a batch that is no valid event: of such a one
// only the id may be there.
type Received struct {
	event.Event
	Err error

	source, time string // as the sender spelt them
}

// BusinessKey returns the extension attribute businesskey as text, "" where there is none.
func (r *Received) BusinessKey() string { return extension(&r.Event, businessKey) }

// Read reads the events of an HTTP request (HTTP binding 1.0.2): one in binary or structured mode, or a
// batch, for which batch is true. Errors: ErrMalformed, ErrBatch. A bad event of a batch is an element
// with Err.
func Read(header http.Header, body []byte) (list []Received, batch bool, err error) {
	kind, _, _ := mime.ParseMediaType(header.Get(cehttp.ContentType)) // malformed: none of ours
	switch {
	case kind == event.ApplicationCloudEventsBatchJSON:
		list, err = readBatch(body)
		return list, true, err
	case kind == event.ApplicationCloudEventsJSON:
		r, err := structured(body)
		return []Received{r}, false, err
	case strings.HasPrefix(kind, "application/cloudevents"):
		return nil, false, ErrMalformed.Withf("A CloudEvent comes in the JSON format here, not as %s.", kind)
	case header.Get("Ce-Specversion") == "":
		return nil, false, ErrMalformed.Withf("The request is not a CloudEvent: it has no header ce-specversion and is not %s.", event.ApplicationCloudEventsJSON)
	}
	r, err := binary(header, body)
	return []Received{r}, false, err
}

func readBatch(body []byte) ([]Received, error) {
	var raw []json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		return nil, ErrMalformed.Withf("The batch is not a JSON array.")
	}
	if len(raw) > MaxBatch {
		return nil, ErrBatch
	}
	list := make([]Received, len(raw))
	for i := range raw {
		var err error
		if list[i], err = structured(raw[i]); err != nil {
			list[i].Err = err
		}
	}
	return list, nil
}

// binary reads an event whose attributes are headers. Values are percent-encoded (§3.1.3.2), which the
// SDK does not undo.
func binary(header http.Header, body []byte) (Received, error) {
	attributes := http.Header{}
	if kind := header.Get(cehttp.ContentType); kind != "" {
		attributes.Set(cehttp.ContentType, kind)
	}
	for name, values := range header {
		if !strings.HasPrefix(name, "Ce-") {
			continue
		}
		if len(values) != 1 {
			return Received{}, ErrMalformed.Withf("The header %s is there more than once.", name)
		}
		attributes[name] = []string{decodeHeader(values[0])}
	}
	e, err := binding.ToEvent(context.Background(), cehttp.NewMessage(attributes, io.NopCloser(bytes.NewReader(body))))
	if err != nil {
		return Received{}, ErrMalformed.Withf("The request is not a CloudEvent: %s.", firstLine(err))
	}
	r := Received{Event: *e, source: attributes.Get("Ce-Source"), time: attributes.Get("Ce-Time")}
	return r, r.check()
}

// decodeHeader undoes the percent-encoding of a header's value; one that is not encoded stays.
func decodeHeader(value string) string {
	if len(value) > 1 && value[0] == '"' && value[len(value)-1] == '"' {
		value = value[1 : len(value)-1]
	}
	if decoded, err := url.PathUnescape(value); err == nil && utf8.ValidString(decoded) {
		return decoded
	}
	return value
}

// encodeHeader writes a value as §3.1.3.2 wants it.
func encodeHeader(value string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range []byte(value) {
		if c <= ' ' || c > '~' || c == '"' || c == '%' {
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// structured reads an event in the JSON format (JSON format 1.0.2). The SDK reads the attributes; the
// data is taken as it stands, since the signature is over its bytes.
func structured(raw []byte) (Received, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return Received{}, ErrMalformed.Withf("The CloudEvent is not a JSON object.")
	}
	data, encoded := fields["data"], fields["data_base64"]
	delete(fields, "data")
	delete(fields, "data_base64")
	r := Received{source: text(fields["source"]), time: text(fields["time"])}
	r.Event = event.New()
	r.SetID(text(fields["id"])) // to name a bad one
	for name, value := range fields {
		if !scalar(name, value) {
			return r, ErrMalformed.Withf("The attribute %s of the CloudEvent has a wrong type.", clip(name))
		}
	}
	attributes, err := json.Marshal(fields)
	if err == nil {
		var e event.Event
		if err = json.Unmarshal(attributes, &e); err == nil {
			r.Event = e
		}
	}
	if err != nil {
		return r, ErrMalformed.Withf("The CloudEvent is invalid: %s.", firstLine(err))
	}
	if err := r.setData(data, encoded); err != nil {
		return r, err
	}
	return r, r.check()
}

// setData sets the data as binary mode would carry it.
func (r *Received) setData(data, encoded json.RawMessage) error {
	switch {
	case data != nil && encoded != nil:
		return ErrMalformed.Withf("The CloudEvent has both data and data_base64.")
	case encoded != nil:
		decoded, err := base64.StdEncoding.DecodeString(text(encoded))
		if err != nil || encoded[0] != '"' {
			return ErrMalformed.Withf("data_base64 is not text in base64.")
		}
		r.DataEncoded, r.DataBase64 = decoded, true
	case data != nil && data[0] == '"' && !IsJSON(r.DataMediaType()):
		r.DataEncoded = []byte(text(data))
	case data != nil:
		r.DataEncoded = data
	}
	return nil
}

// IsJSON reports whether data of a media type is JSON; without one it is (JSON format §3.1).
func IsJSON(mediaType string) bool {
	return mediaType == "" || mediaType == event.ApplicationJSON || mediaType == event.TextJSON || strings.HasSuffix(mediaType, "+json")
}

var strictlyText = []string{"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", SignedAttribute, SignatureAttribute}

// scalar reports whether a JSON value may be an attribute: those of the specification are texts, others
// may be numbers and booleans; null is as good as absent.
func scalar(name string, value json.RawMessage) bool {
	switch value[0] { // a value has a first character
	case '"', 'n':
		return true
	case '{', '[':
		return false
	}
	return !slices.Contains(strictlyText, name)
}

// text returns a JSON string's value, "" for anything else.
func text(raw json.RawMessage) string {
	var value string
	if raw != nil {
		_ = json.Unmarshal(raw, &value) // what is no string is no text
	}
	return value
}

// check holds what the specification asks of attributes and what we can keep.
func (r *Received) check() error {
	if err := r.Validate(); err != nil {
		return ErrMalformed.Withf("The CloudEvent is invalid: %s.", firstLine(err))
	}
	if r.SpecVersion() != event.CloudEventsVersionV1 {
		return ErrMalformed.Withf("The CloudEvent is of version %s, not 1.0.", clip(r.SpecVersion()))
	}
	// CloudEvents 1.0.2 §3.1.1 excludes control characters.
	for name := range r.Extensions() {
		if value := extension(&r.Event, name); !printable(value) {
			return ErrMalformed.Withf("The attribute %s of the CloudEvent holds control characters.", clip(name))
		}
	}
	for name, value := range map[string]string{
		"id": r.ID(), "source": r.source, "type": r.Type(), "subject": r.Subject(), "datacontenttype": r.DataContentType(), businessKey: extension(&r.Event, businessKey),
	} {
		// A blank at an end would be lost in a key of the database.
		if !printable(value) || strings.TrimSpace(value) != value || utf8.RuneCountInString(value) > MaxAttribute {
			return ErrMalformed.Withf("The attribute %s of the CloudEvent has more than %d characters, control characters, or blanks at its ends.", name, MaxAttribute)
		}
	}
	return nil
}

func printable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

func clip(text string) string { return excerpt.Of(text, 40) }

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return strings.TrimRight(line, ". ")
}
