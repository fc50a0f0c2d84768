package test

import (
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#{1,6} .*$`)
	inline  = regexp.MustCompile("`[^`\n]*`")
	// punctuation is what a heading loses on its way into an anchor.
	punctuation = regexp.MustCompile(`[^\p{L}\p{N}\p{M} _-]`)
)

// document returns a file of the repository.
func document(t *testing.T, name string) string {
	t.Helper()
	text, err := fs.ReadFile(os.DirFS(".."), name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// documents returns every markdown file by its path from the root.
func documents(t *testing.T) map[string]string {
	t.Helper()
	root := os.DirFS("..")
	list := map[string]string{}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skip(root, name)
		}
		if strings.HasSuffix(name, ".md") {
			list[name] = document(t, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// anchors are what links of the same site may point at, as forges make them of headings.
func anchors(text string) []string {
	var list []string
	for _, h := range heading.FindAllString(fence.ReplaceAllString(text, ""), -1) {
		h = strings.ToLower(strings.TrimSpace(strings.TrimLeft(h, "#")))
		list = append(list, strings.ReplaceAll(punctuation.ReplaceAllString(h, ""), " ", "-"))
	}
	return list
}

// broken lists the links of documents that lead nowhere in root.
func broken(root fs.FS, documents map[string]string) []string {
	var breaches []string
	for name, text := range documents {
		text = inline.ReplaceAllString(fence.ReplaceAllString(text, ""), "")
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if complaint := follow(root, documents, name, m[1]); complaint != "" {
				breaches = append(breaches, fmt.Sprintf("%s: %s: %s", name, m[1], complaint))
			}
		}
	}
	return breaches
}

// follow says what is wrong with one link, or "". Links to other sites are not followed.
func follow(root fs.FS, documents map[string]string, from, to string) string {
	u, err := url.Parse(to)
	if err != nil {
		return err.Error()
	}
	if u.Scheme != "" {
		return ""
	}
	target := from
	if u.Path != "" {
		target = path.Join(path.Dir(from), u.Path)
	}
	if _, err := fs.Stat(root, target); err != nil {
		return "there is no such file"
	}
	if u.Fragment != "" && !slices.Contains(anchors(documents[target]), u.Fragment) {
		return "there is no such heading"
	}
	return ""
}

func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	list := documents(t)
	if len(list) < 10 {
		t.Fatalf("only %d documents were found", len(list))
	}
	report(t, broken(os.DirFS(".."), list))
}

// TestReadmesAreEqual: both READMEs have the same commands and headings of the same levels.
func TestReadmesAreEqual(t *testing.T) {
	t.Parallel()
	english, chinese := document(t, "README.md"), document(t, "README.zh-CN.md")
	if diff := cmp.Diff(blocks(english), blocks(chinese), cmp.AllowUnexported(block{})); diff != "" {
		t.Errorf("code blocks, README.md and README.zh-CN.md:\n%s", diff)
	}
	if diff := cmp.Diff(outline(english), outline(chinese)); diff != "" {
		t.Errorf("levels of headings, README.md and README.zh-CN.md:\n%s", diff)
	}
	if len(outline(english)) < 8 || len(blocks(english)) < 8 {
		t.Errorf("the README has %d headings and %d code blocks", len(outline(english)), len(blocks(english)))
	}
}

// outline returns the level of every heading outside of code.
func outline(text string) []int {
	var levels []int
	for _, h := range heading.FindAllString(fence.ReplaceAllString(text, ""), -1) {
		levels = append(levels, strings.IndexByte(h, ' '))
	}
	return levels
}

// makeTarget is a target of the Makefile that a document names.
var makeTarget = regexp.MustCompile("(?m)(?:`|^)make ([a-z][a-z-]*)")

// TestTargetsExist: every `make …` of the documents is a target.
func TestTargetsExist(t *testing.T) {
	t.Parallel()
	makefile := document(t, "Makefile")
	for name, text := range documents(t) {
		for _, m := range makeTarget.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(makefile, "\n"+m[1]+":") {
				t.Errorf("%s: make %s is no target", name, m[1])
			}
		}
	}
}

// named is a Go file that a document names by its path.
var named = regexp.MustCompile("`((?:shared|functions|cmd|migrations|test|bench|examples|template)/[^`\\s*…<>]*)`")

// TestNamedFilesExist: every path below a folder of the repository that a document sets as code is
// there.
func TestNamedFilesExist(t *testing.T) {
	t.Parallel()
	root := os.DirFS("..")
	for name, text := range documents(t) {
		for _, m := range named.FindAllStringSubmatch(text, -1) {
			if _, err := fs.Stat(root, strings.TrimSuffix(m[1], "/")); err != nil {
				t.Errorf("%s: there is no %s", name, m[1])
			}
		}
	}
}

// decision is the first line of an ADR.
var decision = regexp.MustCompile(`^# (\d{4})\. .+\n`)

// TestDecisionsAreNumbered: the ADRs are 0001, 0002, … without a gap, have the three parts, and are in
// the index.
func TestDecisionsAreNumbered(t *testing.T) {
	t.Parallel()
	index := document(t, "docs/adr/README.md")
	var numbers []string
	for name, text := range documents(t) {
		base := path.Base(name)
		if path.Dir(name) != "docs/adr" || base == "README.md" {
			continue
		}
		m := decision.FindStringSubmatch(text)
		if m == nil || !strings.HasPrefix(base, m[1]+"-") {
			t.Errorf("%s: its first line is not “# <number>. <title>” with the number of its name", name)
			continue
		}
		numbers = append(numbers, m[1])
		for _, part := range []string{"Context", "Decision", "Consequences"} {
			if !strings.Contains(text, "\n## "+part+"\n") {
				t.Errorf("%s: there is no part %s", name, part)
			}
		}
		if !strings.Contains(index, "]("+base+")") {
			t.Errorf("%s is not in the index", name)
		}
	}
	slices.Sort(numbers)
	for i, n := range numbers {
		if want := fmt.Sprintf("%04d", i+1); n != want {
			t.Errorf("ADR %s should be %s", n, want)
		}
	}
}

// TestDocumentCheckersFindPlantedBreaches: each checker fails where it should.
func TestDocumentCheckersFindPlantedBreaches(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"# A b\n[x](docs_test.go) [y](#a-b) [z](https://example.com/none) `[c](none)`\n```\n[d](none)\n```\n": 0,
		"[x](none.go)":             1,
		"# A\n[x](#b)":             1,
		"[x](../test/none.go#l)":   1,
		"# 术语 a\n[x](#术语-a)":       0,
		"[x](planted.md#nothing) ": 1,
	} {
		list := map[string]string{"planted.md": text}
		root := os.DirFS(".")
		if got := broken(overlay{root}, list); len(got) != want {
			t.Errorf("%q: %q", text, got)
		}
	}
	if got := outline("# a\n```\n# b\n```\n### c\n"); !slices.Equal(got, []int{1, 3}) {
		t.Errorf("outline %v", got)
	}
}

// overlay is a directory in which planted.md exists.
type overlay struct{ fs.FS }

// Stat answers for planted.md and passes the rest on.
func (o overlay) Stat(name string) (fs.FileInfo, error) {
	if name == "planted.md" {
		name = "docs_test.go"
	}
	return fs.Stat(o.FS, name)
}
