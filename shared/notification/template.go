package notification

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// Why a template is refused.
var (
	ErrNoTemplate = fault.New(fault.NotFound, "notification_template_not_found", "There is no kind of notification of this name, or no such language.")
	ErrTemplate   = fault.New(fault.Invalid, "bad_notification_template", "The template has problems.")
)

const (
	maxTemplateTitle = 255  // characters
	maxTemplateText  = 4000 // characters
)

// fields are what words may name, with what a preview shows in their place.
var fields = map[string]string{
	"title": "付款申请已提交", "text": "请在周五前确认。", "subject": "部门审批", "process": "请假流程", "processKey": "leave", "businessKey": "2026-0042",
	"actor": "zhangwei", "reason": "重复提交", "code": "job_failed", "recipient": "王芳", "count": "3", "list": "· 您有新的待办任务：部门审批",
}

var field = regexp.MustCompile(`\{([A-Za-z]+)\}`)

// fill puts values in the place of the fields of a text, which are not read again.
func fill(text string, values map[string]string) string {
	return field.ReplaceAllStringFunc(text, func(named string) string {
		name := named[1 : len(named)-1]
		if _, known := fields[name]; known {
			return values[name]
		}
		return named
	})
}

func templateKey(kind, language string) string { return kind + " " + language }

// template is a template as it is now, written by somebody or the product's own.
func (b *book) template(kind, language string) store.NotificationTemplate {
	if t, written := b.templates[templateKey(kind, language)]; written {
		return t
	}
	w := usual[kind][language]
	return store.NotificationTemplate{Kind: kind, Language: language, Title: w.title, Text: w.text, Version: 1}
}

// Templates are the answer that lists templates.
type Templates struct {
	Items []store.NotificationTemplate `json:"items"`
	// Fields are what a title and a text may name, in braces.
	Fields []string `json:"fields"`
}

// Templates returns every template in every language, by kind.
func (s *Service) Templates(ctx context.Context) (Templates, error) {
	b, err := s.fresh(ctx)
	if err != nil {
		return Templates{}, err
	}
	all := Templates{Items: []store.NotificationTemplate{}}
	for _, kind := range append(slices.Clone(Kinds), Digest) {
		for _, language := range Languages {
			all.Items = append(all.Items, b.template(kind, language))
		}
	}
	for name := range fields {
		all.Fields = append(all.Fields, name)
	}
	slices.Sort(all.Fields)
	return all, nil
}

// Template returns one template. It returns ErrNoTemplate.
func (s *Service) Template(ctx context.Context, kind, language string) (store.NotificationTemplate, error) {
	if _, known := usual[kind][language]; !known {
		return store.NotificationTemplate{}, ErrNoTemplate
	}
	b, err := s.fresh(ctx)
	if err != nil {
		return store.NotificationTemplate{}, err
	}
	return b.template(kind, language), nil
}

// Words is the body that writes or previews a template.
type Words struct {
	Title string `json:"title" api:"required"`
	Text  string `json:"text" api:"required"`
}

// TemplateChange is who writes which template. Match is the version that he has seen, 0 for any.
type TemplateChange struct {
	Kind, Language, Username string
	Match                    int64
	Words                    Words
}

// SetTemplate writes a template. Errors: ErrNoTemplate, ErrTemplate, store.ErrPeopleStale.
func (s *Service) SetTemplate(ctx context.Context, c TemplateChange) (store.NotificationTemplate, error) {
	t, err := s.Template(ctx, c.Kind, c.Language)
	if err != nil {
		return t, err
	}
	if c.Match != 0 && c.Match != t.Version {
		return t, store.ErrPeopleStale
	}
	if err := c.Words.check(); err != nil {
		return t, err
	}
	now := instant()
	t.Title, t.Text, t.UpdatedBy, t.UpdatedAt = c.Words.Title, c.Words.Text, c.Username, &now
	if err := s.store.SetNotificationTemplate(ctx, t); err != nil {
		return t, err
	}
	t.Version++
	s.forget()
	return t, nil
}

// RestoreTemplate gives a template the product's own words back and returns it. It returns ErrNoTemplate.
func (s *Service) RestoreTemplate(ctx context.Context, kind, language string) (store.NotificationTemplate, error) {
	t, err := s.Template(ctx, kind, language)
	if err != nil {
		return t, err
	}
	if err := s.store.RestoreNotificationTemplate(ctx, kind, language); err != nil {
		return t, err
	}
	s.forget()
	return (&book{}).template(kind, language), nil
}

// PreviewTemplate returns words with examples in the place of their fields. Errors: ErrNoTemplate, ErrTemplate.
func (s *Service) PreviewTemplate(kind, language string, w Words) (Words, error) {
	if _, known := usual[kind][language]; !known {
		return Words{}, ErrNoTemplate
	}
	if err := w.check(); err != nil {
		return Words{}, err
	}
	return Words{fill(w.Title, fields), fill(w.Text, fields)}, nil
}

func (w Words) check() error {
	var problems []fault.Detail
	for _, part := range []struct {
		pointer, text string
		most          int
		lines         bool
	}{{"/title", w.Title, maxTemplateTitle, false}, {"/text", w.Text, maxTemplateText, true}} {
		bad := func(r rune) bool { return unicode.IsControl(r) && !(part.lines && r == '\n') }
		if strings.TrimSpace(part.text) == "" || utf8.RuneCountInString(part.text) > part.most || strings.ContainsFunc(part.text, bad) {
			problems = append(problems, fault.Detail{Pointer: part.pointer, Code: "bad_text", Detail: fmt.Sprintf("It has 1 to %d characters and no control characters.", part.most)})
		}
		for _, named := range field.FindAllStringSubmatch(part.text, -1) {
			if _, known := fields[named[1]]; !known {
				problems = append(problems, fault.Detail{Pointer: part.pointer, Code: "unknown_field", Detail: "There is no field " + named[0] + "."})
			}
		}
	}
	if problems != nil {
		return ErrTemplate.With(problems...)
	}
	return nil
}

// values are those of the fields of a notification.
func values(n store.Notification, c Content, recipient string) map[string]string {
	process := c.ProcessName
	if process == "" {
		process = c.ProcessKey
	}
	subject := c.Subject
	if subject == "" {
		subject = n.Title
	}
	return map[string]string{
		"title": n.Title, "text": c.Text, "subject": subject, "process": process, "processKey": c.ProcessKey, "businessKey": c.BusinessKey, "actor": c.Actor,
		"reason": c.Reason, "code": c.Code, "recipient": recipient,
	}
}

const knownFor = 2 * time.Second // how late a change of a channel or a template may be noticed
