package workflow

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// Why an attachment is refused.
var (
	ErrAttachmentEmpty = fault.New(fault.Invalid, "attachment_empty", "An attachment needs a content or the URL of one.")
	ErrAttachmentSize  = fault.New(fault.TooLarge, "attachment_too_large", "The attachment is too large.")
)

const (
	usualAttachment = 4 << 20

	maxWord = 255  // characters of a name or a kind
	maxNote = 4000 // of a description or a URL
)

// Attachments lists what is attached to an instance or to one of its tasks: for those who may see it.
func (s *Service) Attachments(ctx context.Context, p access.Principal, of store.Subject) ([]store.Attachment, error) {
	of, err := s.about(ctx, p, of)
	if err != nil {
		return nil, err
	}
	return s.store.Attachments(ctx, of, maxRemarks)
}

// Attachment returns one attachment of a subject with its content, nil where it has none. Errors: store.ErrNoAttachment,
// ErrContentAway, ErrContentDamaged.
func (s *Service) Attachment(ctx context.Context, p access.Principal, of store.Subject, id engine.ID) (store.Attachment, []byte, error) {
	a, c, err := s.attachment(ctx, p, of, id)
	if err != nil || a.Size == nil {
		return a, nil, err
	}
	content, err := s.bytes(ctx, c, *a.Size)
	return a, content, err
}

// Attached returns one attachment of a subject without its content, or store.ErrNoAttachment.
func (s *Service) Attached(ctx context.Context, p access.Principal, of store.Subject, id engine.ID) (store.Attachment, error) {
	a, _, err := s.attachment(ctx, p, of, id)
	return a, err
}

// attachment is Attachment without a look at the content.
func (s *Service) attachment(ctx context.Context, p access.Principal, of store.Subject, id engine.ID) (store.Attachment, store.Content, error) {
	of, err := s.about(ctx, p, of)
	if err != nil {
		return store.Attachment{}, store.Content{}, err
	}
	a, c, err := s.store.Attachment(ctx, id)
	if err == nil && (a.InstanceID != of.Instance || !of.Task.IsZero() && a.TaskID != of.Task) {
		return store.Attachment{}, store.Content{}, store.ErrNoAttachment
	}
	return a, c, err
}

// Attach adds an attachment, content or a.URL, to an instance or a task, running or ended. Who has to do
// with it may. Errors: ErrAttachmentEmpty, ErrAttachmentSize, ErrText, ErrBadText, ErrContentAway, store.ErrNoObject.
func (s *Service) Attach(ctx context.Context, call Call, of store.Subject, a store.Attachment, content []byte) (store.Attachment, error) {
	of, err := s.onto(ctx, call.Principal, of)
	if err == nil {
		err = s.checkAttachment(ctx, a, content)
	}
	if err != nil {
		return store.Attachment{}, err
	}
	a.ID, a.InstanceID, a.TaskID, a.Author, a.CreatedAt = newID(), of.Instance, of.Task, call.Principal.Username, instant()
	if content != nil {
		a.Size = new(len(content))
	}
	answer, err := recorded(http.StatusCreated, a)
	if err != nil {
		return store.Attachment{}, err
	}
	kept, err := s.keep(ctx, a.ID, content)
	if err != nil {
		return store.Attachment{}, err
	}
	return a, s.store.AddAttachment(ctx, a, kept, call.Idempotency, answer)
}

func (s *Service) checkAttachment(ctx context.Context, a store.Attachment, content []byte) error {
	most := s.maxAttachment(ctx)
	switch {
	case content == nil && (a.URL == nil || *a.URL == ""):
		return ErrAttachmentEmpty
	case len(content) > most:
		return ErrAttachmentSize.Withf("The attachment is larger than %d bytes.", most)
	}
	for _, text := range []struct {
		pointer string
		text    *string
		most    int
	}{
		{"/name", a.Name, maxWord}, {"/kind", a.Kind, maxWord}, {"/contentType", a.ContentType, maxWord},
		{"/description", a.Description, maxNote}, {"/url", a.URL, maxNote},
	} {
		if text.text == nil {
			continue
		}
		if err := checkLength(text.pointer, *text.text, text.most); err != nil {
			return err
		}
	}
	return nil
}

// Detach removes an attachment. Its author may, and those who operate.
func (s *Service) Detach(ctx context.Context, call Call, of store.Subject, id engine.ID) error {
	a, _, err := s.attachment(ctx, call.Principal, of, id)
	if err == nil {
		err = mayChange(call.Principal, a.Author)
	}
	if err != nil {
		return err
	}
	return s.store.DeleteAttachment(ctx, id)
}
