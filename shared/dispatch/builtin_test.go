package dispatch_test

import (
	"fmt"
	"io"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/mail"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/dispatch"
	"diom.io/workflow/shared/dispatch/mailtest"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/page"
)

const connector = `c:type="external" c:topic="http-connector"`

// connect runs an http-connector with variables and returns where its instance is.
func (r *rig) connect(variables engine.Variables) ([]string, *engine.Instance) {
	r.t.Helper()
	id := r.start("order", variables)
	r.look()
	return r.at(id)
}

func TestHTTPConnector(t *testing.T) {
	t.Parallel()
	r := open(t, nil)
	r.deploy(fmt.Sprintf(model, connector, "", "order"))
	var header http.Header
	var body, method string
	s := receive(t, nil)
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		raw, _ := io.ReadAll(q.Body)
		header, body, method = q.Header.Clone(), string(raw), q.Method
		w.Header().Set("Content-Type", "text/plain; charset=gbk")
		w.Header().Set("X-Rate", "7")
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte{0xd6, 0xd0, 0xce, 0xc4})
	})
	nodes, in := r.connect(engine.Variables{
		"url": s.URL + "/a?b=c", "method": "post", "headers": map[string]expr.Value{"Accept": "text/plain", "X-N": int64(3)}, "payload": map[string]expr.Value{"a": []expr.Value{int64(1), "二"}},
	})
	if !cmp.Equal([]string{"after"}, nodes) || value(in, "statusCode") != int64(404) || value(in, "response") != "中文" {
		t.Fatalf("%v %+v %+v", nodes, in.Scopes, in.Incidents)
	}
	if replies := value(in, "headers").(map[string]expr.Value); replies["X-Rate"] != "7" {
		t.Error(replies)
	}
	if method != "POST" || body != `{"a":[1,"二"]}` || header.Get("X-N") != "3" || header.Get("Content-Type") != "application/json" || header.Get("Idempotency-Key") == "" {
		t.Error(method, body, header)
	}
	if nodes, _ := r.connect(engine.Variables{"url": s.URL, "payload": "plain"}); !cmp.Equal([]string{"after"}, nodes) || method != "GET" || body != "plain" {
		t.Error(nodes, method, body)
	}
}

// What is wrong with the variables of a connector, or its answer, waits for an operator at once.
func TestHTTPConnectorRefuses(t *testing.T) {
	t.Parallel()
	r := open(t, nil)
	r.deploy(fmt.Sprintf(model, connector, "", "order"))
	large, binary := receive(t, answers(200, "", strings.Repeat("x", 201<<10))), receive(t, answers(200, "image/png", "\xff\xfe"))
	for name, v := range map[string]engine.Variables{
		"no URL":        {},
		"file":          {"url": "file:///etc/passwd"},
		"user":          {"url": "http://a:b@127.0.0.1"},
		"method":        {"url": large.URL, "method": "CONNECT"},
		"header name":   {"url": large.URL, "headers": map[string]expr.Value{"a b": "x"}},
		"header value":  {"url": large.URL, "headers": map[string]expr.Value{"a": "x\r\nEvil: y"}},
		"header host":   {"url": large.URL, "headers": map[string]expr.Value{"host": "internal"}},
		"headers":       {"url": large.URL, "headers": "a: b"},
		"large answer":  {"url": large.URL},
		"binary answer": {"url": binary.URL},
	} {
		if nodes, in := r.connect(v); len(nodes) > 0 || len(in.Incidents) != 1 || in.Jobs[0].Retries != 0 {
			t.Errorf("%s: %v %+v", name, nodes, in.Jobs)
		}
	}
}

// A connector does not reach this machine, nor is it led there.
func TestHTTPConnectorIsGuarded(t *testing.T) {
	t.Parallel()
	inner := receive(t, nil)
	outer := receive(t, func(w http.ResponseWriter, q *http.Request) { http.Redirect(w, q, inner.URL, http.StatusFound) })
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(outer.URL, "http://"))
	led := "http://localhost:" + port
	for allow, url := range map[string]string{"": inner.URL, "localhost": led, "10.0.0.0/8": led, "*.example": inner.URL} {
		r := open(t, func(c *config.Config) { c.HTTPAllow = []string{allow} })
		r.deploy(fmt.Sprintf(model, connector, "", "order"))
		if nodes, in := r.connect(engine.Variables{"url": url}); len(nodes) > 0 || len(in.Incidents) != 1 || len(inner.got) > 0 {
			t.Errorf("%s: %v %+v", url, nodes, in.Incidents)
		}
	}
	r := open(t, func(c *config.Config) { c.HTTPAllow = []string{"localhost", "127.0.0.1"} })
	r.deploy(fmt.Sprintf(model, connector, "", "order"))
	if nodes, _ := r.connect(engine.Variables{"url": led}); !cmp.Equal([]string{"after"}, nodes) || len(inner.got) != 1 {
		t.Errorf("both allowed: %v", nodes)
	}
}

func TestNotify(t *testing.T) {
	t.Parallel()
	r := open(t, nil)
	r.deploy(fmt.Sprintf(model, `c:delegateExpression="${notify}"`, "", "order"))
	id := r.start("order", engine.Variables{"users": "wangfang, nobody", "groups": []expr.Value{"finance"}, "title": "货已发出", "text": "单号 7"})
	r.look()
	if nodes, in := r.at(id); !cmp.Equal([]string{"after"}, nodes) {
		t.Fatalf("%v %+v", nodes, in.Incidents)
	}
	for _, username := range []string{"wangfang", "lina", "zhaolei"} {
		list, err := r.Store.Notifications(t.Context(), username, true, page.Request{Limit: 10})
		if err != nil || len(list.Items) != 1 || list.Items[0].Title != "货已发出" || !strings.Contains(string(list.Items[0].Content), `"text":"单号 7"`) {
			t.Errorf("%s: %+v %v", username, list.Items, err)
		}
	}
	for name, v := range map[string]engine.Variables{"nobody": {"title": "x"}, "no title": {"users": "lina"}, "unknown": {"users": "x", "title": "x"}} {
		id := r.start("order", v)
		r.look()
		if _, in := r.at(id); len(in.Incidents) != 1 {
			t.Errorf("%s: %+v", name, in)
		}
	}
}

func TestMail(t *testing.T) {
	t.Parallel()
	s := mailtest.Listen(t)
	r := open(t, func(c *config.Config) {
		c.SMTPURL, c.SMTPFrom = "smtp://"+s.Address+"?tls=none", "流程 <flow@example.com>"
	})
	r.deploy(fmt.Sprintf(model, `c:type="external" c:topic="mail"`, "", "order"))
	variables := engine.Variables{"to": "a@example.com, b@example.com", "bcc": []expr.Value{"c@example.com"}, "fields": map[string]expr.Value{"subject": "订单\r\nEvil: x", "text": "你好"}}
	id := r.start("order", variables)
	job := r.job(id)
	s.Refuse = "451"
	r.look()
	if r.job(id).Retries != 2 || len(s.Mails) > 0 {
		t.Fatalf("refused for now: %+v", r.job(id))
	}
	s.Refuse = ""
	r.release()
	r.look()
	if nodes, in := r.at(id); !cmp.Equal([]string{"after"}, nodes) || len(s.Mails) != 1 {
		t.Fatalf("%v %+v", nodes, in.Incidents)
	}
	m, err := mail.ReadMessage(strings.NewReader(s.Mails[0]))
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(quotedprintable.NewReader(m.Body))
	if m.Header.Get("Message-ID") != "<"+job.ID.String()+"@test.diom>" || m.Header.Get("Evil") != "" || m.Header.Get("Bcc") != "" || !strings.Contains(string(body), "你好") {
		t.Errorf("%v %s", m.Header, body)
	}
	if diff := cmp.Diff([]string{"a@example.com", "b@example.com", "c@example.com"}, s.To[0]); diff != "" {
		t.Error(diff)
	}
	s.Refuse = "550"
	for name, v := range map[string]engine.Variables{
		"refused": variables, "nobody": {"subject": "x"}, "no address": {"to": "a"}, "header in an address": {"to": "a@example.com\r\nEvil: x"},
	} {
		id := r.start("order", v)
		r.look()
		if _, in := r.at(id); len(in.Incidents) != 1 || len(s.Mails) != 1 {
			t.Errorf("%s: %+v", name, in.Jobs)
		}
	}
}

func TestMailSettings(t *testing.T) {
	t.Parallel()
	r := open(t, nil)
	for address, good := range map[string]bool{
		"mail.example": false, "http://x": false, "smtp://": false, "smtp://x:y": false, "smtp://u@mail.example:587": true, "smtps://mail.example": true,
	} {
		o := r.Dispatch.Options
		o.Config.SMTPURL = address
		if _, err := dispatch.New(o); good != (err == nil) {
			t.Errorf("%s: %v", address, err)
		}
	}
}
