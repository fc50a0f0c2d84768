package cloudevent_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"diom.io/workflow/shared/cloudevent"
)

func TestRead(t *testing.T) {
	t.Parallel()
	const envelope = `{"specversion":"1.0","id":"1","source":"/s","type":"t"`
	long := strings.Repeat("字", 256)
	type message struct {
		kind, body string
		data       string // of the event
		refused    string // part of the reason
	}
	for name, m := range map[string]message{
		"object":                 {"", envelope + `,"data": {"a" : 1} }`, `{"a" : 1}`, ""},
		"no data":                {"", envelope + `}`, "", ""},
		"null":                   {"", envelope + `,"data":null}`, "null", ""},
		"text of JSON":           {"", envelope + `,"data":"x"}`, `"x"`, ""},
		"plain text":             {"", envelope + `,"datacontenttype":"text/plain","data":"x\ny"}`, "x\ny", ""},
		"vendor's JSON":          {"", envelope + `,"datacontenttype":"application/vnd.a+json","data":[1]}`, "[1]", ""},
		"base64":                 {"", envelope + `,"data_base64":"AQID"}`, "\x01\x02\x03", ""},
		"number and boolean":     {"", envelope + `,"count":7,"urgent":true,"none":null}`, "", ""},
		"attributes of brokers":  {"", envelope + `,"knativeerrordata":"` + strings.Repeat("x", 1000) + `"}`, "", ""},
		"bad base64":             {"", envelope + `,"data_base64":"%%"}`, "", "base64"},
		"base64 is a number":     {"", `{"data_base64":1,"specversion":"1.0","id":"1","source":"/s","type":"t"}`, "", "base64"},
		"data twice":             {"", envelope + `,"data":1,"data_base64":"AQID"}`, "", "both"},
		"not JSON":               {"", `{`, "", "not a JSON object"},
		"array":                  {"", `[]`, "", "not a JSON object"},
		"null for an event":      {"", `null`, "", "invalid"},
		"something behind":       {"", envelope + `} {}`, "", "not a JSON object"},
		"id is a number":         {"", `{"specversion":"1.0","id":1,"source":"/s","type":"t"}`, "", "attribute id"},
		"extension is an object": {"", envelope + `,"x":{}}`, "", "attribute x"},
		"no id":                  {"", `{"specversion":"1.0","source":"/s","type":"t"}`, "", "id"},
		"no source":              {"", `{"specversion":"1.0","id":"1","type":"t"}`, "", "source"},
		"no type":                {"", `{"specversion":"1.0","id":"1","source":"/s"}`, "", "type"},
		"no version":             {"", `{"id":"1","source":"/s","type":"t"}`, "", "specversion"},
		"old version":            {"", `{"specversion":"0.3","id":"1","source":"/s","type":"t"}`, "", "0.3"},
		"bad time":               {"", envelope + `,"time":"yesterday"}`, "", "invalid"},
		"bad name":               {"", envelope + `,"a-b":"x"}`, "", "invalid"},
		"control character":      {"", `{"specversion":"1.0","id":"1\n2","source":"/s","type":"t"}`, "", "attribute id"},
		"control in extension":   {"", envelope + `,"x":"\u0000"}`, "", "attribute x"},
		"blank at the end":       {"", `{"specversion":"1.0","id":"1 ","source":"/s","type":"t"}`, "", "attribute id"},
		"long id":                {"", `{"specversion":"1.0","id":"` + long + `","source":"/s","type":"t"}`, "", "attribute id"},
		"long businesskey":       {"", envelope + `,"businesskey":"` + long + `"}`, "", "attribute businesskey"},
		"XML":                    {"application/cloudevents+xml", `<event/>`, "", "JSON format"},
		"no event":               {"application/json", `{}`, "", "ce-specversion"},
	} {
		if m.kind == "" {
			m.kind = "application/cloudevents+json"
		}
		list, batch, err := cloudevent.Read(http.Header{"Content-Type": {m.kind}}, []byte(m.body))
		if m.refused != "" {
			if !errors.Is(err, cloudevent.ErrMalformed) || !strings.Contains(err.Error(), m.refused) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || batch || len(list) != 1 || list[0].ID() != "1" || string(list[0].Data()) != m.data {
			t.Errorf("%s: %v %v %q", name, err, batch, list[0].Data())
		}
	}
}

func TestReadBatch(t *testing.T) {
	t.Parallel()
	header := http.Header{"Content-Type": {"application/cloudevents-batch+json"}}
	one := `{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"b":1, "a":2}}`
	list, batch, err := cloudevent.Read(header, []byte(`[`+one+`, {"specversion":"1.0","id":"2","type":"t"}, 7, `+one+`]`))
	if err != nil || !batch || len(list) != 4 {
		t.Fatalf("%v %v %d", err, batch, len(list))
	}
	if list[0].Err != nil || list[3].Err != nil || string(list[0].Data()) != `{"b":1, "a":2}` {
		t.Errorf("the good ones: %+v", list)
	}
	if list[1].Err == nil || list[1].ID() != "2" || list[2].Err == nil {
		t.Errorf("the bad ones: %+v", list[1:3])
	}
	for body, want := range map[string]error{
		`[]`: nil, `{}`: cloudevent.ErrMalformed, `[`: cloudevent.ErrMalformed,
		"[" + strings.Repeat(one+",", cloudevent.MaxBatch) + one + "]": cloudevent.ErrBatch,
	} {
		if _, _, err := cloudevent.Read(header, []byte(body)); !errors.Is(err, want) {
			t.Errorf("%.20s: %v", body, err)
		}
	}
}

func TestReadBinary(t *testing.T) {
	t.Parallel()
	good := func() http.Header {
		return http.Header{"Ce-Specversion": {"1.0"}, "Ce-Id": {"%E4%B8%80%20%25"}, "Ce-Source": {"/s"}, "Ce-Type": {`"t"`}, "Ce-Businesskey": {"100%"}, "Accept": {"a", "b"}}
	}
	list, _, err := cloudevent.Read(good(), []byte("x"))
	if err != nil || list[0].ID() != "一 %" || list[0].Type() != "t" || list[0].Extensions()["businesskey"] != "100%" || string(list[0].Data()) != "x" {
		t.Errorf("%v %v", err, list)
	}
	for name, change := range map[string]func(http.Header){
		"no id":             func(h http.Header) { h.Del("Ce-Id") },
		"two ids":           func(h http.Header) { h.Add("Ce-Id", "2") },
		"bad time":          func(h http.Header) { h.Set("Ce-Time", "x") },
		"unknown version":   func(h http.Header) { h.Set("Ce-Specversion", "9") },
		"old version":       func(h http.Header) { h.Set("Ce-Specversion", "0.3") },
		"control character": func(h http.Header) { h.Set("Ce-Id", "%00") },
		"bad content type":  func(h http.Header) { h.Set("Content-Type", "a/b/c") },
	} {
		header := good()
		change(header)
		if _, _, err := cloudevent.Read(header, nil); !errors.Is(err, cloudevent.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzRead: whatever comes is an event or refused, and an event that was signed and sent arrives with
// its signature.
func FuzzRead(f *testing.F) {
	for _, kind := range []string{"application/cloudevents+json", "application/cloudevents-batch+json", "application/json"} {
		f.Add(kind, "1", "/s", []byte(`{"specversion":"1.0","id":"1","source":"/s","type":"t","data_base64":1}`))
		f.Add(kind, "%20\"", "%", []byte(`[null, {"data": [}]`))
	}
	f.Fuzz(func(t *testing.T, kind, id, source string, body []byte) {
		header := http.Header{"Content-Type": {kind}, "Ce-Specversion": {"1.0"}, "Ce-Type": {"t"}, "Ce-Id": {id}, "Ce-Source": {source}}
		list, batch, err := cloudevent.Read(header, body)
		if err != nil || batch || list[0].DataEncoded == nil && len(body) > 0 {
			return
		}
		cloudevent.Sign(&list[0].Event, "crm", secret, sentAt)
		if again := resend(t, list[0]); again.Verify(keys, sentAt) != nil || !bytes.Equal(again.Data(), list[0].Data()) || again.ID() != list[0].ID() {
			t.Errorf("sent %s\ngot %s", list[0].Event, again.Event)
		}
	})
}

// resend posts an event with the Sender and reads what arrives.
func resend(t *testing.T, r cloudevent.Received) cloudevent.Received {
	t.Helper()
	var got []cloudevent.Received
	sink := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		if err == nil {
			got, _, err = cloudevent.Read(request.Header, body)
		}
		if err != nil {
			t.Error(err)
		}
	}))
	defer sink.Close()
	if err := cloudevent.HTTP(sink.URL)(t.Context(), r.Event); err != nil || len(got) != 1 {
		t.Fatalf("%v %v", err, got)
	}
	return got[0]
}

// Every event of ours is as its description says, and the catalogue has every type.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, d := range cloudevent.Catalogue() {
		e, err := d.Example()
		if err != nil || e.Type() != d.Type || seen[d.Type] || d.Summary == "" {
			t.Errorf("%s: %v %v", d.Type, err, e)
		}
		seen[d.Type] = true
		var data map[string]any
		if err := json.Unmarshal(e.Data(), &data); err != nil {
			t.Fatal(err)
		}
		properties := d.Schema()["properties"].(map[string]any)
		for name := range data {
			if properties[name] == nil {
				t.Errorf("%s: the field %s is not described", d.Type, name)
			}
		}
		for name, schema := range properties {
			if len(schema.(map[string]any)) == 0 {
				t.Errorf("%s: the field %s has no schema", d.Type, name)
			}
		}
	}
	for _, s := range []cloudevent.Step{step(), events()} {
		list, err := cloudevent.Events("/diom/test", s)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			if !seen[e.Type()] {
				t.Errorf("%s is not in the catalogue", e.Type())
			}
		}
	}
}
