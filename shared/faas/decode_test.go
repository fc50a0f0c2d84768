package faas

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"diom.io/workflow/shared/fault"
)

func TestDecode(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1)
	tests := []struct {
		name, body    string
		want          error
		pointer, code string
	}{
		{"fields", `{"name":"a","lines":[{"amount":1.5}]}`, nil, "", ""},
		{"white space after", "{} \n", nil, "", ""},
		{"unknown field", `{"name":"a","nome":1}`, ErrBadJSON, "/nome", "unknown_field"},
		{"unknown field inside", `{"lines":[{"amount":1},{"amuont":1}]}`, ErrBadJSON, "/lines/1/amuont", "unknown_field"},
		{"unknown field with a slash", `{"a/b~":1}`, ErrBadJSON, "/a~1b~0", "unknown_field"},
		{"type", `{"name":7}`, ErrBadType, "/name", "bad_type"},
		{"type inside", `{"name":"x","lines":[{"amount":1},{"amount":"2"}],"count":1}`, ErrBadType, "/lines/1/amount", "bad_type"},
		{"object for a number", `{"count":{"a":1}}`, ErrBadType, "/count", "bad_type"},
		{"fraction for an integer", `{"count":1.5}`, ErrBadType, "/count", "bad_type"},
		{"array for the body", `[]`, ErrBadType, "", "bad_type"},
		{"syntax", `{"name":"a",}`, ErrBadJSON, "/name", "syntax"},
		{"syntax inside", `{"lines":[{"amount":x}]}`, ErrBadJSON, "/lines/0/amount", "syntax"},
		{"ends early", `{"name":`, ErrBadJSON, "", "syntax"},
		{"second value", `{}{}`, ErrBadJSON, "", "second_value"},
		{"garbage after", `{}x`, ErrBadJSON, "", "second_value"},
		{"too deep", `{"values":` + deep + `}`, ErrBadJSON, "", "too_deep"},
		{"brackets in a string", `{"name":"` + strings.Repeat("[", 100) + `\"[["}`, nil, "", ""},
		{"not UTF-8", "{\"name\":\"\xff\"}", ErrBadJSON, "", "bad_utf8"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var in item
			err := decode([]byte(tc.body), &in)
			if !errors.Is(err, tc.want) {
				t.Fatalf("got %v, want %v", err, tc.want)
			}
			if tc.want == nil {
				return
			}
			d := fault.From(err).Details[0]
			if d.Pointer != tc.pointer || d.Code != tc.code {
				t.Errorf("got %q %q, want %q %q: %s", d.Pointer, d.Code, tc.pointer, tc.code, d.Detail)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{}`, `{"name":1}`, `{"lines":[{"x":1}]}`, `[[`, `{"a":{"b":[]}}}`, `"\`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		var in item
		err := decode([]byte(body), &in)
		if err != nil && fault.From(err) == nil {
			t.Errorf("unclassified: %v", err)
		}
		if err == nil && strings.TrimSpace(body) != "" && !json.Valid([]byte(body)) {
			t.Errorf("accepted %q", body)
		}
	})
}
