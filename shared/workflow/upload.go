package workflow

import (
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"
	"unicode"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
)

// Upload is a file that somebody attaches to a task: its content, nil where there is none, what it is called, and the
// type that the sender says it has.
type Upload struct {
	Content                 []byte
	Name, Description, Type string
}

// Upload attaches a file to a task, running or ended. Who has to do with it may. Its type is what its content is, not
// what the sender says. The answer is a store.Attachment. Errors: those of Attach.
func (s *Service) Upload(ctx context.Context, call Call, task engine.ID, up Upload) (json.RawMessage, error) {
	a := store.Attachment{Name: new(fileName(up.Name))}
	if up.Description != "" {
		a.Description = &up.Description
	}
	if up.Content != nil {
		a.ContentType = new(contentType(up.Type, up.Content))
	}
	made, err := s.Attach(ctx, call, store.Subject{Task: task}, a, up.Content)
	if err != nil {
		return nil, err
	}
	answer, err := recorded(http.StatusCreated, made)
	return answer.Body, err
}

// fileName is the last part of a name, without what no file's name has.
func fileName(name string) string {
	name = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || unicode.Is(unicode.Cf, c) {
			return -1
		}
		return c
	}, path.Base(strings.ReplaceAll(name, `\`, "/")))
	if name = strings.TrimSpace(name); name == "" || name == "." || name == ".." || name == "/" {
		return "attachment"
	}
	return name
}

// vague are the types that a look at the first bytes gives for files of many kinds: there the sender may say more.
var vague = []string{"application/octet-stream", "application/zip", "text/plain"}

// spoken are the types that a browser would run or show with code in it: nobody gets them by saying so.
var spoken = []string{"text/html", "application/xhtml+xml", "image/svg+xml", "text/xml", "application/xml", "text/javascript", "application/javascript"}

// contentType returns the type of a content (WHATWG MIME Sniffing).
func contentType(said string, content []byte) string {
	found := http.DetectContentType(content)
	kind, _, err := mime.ParseMediaType(found)
	claim, _, wrong := mime.ParseMediaType(said)
	if err == nil && wrong == nil && slices.Contains(vague, kind) && !slices.Contains(spoken, claim) {
		return claim
	}
	return found
}
