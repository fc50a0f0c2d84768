package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"
	"unicode"
)

// section is one part of an answer: a list becomes a table, an object lines of name and value.
type section struct {
	title   string // "" for the part that needs none
	at      string // where it is in the answer, "" is the answer itself
	columns []column
}

// column is one value of each thing.
type column struct {
	title string
	path  []string
	whole bool // never shortened: ids are copied
}

// view is an answer that is one thing, or a list under items.
func view(at, words string) []section { return []section{part("", at, words)} }

func part(title, at, words string) section { return section{title, at, columns(words)} }

// columns reads names of fields, each with :title where that is another word; a.b is b of a. Fields that end
// with id or Id are never shortened.
func columns(words string) []column {
	var list []column
	for word := range strings.FieldsSeq(words) {
		path, title, found := strings.Cut(word, ":")
		if !found {
			title = path
		}
		whole := path == "id" || strings.HasSuffix(path, ".id") || strings.HasSuffix(path, "Id")
		list = append(list, column{strings.ToUpper(title), strings.Split(path, "."), whole})
	}
	return list
}

var errAnswer = errors.New("the answer is not JSON; --json shows it as it came")

// decode reads an answer and keeps its numbers as they are written.
func decode(body []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var document any
	if err := d.Decode(&document); err != nil {
		return nil, errAnswer
	}
	return document, nil
}

// dig returns the value at a path of names, nil where there is none.
func dig(document any, path []string) any {
	for _, name := range path {
		object, ok := document.(map[string]any)
		if !ok {
			return nil
		}
		document = object[name]
	}
	return document
}

// sections prints the parts of an answer that are there.
func (p *printer) sections(document any, list []section) error {
	for _, s := range list {
		value := document
		if s.at != "" {
			value = dig(document, strings.Split(s.at, "."))
		}
		var err error
		switch v := value.(type) {
		case []any:
			if len(v) > 0 || s.title == "" {
				err = errors.Join(p.head(s.title), p.table(s.columns, v))
			}
		case map[string]any:
			err = errors.Join(p.head(s.title), p.record(s.columns, v))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// cells returns the texts of a thing.
func cells(columns []column, thing any) []string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = display(dig(thing, c.path))
	}
	return list
}

// display is how a value is shown to people: times are local, lists have commas, nothing is a dash.
func display(value any) string {
	switch v := value.(type) {
	case nil:
		return "-"
	case string:
		return displayText(v)
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case json.Number:
		return v.String()
	case []any:
		return displayList(v)
	}
	return compact(value)
}

func displayText(text string) string {
	if text == "" {
		return "-"
	}
	if len(text) >= len("2006-01-02T15:04:05Z") && text[4] == '-' {
		if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
			return at.Local().Format(time.DateTime)
		}
	}
	return clean(text)
}

func displayList(list []any) string {
	texts := make([]string, len(list))
	for i, item := range list {
		switch item.(type) {
		case map[string]any, []any:
			return compact(list)
		}
		texts[i] = display(item)
	}
	if len(texts) == 0 {
		return "-"
	}
	return strings.Join(texts, ", ")
}

// compact is a value as JSON on one line.
func compact(value any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return "?"
	}
	return clean(strings.TrimSpace(b.String()))
}

// clean keeps a text from others on its line and away from the terminal's own commands.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r):
			return '·'
		}
		return r
	}, text)
}

// terminal is what printer asks of a file.
type terminal interface {
	io.Writer
	Fd() uintptr
}
