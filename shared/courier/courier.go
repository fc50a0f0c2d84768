// Package courier carries a message out of the product: by mail, to a webhook (Standard Webhooks 1.0), or to a
// robot of a DingTalk, WeCom or Feishu group. It knows how each of them is spoken to and what its answers mean.
// Addresses that people wrote are reached by way of package egress, which keeps them off the inner network.
package courier

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"html"
	"io"
	"net/http"
	"strconv"
	"time"

	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/egress"
	"diom.io/workflow/shared/excerpt"
	"diom.io/workflow/shared/mailing"
)

// The kinds of channels.
const (
	Mail     = "mail"
	Webhook  = "webhook"
	DingTalk = "dingtalk"
	WeCom    = "wecom"
	Feishu   = "feishu"
)

// Kinds are all of them.
var Kinds = []string{Mail, Webhook, DingTalk, WeCom, Feishu}

const (
	timeout    = 10 * time.Second // of one attempt
	maxAnswer  = 4 << 10          // bytes of an answer that are read
	maxExcerpt = 300              // characters of it that are kept
	maxAfter   = time.Hour        // what a receiver may ask for with Retry-After
)

// Address is where a message goes. To is the person's mail address, for mail; URL and Secret are for the others.
// Before is another secret by which a webhook may know the message, or empty.
type Address struct{ Kind, URL, Secret, To, Before string }

// Message is what is carried. ID is the same at every attempt. Webhooks get Data as it is; the others read Title,
// Text and Links.
type Message struct {
	ID          string
	At          time.Time
	Type        string
	Title, Text string
	Links       []Link
	Data        any
	// Event is a CloudEvent as JSON, which a webhook gets in place of all else.
	Event []byte
}

// Link leads from a message to the product.
type Link struct{ Name, URL string }

// Receipt is what became of an attempt. Status is that of the answer over HTTP, 0 where there was none; Answer is
// what it said. Where Delivered is false Reason says why, and Final that trying again is of no use; After is how
// long the receiver asks to be left alone.
type Receipt struct {
	Delivered bool
	Final     bool
	Status    int
	Answer    string
	Reason    string
	After     time.Duration
}

// Courier is safe for concurrent use.
type Courier struct {
	client *http.Client
	mailer *mailing.Mailer // nil where there is no mail server
	now    func() time.Time
}

// New returns a Courier. The error says that DIOM_HTTP_ALLOW or DIOM_SMTP_URL cannot be read.
func New(cfg config.Config) (*Courier, error) {
	guard, err := egress.New(cfg.HTTPAllow)
	if err != nil {
		return nil, err
	}
	mailer, err := mailing.New(cfg)
	return &Courier{client: guard.Client(false), mailer: mailer, now: time.Now}, err
}

// Send makes one attempt, of ten seconds at most.
func (c *Courier) Send(ctx context.Context, to Address, m Message) Receipt {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	switch to.Kind {
	case Mail:
		return c.mail(ctx, to, m)
	case Webhook:
		return c.webhook(ctx, to, m)
	case DingTalk, WeCom, Feishu:
		return c.robot(ctx, to, m)
	}
	return Receipt{Final: true, Reason: "The channel is of no known kind."}
}

func (c *Courier) mail(ctx context.Context, to Address, m Message) Receipt {
	switch {
	case c.mailer == nil:
		return Receipt{Reason: "There is no mail server: set DIOM_SMTP_URL."}
	case to.To == "":
		return Receipt{Final: true, Reason: "The person has no mail address."}
	}
	err := c.mailer.Send(ctx, mailing.Mail{ID: m.ID, At: m.At, To: []string{to.To}, Subject: m.Title, Text: m.Text + m.links(), HTML: m.html()})
	if err != nil {
		return Receipt{Final: errors.Is(err, mailing.ErrRefused), Reason: err.Error()}
	}
	return Receipt{Delivered: true}
}

// links are what leads to the product, a line each.
func (m Message) links() (text string) {
	for _, l := range m.Links {
		text += "\n" + l.Name + ": " + l.URL
	}
	return text
}

// brief is the message in at most n bytes, or a few more; the links stay whole.
func (m Message) brief(n int) string {
	links := m.links()
	return excerpt.Bytes(m.Title+"\n"+m.Text, max(n-len(links), 0)) + links
}

// html is the message as a page; what people wrote is text in it.
func (m Message) html() string {
	page := `<!doctype html><html><head><meta charset="utf-8"></head><body><h3>` + html.EscapeString(m.Title) + `</h3><p style="white-space:pre-wrap">` +
		html.EscapeString(m.Text) + `</p>`
	for _, l := range m.Links {
		page += `<p><a href="` + html.EscapeString(l.URL) + `">` + html.EscapeString(l.Name) + `</a></p>`
	}
	return page + `</body></html>`
}

// post sends JSON and returns the receipt of the answer, as HTTP has it, and what it said.
func (c *Courier) post(ctx context.Context, target string, body []byte, header http.Header) (Receipt, []byte) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return Receipt{Final: true, Reason: egress.ErrURL.Message}, nil
	}
	if header != nil {
		request.Header = header
	}
	if request.Header.Get("Content-Type") == "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.client.Do(request)
	if err != nil {
		return Receipt{Final: errors.Is(err, egress.ErrForbidden) || errors.Is(err, egress.ErrURL), Reason: egress.Reason(err)}, nil
	}
	defer func() { _ = response.Body.Close() }()
	answer, _ := io.ReadAll(io.LimitReader(response.Body, maxAnswer)) // what could be read says more than nothing
	r := Receipt{Delivered: response.StatusCode/100 == 2, Status: response.StatusCode, Answer: excerpt.Of(string(answer), maxExcerpt), After: after(response)}
	if !r.Delivered {
		r.Final, r.Reason = final(response.StatusCode), "The receiver answers with status "+strconv.Itoa(response.StatusCode)+"."
	}
	return r, answer
}

// final reports whether a status is about the request, which will be the same the next time.
func final(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	}
	return status < http.StatusInternalServerError
}

func after(response *http.Response) time.Duration {
	n, err := strconv.Atoi(response.Header.Get("Retry-After"))
	if err != nil || n < 0 {
		return 0
	}
	return min(time.Duration(n)*time.Second, maxAfter)
}

func marshal(v any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v) // texts, times and what came out of JSON
	return bytes.TrimSpace(b.Bytes())
}
