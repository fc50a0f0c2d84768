package test

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

// proof is how docs/security/asvs.md names a test: the directory and the function, and the class of attacks behind a slash.
var (
	proof       = regexp.MustCompile("`([a-z][a-z0-9/]*) (Test\\w+)(?:/([a-z-]+))?`")
	requirement = regexp.MustCompile(`^\| V\d+\.\d+\.\d+ \|`)
)

// unproved lists the rows of the table of what is held whose test there is not, and tests that are named elsewhere.
func unproved(text string, root fs.FS) []string {
	held, _, _ := strings.Cut(text, "## Does not apply")
	var breaches []string
	for line := range strings.Lines(held) {
		named := proof.FindAllStringSubmatch(line, -1)
		if requirement.MatchString(line) && len(named) != 1 {
			breaches = append(breaches, "no test: "+strings.TrimSpace(line))
		}
		for _, n := range named {
			if !declares(root, n[1], "func "+n[2]+"(t *testing.T)") || n[3] != "" && !declares(root, n[1], `class{"`+n[3]+`"`) {
				breaches = append(breaches, fmt.Sprintf("there is no %s in %s", strings.TrimPrefix(n[2]+"/"+n[3], "/"), n[1]))
			}
		}
	}
	return breaches
}

// declares reports whether a test file of a directory holds a text.
func declares(root fs.FS, dir, text string) bool {
	files, err := fs.Glob(root, path.Join(dir, "*_test.go"))
	if err != nil {
		return false
	}
	for _, name := range files {
		if content, err := fs.ReadFile(root, name); err == nil && strings.Contains(string(content), text) {
			return true
		}
	}
	return false
}

func TestRequirementsOfASVSHaveTests(t *testing.T) {
	t.Parallel()
	text := document(t, "docs/security/asvs.md")
	if n := len(proof.FindAllString(text, -1)); n < 80 {
		t.Errorf("%d tests are named", n)
	}
	report(t, unproved(text, os.DirFS("..")))
}

func TestUnprovedRequirementsAreFound(t *testing.T) {
	t.Parallel()
	for line, breaches := range map[string]int{
		"| V1.1.1 | x | `shared/access TestParse` |":           0,
		"| V1.1.1 | x | `test/attacks TestAttacks/sql` |":      0,
		"| V1.1.1 | x | `test/attacks TestAttacks/no-class` |": 1,
		"| V1.1.1 | x | `shared/access TestThatThereIsNot` |":  1,
		"| V1.1.1 | x | `shared/nowhere TestParse` |":          1,
		"| V1.1.1 | x | it is so |":                            1,
		"## Does not apply\n| V1.1.1 | x | because |":          0,
	} {
		if found := unproved(line, os.DirFS("..")); len(found) != breaches {
			t.Errorf("%s: %q", line, found)
		}
	}
}
