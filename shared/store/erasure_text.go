package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// leastTerm is how many characters a text has at least that is looked for inside others.
const leastTerm = 2

// term is a text of a person's that is looked for. Others are the texts of other people that it is a part of: there it
// stays. namesakes are the usernames of those who have the very same text.
type term struct {
	Text      string `json:"text"`
	Mail      bool   `json:"mail,omitempty"`
	others    []string
	namesakes []string
}

// terms are what is erased of a person, and what stands there then.
type terms struct {
	list      []term
	username  string
	pseudonym string
}

// termsOf are the texts that are looked for of a user. A text that is a username of anybody is none of them: it is how
// models and history name people.
func termsOf(u User) []term {
	var list []term
	if u.Email != "" && u.Email != u.Username {
		list = append(list, term{Text: u.Email, Mail: true})
	}
	if u.DisplayName != u.Username && utf8.RuneCountInString(u.DisplayName) >= leastTerm {
		list = append(list, term{Text: u.DisplayName})
	}
	return list
}

// somebody is what somebody else is called.
type somebody struct{ username, name, mail string }

func (p *somebody) fields() []any { return []any{&p.username, &p.name, &p.mail} }

// meet learns which other people's texts hold those of the list, and leaves out what is a username.
func (s *Store) meet(ctx context.Context, list []term, username string) ([]term, error) {
	var met []term
	for _, t := range list {
		rows, err := s.DB.Query(ctx, `SELECT username, display_name, email FROM sys_user WHERE username <> ? AND (INSTR(username, ?) > 0 OR INSTR(display_name, ?) > 0 OR INSTR(email, ?) > 0)`,
			username, t.Text, t.Text, t.Text)
		found, err := collect(rows, err, into((*somebody).fields))
		if err != nil {
			return nil, fmt.Errorf("namesakes: %w", err)
		}
		if slices.ContainsFunc(found, func(p somebody) bool { return p.username == t.Text }) {
			continue
		}
		for _, p := range found {
			t.know(p)
		}
		met = append(met, t)
	}
	return met, nil
}

// know takes note of somebody whose texts hold the term.
func (x *term) know(p somebody) {
	if p.name == x.Text || p.mail == x.Text {
		x.namesakes = append(x.namesakes, p.username)
	}
	for _, text := range []string{p.username, p.name, p.mail} {
		if text != x.Text && strings.Contains(text, x.Text) {
			x.others = append(x.others, text)
		}
	}
}

// among returns the terms that are looked for in documents that belong together: one that a namesake has, too, only
// where the documents name the person and no namesake.
func (t terms) among(documents ...[]byte) terms {
	names := func(username string) bool {
		return slices.ContainsFunc(documents, func(d []byte) bool { return bytes.Contains(d, []byte(`"`+username+`"`)) })
	}
	t.list = slices.DeleteFunc(slices.Clone(t.list), func(x term) bool {
		return len(x.namesakes) > 0 && (!names(t.username) || slices.ContainsFunc(x.namesakes, names))
	})
	return t
}

// in reports whether a stored text, JSON perhaps, may hold one of the terms.
func (t terms) in(raw []byte) bool {
	return slices.ContainsFunc(t.list, func(x term) bool {
		return bytes.Contains(raw, []byte(x.Text)) || bytes.Contains(raw, x.quoted())
	})
}

// quoted is the term as JSON has it inside a text.
func (x term) quoted() []byte {
	raw, _ := json.Marshal(x.Text) // a text never fails
	return raw[1 : len(raw)-1]
}

// replace puts the pseudonym in the place of every term.
func (t terms) replace(text string) string {
	for _, x := range t.list {
		text = x.replace(text, t.pseudonym)
	}
	return text
}

func (x term) replace(text, with string) string {
	var b strings.Builder
	at := 0
	for {
		n := strings.Index(text[at:], x.Text)
		if n < 0 {
			b.WriteString(text[at:])
			return b.String()
		}
		begin := at + n
		end := begin + len(x.Text)
		b.WriteString(text[at:begin])
		if x.part(text, begin, end) {
			b.WriteString(x.Text)
		} else {
			b.WriteString(with)
		}
		at = end
	}
}

// part reports whether what looks like the term is a part of something else: a longer word, another address, the name
// of somebody else.
func (x term) part(text string, begin, end int) bool {
	before, after := text[:begin], text[end:]
	if x.Mail && ofAddress(before, after) || endsWord(before) && wordByte(x.Text[0]) || beginsWord(after) && wordByte(x.Text[len(x.Text)-1]) {
		return true
	}
	return slices.ContainsFunc(x.others, func(other string) bool { return x.inside(other, text, begin) })
}

// inside reports whether the term at begin is where another text, that holds it, is.
func (x term) inside(other, text string, begin int) bool {
	for at := 0; at < len(other); at++ {
		if at <= begin && strings.HasPrefix(other[at:], x.Text) && strings.HasPrefix(text[begin-at:], other) {
			return true
		}
	}
	return false
}

// ofAddress reports whether a mail address goes on before or behind what was found.
func ofAddress(before, after string) bool {
	if before != "" && strings.ContainsRune(".+_-", rune(before[len(before)-1])) {
		return true
	}
	return strings.HasPrefix(after, "-") || len(after) > 1 && after[0] == '.' && wordByte(after[1])
}

func endsWord(text string) bool   { return text != "" && wordByte(text[len(text)-1]) }
func beginsWord(text string) bool { return text != "" && wordByte(text[0]) }

func wordByte(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

// dataKeys are the fields of a state and of changes that people and their programs fill; the others are the engine's.
var dataKeys = []string{
	"variables", "comment", "reason", "message", "inputs", "outputs", "result", "failure", "summary", "businessKey", "name",
}

// document replaces the terms in JSON: in every text where all is set, else in those below dataKeys. What is no JSON is
// a text itself.
func (t terms) document(raw []byte, all bool) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil || decoder.More() {
		return []byte(t.replace(string(raw))), nil //nolint:nilerr // a text
	}
	return json.Marshal(t.walk(value, all))
}

func (t terms) walk(value any, data bool) any {
	switch v := value.(type) {
	case string:
		if data {
			return t.replace(v)
		}
	case []any:
		for i := range v {
			v[i] = t.walk(v[i], data)
		}
	case map[string]any:
		for key := range v {
			v[key] = t.walk(v[key], data || slices.Contains(dataKeys, key))
		}
	}
	return value
}
