package faas

import (
	"errors"

	"diom.io/workflow/shared/fault"
)

// ErrForm: the body of an upload is not multipart/form-data.
var ErrForm = fault.New(fault.Malformed, "bad_form", "The body is not multipart/form-data.")

// Form reads the parts of a multipart body, or returns ErrForm.
func (r *Request) Form() ([]Part, error) {
	parts, err := r.Parts()
	if errors.Is(err, ErrMultipart) {
		err = ErrForm
	}
	return parts, err
}

// Binary is the content of a part of a multipart body, for openapi.yaml.
type Binary []byte

// FileType is the content type of every file that people have uploaded: a browser keeps it and shows nothing of it.
const FileType = "application/octet-stream"

// File answers with a file that somebody has uploaded. Whatever it is, a browser neither guesses its type nor runs it.
func File(content []byte, name string) Answer {
	a := Download(content, FileType, name)
	for key, value := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private, no-store",
	} {
		a.Header.Set(key, value)
	}
	if a.Header.Get("Content-Disposition") == "" { // no name, or one that no header can have
		a.Header.Set("Content-Disposition", "attachment")
	}
	return a
}
