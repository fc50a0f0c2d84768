package fault

import (
	_ "embed"
	"strings"
	"sync"
)

// chinese holds a line for each code: the code, a tab, the sentence.
//
//go:embed chinese.tsv
var chinese string

var sentences = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(chinese) {
		if code, text, found := strings.Cut(strings.TrimSpace(line), "\t"); found {
			all[code] = text
		}
	}
	return all
})

// Chinese returns what a code means in Chinese, or "". It is the general sentence of the code.
func Chinese(code string) string { return sentences()[code] }
