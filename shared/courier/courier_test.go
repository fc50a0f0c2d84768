package courier

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/dispatch/mailtest"
)

// The secret of the example in the specification of Standard Webhooks, and what it signs.
const exampleSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

var exampleTime = time.Unix(1614265330, 0)

func open(t *testing.T, change func(*config.Config)) *Courier {
	t.Helper()
	cfg := config.Config{Environment: "test", HTTPAllow: []string{"127.0.0.1"}, SMTPFrom: "diom@example.com"}
	if change != nil {
		change(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c.now = func() time.Time { return exampleTime }
	return c
}

// receiver answers every request alike and keeps the last one.
type receiver struct {
	*httptest.Server
	header http.Header
	query  string
	body   string
}

func receive(t *testing.T, status int, answer string, headers ...string) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		raw, _ := io.ReadAll(q.Body)
		r.header, r.query, r.body = q.Header.Clone(), q.URL.RawQuery, string(raw)
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(r.Close)
	return r
}

var example = Message{
	ID: "msg_p5jXN8AQM9LWM0D4loKWxJek", At: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), Type: "task.assigned", Title: "新任务：<备案>", Text: "第一行\n*第二行*",
	Links: []Link{{"查看", "https://flow.example/tasks/1?a=1&b=2"}}, Data: map[string]any{"a": "<1>"},
}

// The signature is that of the worked example of the specification.
func TestSignature(t *testing.T) {
	t.Parallel()
	key, err := Key(exampleSecret)
	if err != nil {
		t.Fatal(err)
	}
	if got := mac(key, `msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}`); got != "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Error(got)
	}
	for _, bad := range []string{"", "whsec_", "whsec_c2hvcnQ=", strings.TrimPrefix(exampleSecret, SecretPrefix), "whsec_%%%"} {
		if _, err := Key(bad); err == nil {
			t.Errorf("%q is a secret", bad)
		}
	}
}

func TestWebhook(t *testing.T) {
	t.Parallel()
	r := receive(t, 200, "thank you")
	got := open(t, nil).Send(t.Context(), Address{Kind: Webhook, URL: r.URL + "/hook", Secret: exampleSecret}, example)
	if !got.Delivered || got.Status != 200 || got.Answer != "thank you" {
		t.Fatalf("%+v", got)
	}
	const body = `{"type":"task.assigned","timestamp":"2026-03-02T09:00:00Z","data":{"a":"<1>"}}`
	key, _ := Key(exampleSecret)
	want := "v1," + mac(key, example.ID+".1614265330."+body)
	if r.body != body || r.header.Get("Webhook-Id") != example.ID || r.header.Get("Webhook-Timestamp") != "1614265330" || r.header.Get("Webhook-Signature") != want ||
		r.header.Get("Content-Type") != "application/json" {
		t.Errorf("%s %v", r.body, r.header)
	}
}

// What an answer means: trying again is of use, or not.
func TestAnswers(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	for status, final := range map[int]bool{400: true, 401: true, 404: true, 410: true, 302: true, 408: false, 409: false, 425: false, 429: false, 500: false, 503: false} {
		r := receive(t, status, "no", "Retry-After", "7", "Location", "http://127.0.0.1:1/")
		got := c.Send(t.Context(), Address{Kind: Webhook, URL: r.URL, Secret: exampleSecret}, example)
		if got.Delivered || got.Final != final || got.Status != status || got.After != 7*time.Second || got.Reason == "" {
			t.Errorf("%d: %+v", status, got)
		}
	}
	for name, address := range map[string]Address{
		"inner network": {Kind: Webhook, URL: "http://127.0.0.1/", Secret: exampleSecret},
		"metadata":      {Kind: DingTalk, URL: "http://169.254.169.254/latest/meta-data/"},
		"no secret":     {Kind: Webhook, URL: "https://example.com/"},
		"no kind":       {Kind: "pigeon"},
		"no address":    {Kind: Mail},
	} {
		strict := open(t, func(c *config.Config) { c.HTTPAllow, c.SMTPURL = nil, "smtp://127.0.0.1:1?tls=none" })
		if got := strict.Send(t.Context(), address, example); got.Delivered || !got.Final || got.Reason == "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	gone := receive(t, 200, "")
	gone.Close()
	if got := c.Send(t.Context(), Address{Kind: Webhook, URL: gone.URL, Secret: exampleSecret}, example); got.Delivered || got.Final {
		t.Errorf("nobody there: %+v", got)
	}
}

func TestRobots(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	const said = `新任务：<备案>\n第一行\n*第二行*\n查看: https://flow.example/tasks/1?a=1&b=2`
	for kind, body := range map[string]string{
		DingTalk: `{"msgtype":"text","text":{"content":"` + said + `"}}`,
		WeCom:    `{"msgtype":"text","text":{"content":"` + said + `"}}`,
		Feishu:   `{"content":{"text":"` + said + `"},"msg_type":"text"}`,
	} {
		r := receive(t, 200, `{"errcode":0,"errmsg":"ok"}`)
		if got := c.Send(t.Context(), Address{Kind: kind, URL: r.URL + "/send?key=a"}, example); !got.Delivered || r.body != body || r.query != "key=a" {
			t.Errorf("%s: %+v %s %s", kind, got, r.query, r.body)
		}
	}
	r := receive(t, 200, `{"errcode":0}`)
	if got := c.Send(t.Context(), Address{Kind: DingTalk, URL: r.URL + "/robot/send?access_token=t", Secret: "SEC1"}, example); !got.Delivered ||
		r.query != "access_token=t&sign=MLuKOegYwFX2cdZm7uD3QotfYTQFBnmImSpHbA8aRFc%3D&timestamp=1614265330000" {
		t.Errorf("%+v %s", got, r.query)
	}
	r = receive(t, 200, `{"code":0,"msg":"success"}`)
	var signed struct{ Timestamp, Sign string }
	if got := c.Send(t.Context(), Address{Kind: Feishu, URL: r.URL, Secret: "demo"}, example); !got.Delivered || json.Unmarshal([]byte(r.body), &signed) != nil ||
		signed.Timestamp != "1614265330" || signed.Sign != "/yYvc495rTBQWT8Wh/PVU61uoHBjkKoSoc30uzDfLMM=" {
		t.Errorf("%+v %s", got, r.body)
	}
	for answer, final := range map[string]bool{
		`{"errcode":310000,"errmsg":"sign not match"}`: true, `{"errcode":130101,"errmsg":"too fast"}`: false, `{"errcode":45009,"errmsg":"limit"}`: false,
		`{"errcode":-1}`: false, `{"code":19021,"msg":"sign match fail"}`: true, `{"code":11232,"msg":"frequency limited"}`: false, `<html>`: true, `{}`: true,
	} {
		r := receive(t, 200, answer)
		if got := c.Send(t.Context(), Address{Kind: WeCom, URL: r.URL}, example); got.Delivered || got.Final != final || got.Reason == "" {
			t.Errorf("%s: %+v", answer, got)
		}
	}
	long := example
	long.Text = strings.Repeat("长", 2000)
	r = receive(t, 200, `{"errcode":0}`)
	c.Send(t.Context(), Address{Kind: WeCom, URL: r.URL}, long)
	if len(r.body) > 2100 || !strings.Contains(r.body, "https://flow.example/tasks/1") {
		t.Errorf("%d bytes: %s", len(r.body), r.body[len(r.body)-100:])
	}
}

func TestMail(t *testing.T) {
	t.Parallel()
	s := mailtest.Listen(t)
	c := open(t, func(c *config.Config) { c.SMTPURL = "smtp://" + s.Address + "?tls=none" })
	if got := c.Send(t.Context(), Address{Kind: Mail, To: "lina@example.com"}, example); !got.Delivered {
		t.Fatalf("%+v", got)
	}
	mails := s.Kept()
	if len(mails) != 1 || !strings.Contains(mails[0], "<"+example.ID+"@test.diom>") || strings.Contains(mails[0], "<备案>") {
		t.Errorf("%v", mails)
	}
	if got := open(t, nil).Send(t.Context(), Address{Kind: Mail, To: "lina@example.com"}, example); got.Delivered || got.Final {
		t.Errorf("no mail server: %+v", got)
	}
	if !strings.Contains(example.html(), "新任务：&lt;备案&gt;") || !strings.Contains(example.html(), "a=1&amp;b=2") {
		t.Error(example.html())
	}
}
