// Package mailing sends mails by the mail server of DIOM_SMTP_URL.
package mailing

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"diom.io/workflow/shared/config"
)

// Secret is the secret file of the password at the mail server.
const Secret = "diom-smtp-password"

const (
	maxRecipients = 100 // of one mail
	usualTimeout  = 10 * time.Second
)

// ErrRefused: the mail cannot be sent as it is, now or later. What else goes wrong may be tried again.
var ErrRefused = errors.New("the mail is refused")

// refusal is an ErrRefused in words for people.
type refusal struct{ text string }

func (r refusal) Error() string        { return r.text }
func (r refusal) Is(target error) bool { return target == ErrRefused }

// Mail is what is sent. ID, the same at every attempt, makes the Message-ID, so that who gets a mail twice
// can tell. From is empty for DIOM_SMTP_FROM; of Text and HTML one may be empty.
type Mail struct {
	ID                  string
	At                  time.Time
	From                string
	To, Cc, Bcc         []string
	Subject, Text, HTML string
}

// Mailer is a mail server. It is safe for concurrent use.
type Mailer struct {
	host    string
	options []mail.Option
	from    string
	domain  string // behind the @ of a Message-ID
}

// New reads smtp://user@host:587 (TLS is asked for and must be given), smtps://host:465 (TLS from the start),
// or smtp://host:25?tls=none for a server on the same machine. Nil is none.
func New(cfg config.Config) (*Mailer, error) {
	if cfg.SMTPURL == "" {
		return nil, nil
	}
	u, err := url.Parse(cfg.SMTPURL)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, errors.New("DIOM_SMTP_URL: it is not of the form smtp://user@host:587 or smtps://user@host:465")
	}
	m := &Mailer{host: u.Hostname(), from: cfg.SMTPFrom, domain: cfg.Environment + ".diom"}
	switch {
	case u.Scheme == "smtps":
		m.options = []mail.Option{mail.WithSSLPort(false)}
	case u.RawQuery == "tls=none":
		m.options = []mail.Option{mail.WithTLSPolicy(mail.NoTLS)}
	default:
		m.options = []mail.Option{mail.WithTLSPortPolicy(mail.TLSMandatory)}
	}
	if u.Port() != "" {
		port, err := strconv.Atoi(u.Port())
		if err != nil {
			return nil, fmt.Errorf("DIOM_SMTP_URL: the port %q is no number", u.Port())
		}
		m.options = append(m.options, mail.WithPort(port))
	}
	if u.User == nil {
		return m, nil
	}
	password, err := cfg.Secret(Secret)
	if err != nil {
		return nil, err
	}
	m.options = append(m.options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(u.User.Username()), mail.WithPassword(password))
	return m, nil
}

// Send sends a mail; ctx bounds the time. The error is ErrRefused where another attempt is of no use.
func (m *Mailer) Send(ctx context.Context, content Mail) error {
	message, err := m.write(content)
	if err != nil {
		return refusal{"mail: " + err.Error()}
	}
	client, err := mail.NewClient(m.host, append(m.options, mail.WithTimeout(untilDeadline(ctx)))...)
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	err = client.DialAndSendWithContext(ctx, message)
	var refused *mail.SendError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused) && !refused.IsTemp() && refused.ErrorCode() >= 500:
		return refusal{"The mail server refuses it: " + err.Error()}
	}
	return fmt.Errorf("mail: %w", err)
}

func untilDeadline(ctx context.Context) time.Duration {
	deadline, limited := ctx.Deadline()
	if !limited {
		return usualTimeout
	}
	return max(time.Until(deadline), time.Millisecond)
}

func (m *Mailer) write(content Mail) (*mail.Msg, error) {
	message := mail.NewMsg()
	from := content.From
	if from == "" {
		from = m.from
	}
	if err := message.From(from); err != nil {
		return nil, errors.New("from is no address, and DIOM_SMTP_FROM gives none")
	}
	count := 0
	for _, field := range []struct {
		name string
		list []string
		set  func(...string) error
	}{{"to", content.To, message.To}, {"cc", content.Cc, message.Cc}, {"bcc", content.Bcc, message.Bcc}} {
		count += len(field.list)
		if err := field.set(field.list...); err != nil {
			return nil, fmt.Errorf("%s holds what is no address", field.name)
		}
	}
	if count == 0 || count > maxRecipients {
		return nil, fmt.Errorf("a mail has 1 to %d recipients in to, cc and bcc", maxRecipients)
	}
	message.Subject(strings.Join(strings.Fields(content.Subject), " "))
	message.SetMessageIDWithValue(content.ID + "@" + m.domain)
	message.SetDateWithValue(content.At)
	switch {
	case content.HTML == "":
		message.SetBodyString(mail.TypeTextPlain, content.Text)
	case content.Text == "":
		message.SetBodyString(mail.TypeTextHTML, content.HTML)
	default:
		message.SetBodyString(mail.TypeTextPlain, content.Text)
		message.AddAlternativeString(mail.TypeTextHTML, content.HTML)
	}
	return message, nil
}
