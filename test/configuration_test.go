package test

import (
	"fmt"
	"path"
	"regexp"
	"strings"
	"testing"
)

var (
	envTag  = regexp.MustCompile("`[^`]*\\benv:\"([^\",]+)")
	envRead = regexp.MustCompile(`os\.(?:Getenv|LookupEnv)\(([^)]*)\)`)
)

// undocumented lists the settings that files declare or read and that a document does not name in a row of
// its own.
func undocumented(files []file, text string) []string {
	var breaches []string
	for _, f := range files {
		if top, _, _ := strings.Cut(f.path, "/"); f.isTest() || isSupport(f.pkg()) || top == "bench" || top == "test" || f.pkg() == "cmd/diom/client" { // described by docs/cli.md
			continue
		}
		var names []string
		for _, m := range envTag.FindAllSubmatch(f.text, -1) {
			names = append(names, string(m[1]))
		}
		for _, m := range envRead.FindAllSubmatch(f.text, -1) {
			names = append(names, resolve(files, f.pkg(), string(m[1])))
		}
		for _, name := range names {
			if !strings.Contains(text, "\n| `"+name+"` |") {
				breaches = append(breaches, fmt.Sprintf("%s: the setting %s is not in docs/configuration.md", f.path, name))
			}
		}
	}
	return breaches
}

// resolve returns what an argument is: a literal, or a constant of the package.
func resolve(files []file, pkg, argument string) string {
	if text, quoted := strings.CutPrefix(argument, `"`); quoted {
		return strings.TrimSuffix(text, `"`)
	}
	constant := regexp.MustCompile(`\b` + regexp.QuoteMeta(argument) + `\s*=\s*"([^"]*)"`)
	for _, f := range files {
		if m := constant.FindSubmatch(f.text); m != nil && path.Dir(f.path) == pkg {
			return string(m[1])
		}
	}
	return argument
}

// TestSettingsAreDocumented: what a process reads from its environment is in docs/configuration.md.
func TestSettingsAreDocumented(t *testing.T) {
	t.Parallel()
	report(t, undocumented(sources(t), document(t, "docs/configuration.md")))
}

// TestSettingsFindsPlantedBreaches: a setting that the document does not have is found, however it is read.
func TestSettingsFindsPlantedBreaches(t *testing.T) {
	t.Parallel()
	const text = "| setting |\n|---|\n| `A` | text |\n"
	for name, c := range map[string]struct {
		source   string
		breaches int
	}{
		"documented tag":   {"package x\ntype s struct { A string `env:\"A\" envDefault:\"B\"` }", 0},
		"tag":              {"package x\ntype s struct { A string `json:\"a\" env:\"B,required\"` }", 1},
		"documented read":  {"package x\nimport \"os\"\nvar v = os.Getenv(\"A\")", 0},
		"read":             {"package x\nimport \"os\"\nvar v, ok = os.LookupEnv(\"B\")", 1},
		"constant":         {"package x\nimport \"os\"\nconst name = \"B\"\nvar v = os.Getenv(name)", 1},
		"unknown argument": {"package x\nimport \"os\"\nfunc f(name string) string { return os.Getenv(name) }", 1},
	} {
		if got := undocumented([]file{planted(t, "shared/x/x.go", c.source)}, text); len(got) != c.breaches {
			t.Errorf("%s: %q", name, got)
		}
	}
}
