package dispatch

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
	"diom.io/workflow/shared/workflow"
)

// SecretSMTP is the secret file of the password at the mail server.
const SecretSMTP = "diom-smtp-password"

// maxRecipients bounds whom one mail goes to.
const maxRecipients = 100

// mailer is the mail server of DIOM_SMTP_URL.
type mailer struct {
	host    string
	options []mail.Option
	from    string
	domain  string // behind the @ of a Message-ID
}

// newMailer reads smtp://user@host:587 (TLS is asked for and must be given), smtps://host:465 (TLS from
// the start), or smtp://host:25?tls=none for a server on the same machine. Nil is none.
func newMailer(cfg config.Config) (*mailer, error) {
	if cfg.SMTPURL == "" {
		return nil, nil
	}
	u, err := url.Parse(cfg.SMTPURL)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, errors.New("DIOM_SMTP_URL: it is not of the form smtp://user@host:587 or smtps://user@host:465")
	}
	m := &mailer{host: u.Hostname(), from: cfg.SMTPFrom, domain: cfg.Environment + ".diom"}
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
	password, err := cfg.Secret(SecretSMTP)
	if err != nil {
		return nil, err
	}
	m.options = append(m.options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(u.User.Username()), mail.WithPassword(password))
	return m, nil
}

// mail sends a mail of the variables to, cc, bcc, from, subject, text and html. Its Message-ID is the same
// at every attempt, so that who gets it twice can tell.
func (d *Dispatcher) mail(ctx context.Context, job workflow.FetchedJob) outcome {
	if d.mailer == nil {
		return failed("There is no mail server: set DIOM_SMTP_URL.")
	}
	message, err := d.mailer.write(job)
	if err != nil {
		return refused("mail: %s", err.Error())
	}
	client, err := mail.NewClient(d.mailer.host, append(d.mailer.options, mail.WithTimeout(untilDeadline(ctx)))...)
	if err != nil {
		return failed("mail: %s", err.Error())
	}
	err = client.DialAndSendWithContext(ctx, message)
	var refusal *mail.SendError
	switch {
	case err == nil:
		return outcome{}
	case errors.As(err, &refusal) && !refusal.IsTemp() && refusal.ErrorCode() >= 500:
		return refused("The mail server refuses it: %s", err.Error())
	}
	return failed("mail: %s", err.Error())
}

func untilDeadline(ctx context.Context) time.Duration {
	deadline, limited := ctx.Deadline()
	if !limited {
		return seconds(defaultTimeout)
	}
	return max(time.Until(deadline), time.Millisecond)
}

func (m *mailer) write(job workflow.FetchedJob) (*mail.Msg, error) {
	in, message := inputs(job.Variables), mail.NewMsg()
	from := in.text("from")
	if from == "" {
		from = m.from
	}
	if err := message.From(from); err != nil {
		return nil, errors.New("from is no address, and DIOM_SMTP_FROM gives none")
	}
	count := 0
	for name, set := range map[string]func(...string) error{"to": message.To, "cc": message.Cc, "bcc": message.Bcc} {
		list := in.list(name)
		count += len(list)
		if err := set(list...); err != nil {
			return nil, fmt.Errorf("%s holds what is no address", name)
		}
	}
	if count == 0 || count > maxRecipients {
		return nil, fmt.Errorf("a mail has 1 to %d recipients in to, cc and bcc", maxRecipients)
	}
	message.Subject(strings.Join(strings.Fields(in.text("subject")), " "))
	message.SetMessageIDWithValue(job.ID.String() + "@" + m.domain)
	message.SetDateWithValue(job.CreatedAt)
	text, html := in.text("text"), in.text("html")
	switch {
	case html == "":
		message.SetBodyString(mail.TypeTextPlain, text)
	case text == "":
		message.SetBodyString(mail.TypeTextHTML, html)
	default:
		message.SetBodyString(mail.TypeTextPlain, text)
		message.AddAlternativeString(mail.TypeTextHTML, html)
	}
	return message, nil
}
