package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFunctionURLs(t *testing.T) {
	t.Parallel()
	for setting, want := range map[string][]string{
		"":                                      nil,
		"http://gw/function/{function}":         {"http://gw/function/tasks"},
		"http://{function}.a/, http://b/?x=y":   {"http://tasks.a", "http://b/?x=y"},
		"users=http://h:1|http://h:2":           nil,
		"users=http://h:1,tasks=http://h:3":     {"http://h:3"},
		"http://t/{function},tasks=http://h:1/": {"http://h:1", "http://t/tasks"},
		"tasks=http://h:1|http://h:2/,,x=http:": {"http://h:1", "http://h:2"},
	} {
		if got := (Config{Functions: setting}).FunctionURLs("tasks"); !cmp.Equal(got, want) {
			t.Errorf("%q: %s", setting, cmp.Diff(want, got))
		}
	}
}
