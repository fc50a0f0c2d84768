package dispatch

import (
	"context"
	"errors"

	"diom.io/workflow/shared/mailing"
	"diom.io/workflow/shared/workflow"
)

// mail sends a mail of the variables to, cc, bcc, from, subject, text and html.
func (d *Dispatcher) mail(ctx context.Context, job workflow.FetchedJob) outcome {
	if d.mailer == nil {
		return failed("There is no mail server: set DIOM_SMTP_URL.")
	}
	in := inputs(job.Variables)
	err := d.mailer.Send(ctx, mailing.Mail{
		ID: job.ID.String(), At: job.CreatedAt, From: in.text("from"), To: in.list("to"), Cc: in.list("cc"), Bcc: in.list("bcc"),
		Subject: in.text("subject"), Text: in.text("text"), HTML: in.text("html"),
	})
	switch {
	case err == nil:
		return outcome{}
	case errors.Is(err, mailing.ErrRefused):
		return refused("%s", err.Error())
	}
	return failed("%s", err.Error())
}
