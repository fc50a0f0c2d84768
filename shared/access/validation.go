package access

import (
	"fmt"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

const (
	maxCode = 64  // characters, the columns' width
	maxName = 255 // characters
	maxText = 1000
	maxList = 100 // roles or groups of a user, permissions of a role
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

// name checks a text that people read.
func (v *validation) name(pointer, text string) {
	v.check(strings.TrimSpace(text) != "", pointer, "required", "The field is required.")
	v.text(pointer, text, maxName)
}

func (v *validation) text(pointer, text string, longest int) {
	v.check(utf8.RuneCountInString(text) <= longest, pointer, "too_long", "The text is too long.")
	v.check(!strings.ContainsFunc(text, unicode.IsControl), pointer, "bad_text", "The text holds control characters.")
}

// person checks the fields that a new and a changed user share, and reads the department.
func (v *validation) person(u *store.User, department string) {
	v.name("/displayName", u.DisplayName)
	v.text("/title", u.Title, maxName)
	v.check(ValidEmail(u.Email), "/email", "bad_email", "The e-mail address is not valid.")
	v.set("/roles", u.Roles)
	v.set("/groups", u.Groups)
	u.DepartmentID = v.id("/departmentId", department, store.ErrUnknownDepartment)
}

// id reads an optional id; one that is malformed names nothing.
func (v *validation) id(pointer, text string, unknown *fault.Error) engine.ID {
	if text == "" {
		return engine.ID{}
	}
	id, err := engine.ParseID(text)
	v.check(err == nil, pointer, unknown.Code, unknown.Message)
	return id
}

// set checks a list of names: not too long, none twice.
func (v *validation) set(pointer string, list []string) {
	v.check(len(list) <= maxList, pointer, "too_many", "The list has 100 names at most.")
	seen := make(map[string]bool, len(list))
	for i, name := range list {
		v.check(!seen[name], fmt.Sprintf("%s/%d", pointer, i), "repeated", "The list has this name twice.")
		seen[name] = true
	}
}

func (v *validation) code(pointer, code string) {
	v.check(validCode(code), pointer, "bad_code", "A code begins with a letter and has up to 64 letters, digits, _ and -.")
}

// ValidEmail reports whether a text is empty or an e-mail address alone.
func ValidEmail(text string) bool {
	if text == "" {
		return true
	}
	address, err := mail.ParseAddress(text)
	return err == nil && address.Address == text && len(text) <= maxName
}

// validUsername keeps names to what is the same for every reader and collation: no blanks (MySQL
// ignores trailing ones), nothing that a list of candidates or a header could split.
func validUsername(name string) bool {
	return word(name, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }, "._-@")
}

// validCode is the form of role and permission codes, department codes and group keys: letters of any
// script, so that a model may name a group 财务.
func validCode(code string) bool { return word(code, unicode.IsLetter, "_-") }

func word(text string, first func(rune) bool, others string) bool {
	if !utf8.ValidString(text) || utf8.RuneCountInString(text) > maxCode {
		return false
	}
	for i, r := range text {
		if i == 0 && !first(r) {
			return false
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(others, r) {
			return false
		}
	}
	return text != ""
}
