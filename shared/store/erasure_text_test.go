package store

import "testing"

// What looks like a person's name or mail, but is a part of something else, stays.
func TestErasedTexts(t *testing.T) {
	t.Parallel()
	name, mail, words := term{Text: "李娜"}, term{Text: "li.na@x.cn", Mail: true}, term{Text: "Li Na"}
	name.know(somebody{"linana", "李娜娜", ""})
	for text, want := range map[string]string{
		"李娜":                        "*",
		"请李娜与李娜娜，还有李娜":              "请*与李娜娜，还有*",
		"li.na@x.cn":                "*",
		"<li.na@x.cn>, li.na@x.cn.": "<*>, *.",
		"a.li.na@x.cn":              "a.li.na@x.cn",
		"li.na@x.cn.example":        "li.na@x.cn.example",
		"xli.na@x.cn":               "xli.na@x.cn",
		"li.na@x.cnn":               "li.na@x.cnn",
		"Li Na, Li Nan, PiLi Na":    "*, Li Nan, PiLi Na",
		"nothing":                   "nothing",
	} {
		if got := (terms{list: []term{mail, name, words}, pseudonym: "*"}).replace(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// A name that somebody else has, too, is replaced only where the documents name the person alone.
func TestErasedNamesakes(t *testing.T) {
	t.Parallel()
	name := term{Text: "李娜"}
	name.know(somebody{"lina2", "李娜", ""})
	all := terms{list: []term{name}, username: "lina", pseudonym: "*"}
	for document, want := range map[string]int{`{"starter":"lina"}`: 1, `{"starter":"lina","assignee":"lina2"}`: 0, `{"starter":"lina2"}`: 0, `{}`: 0} {
		if got := all.among([]byte(document)); len(got.list) != want {
			t.Errorf("%s: %d", document, len(got.list))
		}
	}
}

// Of a state only what people have filled in is rewritten, and numbers stay as they are.
func TestErasedDocuments(t *testing.T) {
	t.Parallel()
	all := terms{list: []term{{Text: "active"}}, pseudonym: "*"}
	for _, c := range []struct {
		from, want string
		all        bool
	}{
		{`{"state":"active","variables":{"a":"active","n":12345678901234567890.10}}`, `{"state":"active","variables":{"a":"*","n":12345678901234567890.10}}`, false},
		{`[{"comment":"active","kind":"active","why":[{"inputs":{"x":["active"]}}]}]`, `[{"comment":"*","kind":"active","why":[{"inputs":{"x":["*"]}}]}]`, false},
		{`{"state":"active"}`, `{"state":"*"}`, true},
		{`it is active`, `it is *`, true},
		{`12 active`, `12 *`, true},
	} {
		if got, err := all.document([]byte(c.from), c.all); err != nil || string(got) != c.want {
			t.Errorf("%s: %s %v", c.from, got, err)
		}
	}
	if list := termsOf(User{Username: "a@x.cn", Email: "a@x.cn", DisplayName: "王"}); len(list) != 0 {
		t.Errorf("%+v", list)
	}
}
