package excerpt_test

import (
	"testing"

	"diom.io/workflow/shared/excerpt"
)

func TestExcerpts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text                string
		n                   int
		of, fit, cut, bytes string
	}{
		{"", 3, "", "", "", ""}, {"abc", 3, "abc", "abc", "abc", "abc"}, {"abcd", 3, "abc…", "ab…", "abc", "abc…"},
		{"审批通过", 4, "审批通过", "审批通过", "审批通过", "审…"}, {"审批通过", 3, "审批通…", "审批…", "审批通", "审…"}, {"审批", 2, "审批", "审批", "审批", "…"}, {"é\xff\xffx", 2, "é\xff…", "é…", "é\xff", "é…"},
	} {
		of, fit, cut, bytes := excerpt.Of(c.text, c.n), excerpt.Fit(c.text, c.n), excerpt.Cut(c.text, c.n), excerpt.Bytes(c.text, c.n)
		if of != c.of || fit != c.fit || cut != c.cut || bytes != c.bytes {
			t.Errorf("%q to %d: %q %q %q %q", c.text, c.n, of, fit, cut, bytes)
		}
	}
}
