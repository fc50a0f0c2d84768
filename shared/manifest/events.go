package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/faas"
)

// eventsTable is docs/events.md: the events that the product sends, each with its schema and an example,
// and how other systems sign those that they send.
func eventsTable(functions []faas.Function) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(tableHeader + eventsIntroduction)
	if err := fence(&b, "json", cloudevent.EnvelopeSchema()); err != nil {
		return nil, err
	}
	b.WriteString("\n## Types\n\n| type | what happened | taken by |\n|---|---|---|\n")
	for _, d := range cloudevent.Catalogue() {
		summary := d.Summary
		if d.Internal {
			summary += " Internal."
		}
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s |\n", d.Type, anchor(d.Type), cell(summary), consumers(functions, d.Type))
	}
	for _, d := range cloudevent.Catalogue() {
		if err := describe(&b, d); err != nil {
			return nil, fmt.Errorf("event %s: %w", d.Type, err)
		}
	}
	if err := signatureExample(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func consumers(functions []faas.Function, eventType string) string {
	var names []string
	for _, f := range functions {
		if slices.ContainsFunc(f.Events, func(e faas.Event) bool { return e.Type == eventType }) {
			names = append(names, "`"+f.Name+"`")
		}
	}
	return strings.Join(names, " ")
}

// anchor is what a heading is called in a link.
func anchor(heading string) string { return strings.ReplaceAll(heading, ".", "") }

func describe(b *bytes.Buffer, d cloudevent.Description) error {
	e, err := d.Example()
	if err != nil {
		return err
	}
	fmt.Fprintf(b, "\n### %s\n\n%s\n\nThe schema of `data`:\n\n", d.Type, d.Summary)
	if err := fence(b, "json", d.Schema()); err != nil {
		return err
	}
	b.WriteString("\nAn example:\n\n")
	return fence(b, "json", e)
}

// fence writes a value as a block of JSON.
func fence(b *bytes.Buffer, language string, value any) error {
	fmt.Fprintf(b, "```%s\n", language)
	encoder := json.NewEncoder(b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return err
	}
	b.WriteString("```\n")
	return nil
}

const eventsIntroduction = `# Events

The product says what happens in CloudEvents 1.0 and takes those of other systems. What it sends goes to ` + "`$K_SINK`" + `
(Knative), to the function ` + "`receive-event`" + `, which hands it on to the functions that take it (OpenFaaS, processes), or
to the functions of the same process. Delivery is at least once; the events of one instance come in the order of
` + "`sequence`" + `. Data names things by their ids and never holds variables: who needs more asks the API. Later versions may
add fields and attributes.

An event in structured mode is as this JSON Schema says; ` + "`data`" + ` differs from type to type.

`

const signatureIntroduction = `
## Sending events to the product

An event source is registered by an administrator (` + "`POST /api/v1/event-sources`" + `):

` + "```json\n" + `{
  "source": "https://crm.example/orders",
  "types": ["com.example.order.placed.v1"],
  "keyId": "crm-1",
  "key": "%s",
  "mappings": [{
    "type": "com.example.order.placed.v1",
    "message": "order placed",
    "businessKey": "${event.businesskey}",
    "correlationKeys": {"orderId": "${data.orderId}"},
    "variables": {"amount": "${data.amount}"}
  }]
}
` + "```" + `

The expressions are JUEL over ` + "`event`" + ` (` + "`id source type subject time datacontenttype businesskey data`" + `, null where absent)
and ` + "`data`" + `: what the signature covers, nothing else. The message starts the process whose start event waits for it, or
goes on in the instance that does; one that nobody waits for yet is kept for 30 days. An event has its effect once,
by ` + "`source`" + ` and ` + "`id`" + `, however often it comes.

Events are posted to ` + "`/api/v1/events`" + ` in binary or structured mode, or as a batch of up to 1,000
(` + "`application/cloudevents-batch+json`" + `), at most 1 MiB together.

| answer | meaning |
|---|---|
| 202, no body | taken, now or before |
| 400 | no CloudEvent, or signed more than 30 days ago or 5 minutes ahead |
| 401 | no signature, a wrong one, or an unknown source |
| 413 | too large |
| 422 | the source is not registered for the type; the mapping does not work for this event, or several instances match (the event is kept among the dead letters); some events of a batch are refused: ` + "`errors`" + ` has the index and the id of each |
| 429, 500, 503 | send it again, the whole batch too |

### The signature

Two extension attributes: ` + "`diomsigned`" + `, when the event is sent (RFC 3339), and ` + "`diomsignature`" + `, which is
` + "`v1,<key id>,<mac>`" + `. The mac is HMAC-SHA-256, in hexadecimal, with the bytes of the key as it was registered, over
nine lines joined by a line feed: the values of ` + "`diomsigned id source type subject time datacontenttype businesskey`" + `
as they are written in the event, an empty line for one that is absent, and the SHA-256 of the data in hexadecimal.

* The data are the bytes of the body in binary mode, and in structured mode the JSON of ` + "`data`" + ` as it stands there (with a
  ` + "`datacontenttype`" + ` that is not JSON, the text; of ` + "`data_base64`" + `, the decoded bytes). Without data it is the SHA-256 of nothing.
* In binary mode ` + "`datacontenttype`" + ` is the header Content-Type. Values that are percent-encoded in headers are signed as they
  are before that.
* Brokers write ` + "`time`" + ` anew: in UTC with Z, and without zeros at the end of the fraction. Write it so where one is in between.

This event, signed with the key above, in structured mode:

`

const signedLinesText = `
What is signed, without a line feed after the last line:

` + "```\n%s\n```" + `

The same event in binary mode:

` + "```\n%s```" + `

In Python:

` + "```python\n" + `import hashlib, hmac

def sign(event, data: bytes, key_id, key):
    names = "diomsigned id source type subject time datacontenttype businesskey".split()
    lines = [event.get(name, "") for name in names] + [hashlib.sha256(data).hexdigest()]
    mac = hmac.new(key.encode(), "\n".join(lines).encode(), hashlib.sha256).hexdigest()
    return f"v1,{key_id},{mac}"
` + "```" + `

The product signs its own events in the same way, with its internal key.
`

// exampleKey is the key of the worked example.
const exampleKey = "an example key of 32 characters."

// signedExample is the event of the worked example.
func signedExample() event.Event {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	e := event.New()
	e.SetID("4711")
	e.SetSource("https://crm.example/orders")
	e.SetType("com.example.order.placed.v1")
	e.SetTime(at)
	e.SetExtension("businesskey", "O-4711")
	e.SetDataContentType(event.ApplicationJSON)
	e.DataEncoded = []byte(`{"orderId": "4711", "amount": 99.5}`)
	cloudevent.Sign(&e, "crm-1", []byte(exampleKey), at.Add(5*time.Second))
	return e
}

func signatureExample(b *bytes.Buffer) error {
	e := signedExample()
	fmt.Fprintf(b, signatureIntroduction, exampleKey)
	structured, err := e.MarshalJSON()
	if err != nil {
		return err
	}
	fmt.Fprintf(b, "```json\n%s\n```\n", structured) // not indented: the data are signed as they stand
	binary := "POST /api/v1/events\nContent-Type: " + e.DataContentType() + "\n"
	for _, header := range [][2]string{
		{"Ce-Specversion", e.SpecVersion()}, {"Ce-Id", e.ID()}, {"Ce-Source", e.Source()}, {"Ce-Type", e.Type()}, {"Ce-Time", e.Time().Format(time.RFC3339)},
	} {
		binary += header[0] + ": " + header[1] + "\n"
	}
	for _, name := range []string{"businesskey", cloudevent.SignedAttribute, cloudevent.SignatureAttribute} {
		binary += fmt.Sprintf("%s: %s\n", http.CanonicalHeaderKey("ce-"+name), e.Extensions()[name])
	}
	fmt.Fprintf(b, signedLinesText, cloudevent.SignedText(e), binary+"\n"+string(e.Data())+"\n")
	return nil
}
