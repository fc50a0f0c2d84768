package workflow

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/form"
	"diom.io/workflow/shared/setting"
	"diom.io/workflow/shared/store"
)

// ErrFileType: a file is not of a type that may be uploaded.
var ErrFileType = fault.New(fault.Invalid, "file_type_refused", "Files of this type are not accepted.")

// maxUnbound is how many files one person has that no form was submitted with.
const maxUnbound = 100

// magic are the first bytes of what a machine would run: nobody gets it in by saying that it is something else.
var magic = [][]byte{[]byte("MZ"), []byte("\x7fELF"), []byte("#!"), []byte("\xca\xfe\xba\xbe"), []byte("\xcf\xfa\xed\xfe")}

// UploadFile keeps a file for a form that the caller is about to submit; until then only he has it. Its type is what its
// content is, and nothing in it is unpacked. The answer is a store.File. Errors: ErrAttachmentEmpty, ErrAttachmentSize,
// ErrFileType, ErrContentAway, store.ErrTooMany, store.ErrNoObject.
func (s *Service) UploadFile(ctx context.Context, call Call, up Upload) (json.RawMessage, error) {
	if len(up.Content) == 0 {
		return nil, ErrAttachmentEmpty
	}
	if most := s.maxAttachment(ctx); len(up.Content) > most {
		return nil, ErrAttachmentSize.Withf("The file is larger than %d bytes.", most)
	}
	f := store.File{
		ID: newID(), Owner: call.Principal.Username, Name: shortened(fileName(up.Name)), ContentType: contentType(up.Type, up.Content),
		Size: len(up.Content), CreatedAt: instant(),
	}
	if !s.accepts(ctx, f.ContentType, up.Content) {
		return nil, ErrFileType.Withf("Files of the type %s are not accepted.", f.ContentType)
	}
	answer, err := recorded(http.StatusCreated, f)
	if err != nil {
		return nil, err
	}
	kept, err := s.keep(ctx, f.ID, up.Content)
	if err != nil {
		return nil, err
	}
	return answer.Body, s.store.AddFile(ctx, f, kept, maxUnbound, store.Answered{Idempotency: call.Idempotency, Recorded: answer})
}

// shortened keeps the extension of a name that is too long.
func shortened(name string) string {
	runes := []rune(name)
	if len(runes) <= maxWord {
		return name
	}
	extension := []rune(path.Ext(name))
	if len(extension) > 20 {
		extension = nil
	}
	return string(runes[:maxWord-len(extension)]) + string(extension)
}

func (s *Service) maxAttachment(ctx context.Context) int {
	return cmp.Or(s.Settings.Now(ctx).Int(setting.MaxAttachment), usualAttachment)
}

// accepts reports whether files of a type and content may be uploaded.
func (s *Service) accepts(ctx context.Context, kind string, content []byte) bool {
	if slices.ContainsFunc(magic, func(m []byte) bool { return bytes.HasPrefix(content, m) }) {
		return false
	}
	kind, _, err := mime.ParseMediaType(kind)
	if err != nil {
		return false
	}
	allowed := setting.UsualTypes
	if v := s.Settings.Now(ctx); v.IsSet(setting.AttachmentTypes) {
		allowed = v.Text(setting.AttachmentTypes)
	}
	for pattern := range strings.SplitSeq(allowed, ",") {
		if whole, _ := path.Match(strings.TrimSpace(pattern), kind); whole {
			return true
		}
	}
	return false
}

// File returns a file that the caller uploaded, or that is in a form of an instance that he may see. Errors:
// store.ErrNoFile, ErrContentAway, ErrContentDamaged.
func (s *Service) File(ctx context.Context, p access.Principal, id engine.ID) (store.File, []byte, error) {
	f, err := s.store.File(ctx, id)
	if err != nil {
		return f, nil, err
	}
	if f.Owner != p.Username {
		if f.InstanceID.IsZero() {
			return f, nil, store.ErrNoFile
		}
		if _, err := s.instance(ctx, p, f.InstanceID); err != nil {
			return f, nil, err
		}
	}
	c, err := s.store.FileContent(ctx, id)
	if err != nil {
		return f, nil, err
	}
	content, err := s.bytes(ctx, c, f.Size)
	return f, content, err
}

// DeleteFile removes a file of the caller's that no form was submitted with. Errors: store.ErrNoFile.
func (s *Service) DeleteFile(ctx context.Context, p access.Principal, id engine.ID) error {
	return s.store.DeleteFile(ctx, id, p.Username)
}

// bindFiles gives the files of a form, ids with the pointers to them, to its instance. They are bound before the step: a
// file of an instance that then never comes to be is purged like one that was never submitted.
func (s *Service) bindFiles(ctx context.Context, call Call, f filling, files map[string]string) error {
	var wrong []fault.Detail
	for _, text := range slices.Sorted(maps.Keys(files)) {
		id, err := engine.ParseID(text)
		if err == nil {
			err = s.bindFile(ctx, call, f.instance, id)
		} else {
			err = store.ErrNoFile
		}
		if errors.Is(err, store.ErrNoFile) {
			wrong = append(wrong, fault.Detail{Pointer: files[text], Code: form.CodeFile, Detail: "The form names a file that is not there, or not the caller's."})
		} else if err != nil {
			return err
		}
	}
	if len(wrong) > 0 {
		return form.ErrSubmission.With(wrong...)
	}
	return nil
}

func (s *Service) bindFile(ctx context.Context, call Call, instance, id engine.ID) error {
	file, err := s.store.File(ctx, id)
	if err != nil || file.InstanceID == instance {
		return err
	}
	return s.store.BindFile(ctx, id, call.Principal.Username, instance)
}
