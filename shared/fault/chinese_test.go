package fault_test

import (
	"testing"

	"diom.io/workflow/shared/fault"
)

// What is known of a case is not lost in the other language.
func TestExplain(t *testing.T) {
	t.Parallel()
	e := fault.New(fault.TooLarge, "body_too_large", "The body of the request is too large.")
	for name, tc := range map[string]struct{ got, want string }{
		"English":    {e.Explain(false), "The body of the request is too large."},
		"Chinese":    {e.Explain(true), "请求正文过大。"},
		"precise":    {e.Withf("More than %d bytes.", 5).Explain(true), "请求正文过大。（More than 5 bytes.）"},
		"no Chinese": {fault.New(fault.Invalid, "of_a_test", "Only here.").Explain(true), "Only here."},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: %q, want %q", name, tc.got, tc.want)
		}
	}
}
