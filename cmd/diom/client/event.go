package client

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"diom.io/workflow/shared/cloudevent"
)

const keyVariable = "DIOM_EVENT_KEY"

func events() noun {
	return noun{"event", "Send CloudEvents, and read what ours look like", []command{
		{
			use: "send <type>", short: "Send a signed CloudEvent, as another system would",
			long: "Sends a CloudEvent 1.0 of a registered source (diom source), signed with the source's key. No log-in is needed.\n" +
				"The signature is HMAC-SHA-256 over nine lines, in the extension attributes diomsigned and diomsignature (v1,<key id>,<hex>): diomsigned, id, source,\n" +
				"type, subject, time, datacontenttype, businesskey, and the SHA-256 of the data in hexadecimal; empty where there is none.\n" +
				"What the data must hold is up to the mappings of the source: diom source show <source>.\n" +
				"An event that has come before has no second effect: --id makes a repetition safe.",
			example: "diom event send com.example.order.placed.v1 --source https://shop.example/orders --key-id shop-1 --key-file shop.key \\\n" +
				"  --id placed-1001 --data '{\"orderId\":\"1001\",\"amount\":99.5}'\n" +
				"DIOM_EVENT_KEY=$KEY diom event send com.example.order.paid.v1 --source https://shop.example/orders --key-id shop-1 --data-file paid.json --mode structured",
			method: http.MethodPost, path: "/api/v1/events", run: sendEvent, flags: eventFlags,
		},
		{
			use: "types", short: "List the types of the product's own events", example: "diom event types", run: listTypes,
		},
		{
			use: "schema [<type>]", short: "Print the JSON Schema of the data of one of the product's own events, or of the envelope",
			example: "diom event schema\ndiom event schema " + cloudevent.TypeTaskCreated, run: printSchema,
		},
	}}
}

func eventFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.String("source", "", "`address` under which the sender is registered; required")
	flags.String("id", "", "`id` of the event; without it a new one")
	flags.String("subject", "", "`what` the event is about")
	flags.String("time", "", "when it happened, a `time` of RFC 3339; without it now")
	flags.String("business-key", "", "extension attribute businesskey: your own `number`")
	flags.StringToString("extension", nil, "another extension attribute, as `name=value`; may be repeated")
	flags.String("data", "", "the data, as `JSON`")
	flags.String("data-file", "", "read the data from a `file`; - is standard input")
	flags.String("content-type", event.ApplicationJSON, "`type` of the data")
	flags.String("key-id", "", "`id` of the key; required")
	flags.String("key-file", "", "read the key from a `file` (or "+keyVariable+" in the environment)")
	flags.String("mode", "binary", "binary or structured, a `mode` of CloudEvents over HTTP")
	// The id of an event is what makes a repetition harmless.
	_ = flags.MarkHidden("key") // fails for an unknown flag alone
	_ = cmd.RegisterFlagCompletionFunc("mode", cobra.FixedCompletions([]string{"binary", "structured"}, cobra.ShellCompDirectiveNoFileComp))
}

// sendEvent is diom event send.
func sendEvent(ctx context.Context, in *invocation) error {
	e, err := in.event()
	if err != nil {
		return err
	}
	key, err := in.secret("key-file", keyVariable)
	if err != nil {
		return err
	}
	cloudevent.Sign(&e, in.text("key-id"), []byte(key), time.Now())
	mode := in.text("mode")
	if mode != "binary" && mode != "structured" {
		return usagef("--mode is binary or structured")
	}
	address, err := in.address()
	if err != nil {
		return err
	}
	out, err := cloudevent.Request(ctx, address+in.path, e, mode == "structured")
	if err != nil {
		return usagef("%v", err)
	}
	r := request{method: out.Method, path: in.path, header: out.Header, anonymous: true}
	if out.Body != nil { // an event need not have data
		if r.body, err = io.ReadAll(out.Body); err != nil {
			return err
		}
	}
	a, err := newSession(keep{}, profile{URL: address}, in.say).do(ctx, r)
	if err != nil || in.is("json") {
		return errors.Join(err, printRaw(in.cmd.OutOrStdout(), a.body))
	}
	_, err = fmt.Fprintf(in.cmd.OutOrStdout(), "accepted: event %s of %s\n", clean(e.ID()), clean(e.Source()))
	return err
}

// event makes the event that the flags describe, unsigned.
func (in *invocation) event() (event.Event, error) {
	e := event.New(event.CloudEventsVersionV1)
	if in.text("source") == "" || in.text("key-id") == "" {
		return e, usagef("give --source and --key-id, as the source is registered")
	}
	e.SetID(cmp.Or(in.text("id"), uuid.NewString()))
	e.SetSource(in.text("source"))
	e.SetType(in.argument["type"])
	e.SetSubject(in.text("subject"))
	at := time.Now()
	if text := in.text("time"); text != "" {
		var err error
		if at, err = time.Parse(time.RFC3339Nano, text); err != nil {
			return e, usagef("--time: %v", err)
		}
	}
	e.SetTime(at.UTC().Truncate(time.Millisecond))
	extensions, err := in.cmd.Flags().GetStringToString("extension")
	if err != nil {
		return e, err
	}
	if key := in.text("business-key"); key != "" {
		e.SetExtension("businesskey", key)
	}
	for name, value := range extensions {
		e.SetExtension(name, value)
	}
	if err := in.eventData(&e); err != nil {
		return e, err
	}
	return e, Usage(e.Validate())
}

func (in *invocation) eventData(e *event.Event) error {
	data, kind := []byte(in.text("data")), in.text("content-type")
	if name := in.text("data-file"); name != "" {
		var err error
		if data, err = in.readFile(name); err != nil {
			return err
		}
	}
	if len(data) == 0 {
		return nil
	}
	if kind == event.ApplicationJSON && !json.Valid(data) {
		return usagef("the data is not JSON; name its type by --content-type")
	}
	return Usage(e.SetData(kind, data))
}

// address is the installation of a caller who need not be logged in.
func (in *invocation) address() (string, error) {
	k, err := openKeep()
	if err != nil {
		return "", err
	}
	name, address, err := in.chosen()
	if err != nil || address != "" {
		return address, err
	}
	if p, err := k.find(name, ""); err == nil {
		return p.URL, nil
	}
	return localURL, nil
}

func listTypes(_ context.Context, in *invocation) error {
	out := in.cmd.OutOrStdout()
	rows := make([]any, 0)
	for _, d := range cloudevent.Catalogue() {
		rows = append(rows, map[string]any{"type": d.Type, "summary": d.Summary})
	}
	if in.is("json") {
		return json.NewEncoder(out).Encode(map[string]any{"items": rows})
	}
	return newPrinter(out).table(columns("type summary"), rows)
}

func printSchema(_ context.Context, in *invocation) error {
	schema := cloudevent.EnvelopeSchema()
	if name := in.argument["type"]; name != "" {
		schema = nil
		for _, d := range cloudevent.Catalogue() {
			if d.Type == name {
				schema = d.Schema()
			}
		}
	}
	if schema == nil {
		return usagef("there is no event of the type %s; diom event types lists them", in.argument["type"])
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(schema); err != nil {
		return err
	}
	_, err := in.cmd.OutOrStdout().Write(b.Bytes())
	return err
}
