package faas

import (
	"strings"
	"testing"
)

func TestReadTrace(t *testing.T) {
	t.Parallel()
	const trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	tests := map[string]bool{
		"00-" + trace + "-" + parent + "-01":                   true,
		"00-" + trace + "-" + parent + "-00":                   true,
		"cc-" + trace + "-" + parent + "-01-more":              true,
		"00-" + trace + "-" + parent + "-01-more":              false,
		"ff-" + trace + "-" + parent + "-01":                   false,
		"00-" + strings.ToUpper(trace) + "-" + parent + "-01":  false,
		"00-" + strings.Repeat("0", 32) + "-" + parent + "-01": false,
		"00-" + trace + "-" + strings.Repeat("0", 16) + "-01":  false,
		"": false, "00": false,
	}
	for header, kept := range tests {
		got := readTrace(header)
		if (got.id == trace) != kept {
			t.Errorf("%q: %s", header, got.id)
		}
		if got.span == parent || len(got.header()) != 55 {
			t.Errorf("%q: the call has no span of its own: %s", header, got.header())
		}
	}
}
