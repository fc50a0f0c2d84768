package cloudevent_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/cloudevent"
)

var (
	secret = []byte("0123456789abcdef0123456789abcdef")
	sentAt = time.Date(2026, 3, 2, 9, 0, 5, 0, time.UTC)
)

func keys(id string) []byte {
	if id == "crm" {
		return secret
	}
	return nil
}

// order is an event with every attribute that is signed.
func order() event.Event {
	e := event.New()
	e.SetID("4711")
	e.SetSource("https://crm.example/orders")
	e.SetType("com.example.order.placed.v1")
	e.SetSubject("orders/4711")
	e.SetTime(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	e.SetExtension("businesskey", "O-4711")
	e.SetExtension("region", "north") // not signed: brokers add attributes of their own
	if err := e.SetData(event.ApplicationJSON, []byte(`{"orderId": "4711"}`)); err != nil {
		panic(err)
	}
	cloudevent.Sign(&e, "crm", secret, sentAt)
	return e
}

// TestSignedText is the form that docs/events.md promises to other systems.
func TestSignedText(t *testing.T) {
	t.Parallel()
	e := order()
	sum := sha256.Sum256([]byte(`{"orderId": "4711"}`))
	want := "2026-03-02T09:00:05Z\n4711\nhttps://crm.example/orders\ncom.example.order.placed.v1\norders/4711\n2026-03-02T09:00:00Z\napplication/json\nO-4711\n" +
		hex.EncodeToString(sum[:])
	if got := cloudevent.SignedText(e); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	bare := event.New()
	empty := sha256.Sum256(nil)
	if got := cloudevent.SignedText(bare); got != strings.Repeat("\n", 8)+hex.EncodeToString(empty[:]) {
		t.Errorf("an event without attributes: %q", got)
	}
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(want))
	if got := e.Extensions()["diomsignature"]; got != "v1,crm,"+hex.EncodeToString(h.Sum(nil)) {
		t.Errorf("signature %s", got)
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	resign := func(e *event.Event, text string) {
		h := hmac.New(sha256.New, secret)
		h.Write([]byte(text))
		e.SetExtension("diomsignature", "v1,crm,"+hex.EncodeToString(h.Sum(nil)))
	}
	for name, c := range map[string]struct {
		change func(*event.Event)
		after  time.Duration
		want   error
	}{
		"as it is":             {nil, 0, nil},
		"unsigned attribute":   {func(e *event.Event) { e.SetExtension("region", "south") }, 0, nil},
		"attribute of brokers": {func(e *event.Event) { e.SetExtension("knativearrivaltime", "2026-03-02T09:00:06Z") }, 0, nil},
		"line feed at the end": {func(e *event.Event) { resign(e, cloudevent.SignedText(*e)+"\n") }, 0, nil},
		"30 days later":        {nil, 30*day - time.Minute, nil},
		"too old":              {nil, 30*day + time.Minute, cloudevent.ErrStale},
		"five minutes ahead":   {nil, -5 * time.Minute, nil},
		"too far ahead":        {nil, -5*time.Minute - time.Second, cloudevent.ErrStale},
		"id":                   {func(e *event.Event) { e.SetID("4712") }, 0, cloudevent.ErrSignature},
		"source":               {func(e *event.Event) { e.SetSource("https://crm.example/order") }, 0, cloudevent.ErrSignature},
		"type":                 {func(e *event.Event) { e.SetType("com.example.order.placed.v2") }, 0, cloudevent.ErrSignature},
		"subject":              {func(e *event.Event) { e.SetSubject("orders/1") }, 0, cloudevent.ErrSignature},
		"no subject":           {func(e *event.Event) { e.SetSubject("") }, 0, cloudevent.ErrSignature},
		"time":                 {func(e *event.Event) { e.SetTime(sentAt) }, 0, cloudevent.ErrSignature},
		"datacontenttype":      {func(e *event.Event) { e.SetDataContentType("text/plain") }, 0, cloudevent.ErrSignature},
		"businesskey":          {func(e *event.Event) { e.SetExtension("businesskey", "O-1") }, 0, cloudevent.ErrSignature},
		"no businesskey":       {func(e *event.Event) { e.SetExtension("businesskey", nil) }, 0, cloudevent.ErrSignature},
		"data":                 {func(e *event.Event) { e.DataEncoded = []byte(`{"orderId": "4712"}`) }, 0, cloudevent.ErrSignature},
		"blank in data":        {func(e *event.Event) { e.DataEncoded = []byte(`{"orderId":"4711"}`) }, 0, cloudevent.ErrSignature},
		"diomsigned":           {func(e *event.Event) { e.SetExtension("diomsigned", "2026-03-02T09:00:06Z") }, 0, cloudevent.ErrSignature},
		"no diomsigned":        {func(e *event.Event) { e.SetExtension("diomsigned", nil) }, 0, cloudevent.ErrUnsigned},
		"no diomsignature":     {func(e *event.Event) { e.SetExtension("diomsignature", nil) }, 0, cloudevent.ErrUnsigned},
		"diomsigned is no time": {func(e *event.Event) {
			e.SetExtension("diomsigned", "yesterday")
			resign(e, cloudevent.SignedText(*e))
		}, 0, cloudevent.ErrStale},
		"another's key":   {func(e *event.Event) { cloudevent.Sign(e, "crm", []byte("another key of 16 or more"), sentAt) }, 0, cloudevent.ErrSignature},
		"unknown key":     {func(e *event.Event) { cloudevent.Sign(e, "erp", secret, sentAt) }, 0, cloudevent.ErrSignature},
		"other version":   {func(e *event.Event) { e.SetExtension("diomsignature", "v2,crm,00") }, 0, cloudevent.ErrSignature},
		"no hexadecimal":  {func(e *event.Event) { e.SetExtension("diomsignature", "v1,crm,xx") }, 0, cloudevent.ErrSignature},
		"too many parts":  {func(e *event.Event) { e.SetExtension("diomsignature", e.Extensions()["diomsignature"].(string)+",00") }, 0, cloudevent.ErrSignature},
		"empty signature": {func(e *event.Event) { e.SetExtension("diomsignature", "v1,crm,") }, 0, cloudevent.ErrSignature},
	} {
		e := order()
		if c.change != nil {
			c.change(&e)
		}
		if err := cloudevent.Verify(e, keys, sentAt.Add(c.after)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// A line feed inside an attribute must not let one event pass for another that has the same lines.
func TestVerifyRefusesLineFeeds(t *testing.T) {
	t.Parallel()
	e := order()
	e.SetType("a\nb")
	e.SetSubject("c")
	cloudevent.Sign(&e, "crm", secret, sentAt)
	if err := cloudevent.Verify(e, keys, sentAt); !errors.Is(err, cloudevent.ErrSignature) {
		t.Errorf("got %v", err)
	}
}

// The sender signs what he writes; reading an event and writing it again changes the spelling.
func TestVerifyAsSpelt(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"2026-03-02T09:00:00.120Z", "2026-03-02T17:00:00+08:00", "2026-03-02T09:00:00.000000+00:00", "2026-03-02T09:00:00Z", ""} {
		const data = `{ "x" : 1 }`
		sum := sha256.Sum256([]byte(data))
		h := hmac.New(sha256.New, secret)
		h.Write([]byte("2026-03-02T09:00:05.000Z\n1\nHTTPS://crm.example\nt\n\n" + at + "\napplication/json\n订单 1\n" + hex.EncodeToString(sum[:])))
		signature := "v1,crm," + hex.EncodeToString(h.Sum(nil))
		structured := `{"specversion":"1.0","id":"1","source":"HTTPS://crm.example","type":"t","time":"` + at + `","datacontenttype":"application/json","businesskey":"订单 1",` +
			`"diomsigned":"2026-03-02T09:00:05.000Z","diomsignature":"` + signature + `","data": ` + data + ` }`
		binary := http.Header{
			"Ce-Specversion": {"1.0"}, "Ce-Id": {"1"}, "Ce-Source": {"HTTPS://crm.example"}, "Ce-Type": {"t"}, "Content-Type": {"application/json"},
			"Ce-Businesskey": {"%E8%AE%A2%E5%8D%95%201"}, "Ce-Diomsigned": {"2026-03-02T09:00:05.000Z"}, "Ce-Diomsignature": {signature},
		}
		if at != "" {
			binary.Set("Ce-Time", at)
		}
		for mode, request := range map[string]struct {
			header http.Header
			body   string
		}{
			"structured": {http.Header{"Content-Type": {"application/cloudevents+json; charset=utf-8"}}, structured},
			"batch":      {http.Header{"Content-Type": {"application/cloudevents-batch+json"}}, "[" + structured + "]"},
			"binary":     {binary, data},
		} {
			list, _, err := cloudevent.Read(request.header, []byte(request.body))
			if err != nil || len(list) != 1 || list[0].Err != nil {
				t.Fatalf("%s, %s: %v %+v", at, mode, err, list)
			}
			if err := list[0].Verify(keys, sentAt); err != nil {
				t.Errorf("%s, %s: %v", at, mode, err)
			}
			list[0].SetSubject("another")
			if err := list[0].Verify(keys, sentAt); !errors.Is(err, cloudevent.ErrSignature) {
				t.Errorf("%s, %s, another subject: %v", at, mode, err)
			}
		}
	}
}
