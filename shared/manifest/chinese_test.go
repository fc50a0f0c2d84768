package manifest

import (
	"os"
	"testing"

	"diom.io/workflow/shared/fault"
)

// Every code that the sources declare has a sentence in Chinese.
func TestErrorsSpeakChinese(t *testing.T) {
	t.Parallel()
	list, err := sentinels(os.DirFS("../.."))
	if err != nil || len(list) == 0 {
		t.Fatalf("%d codes, %v", len(list), err)
	}
	for _, s := range list {
		if fault.Chinese(s.code) == "" {
			t.Errorf("%s (%s) has no line in shared/fault/chinese.tsv", s.code, s.where)
		}
	}
	if fault.Chinese("no such code") != "" {
		t.Error("what is no code has a sentence")
	}
}
