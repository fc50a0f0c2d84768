package design

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// ErrInvalid: a body breaks a rule; there is a detail for each problem.
var ErrInvalid = fault.New(fault.Invalid, "bad_design", "The body has problems.")

const (
	maxName    = 255 // characters, the columns' width
	maxText    = 1000
	maxCode    = 64
	maxContent = 1 << 20 // bytes
)

// validation gathers what is wrong with a body.
type validation struct{ details []fault.Detail }

func (v *validation) check(ok bool, pointer, code, detail string) {
	if !ok {
		v.details = append(v.details, fault.Detail{Pointer: pointer, Code: code, Detail: detail})
	}
}

// err returns ErrInvalid with every detail, or nil.
func (v *validation) err() error {
	if len(v.details) == 0 {
		return nil
	}
	return ErrInvalid.With(v.details...)
}

func (v *validation) kind(pointer, kind string) {
	v.check(slices.Contains([]string{store.DesignBPMN, store.DesignDMN, store.DesignForm}, kind), pointer, "bad_kind", "The kind is bpmn, dmn or form.")
}

// key checks the key of a process, decision or form: an XML name needs no blanks.
func (v *validation) key(pointer, key string) {
	ok := key != "" && utf8.RuneCountInString(key) <= maxName && !strings.ContainsFunc(key, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == '/'
	})
	v.check(ok, pointer, "bad_key", "A key has 1 to 255 characters, without blanks and slashes.")
}

func (v *validation) name(pointer, text string) {
	v.check(strings.TrimSpace(text) != "", pointer, "required", "The field is required.")
	v.text(pointer, text, maxName)
}

// text checks a text of people: lines are theirs, other control characters are not.
func (v *validation) text(pointer, text string, longest int) {
	v.check(utf8.RuneCountInString(text) <= longest, pointer, "too_long", "The text is too long.")
	v.check(utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }),
		pointer, "bad_text", "The text holds control characters.")
}

// category reads an optional id; one that is malformed names nothing.
func (v *validation) category(pointer, text string) engine.ID {
	if text == "" {
		return engine.ID{}
	}
	id, err := engine.ParseID(text)
	v.check(err == nil, pointer, store.ErrUnknownCategory.Code, store.ErrUnknownCategory.Message)
	return id
}

// design checks what may change of a design.
func (v *validation) design(d store.Design, comment string) {
	v.name("/name", d.Name)
	v.text("/description", d.Description, maxText)
	v.text("/comment", comment, maxText)
	v.content(d.Content)
}

func (v *validation) content(text string) {
	v.check(len(text) <= maxContent, "/content", "too_long", "The content has more than 1 MiB.")
	v.check(utf8.ValidString(text) && !strings.ContainsRune(text, 0), "/content", "bad_text", "The content is no text.")
}
