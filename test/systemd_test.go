package test

import (
	"os"
	"os/exec"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// exposure is what `systemd-analyze security` says of a unit: 0 is best, 10 worst.
var exposure = regexp.MustCompile(`Overall exposure level for .*: ([0-9.]+)`)

const mostExposed = 2.0

// systemd understands the units, and finds them well closed.
func TestUnits(t *testing.T) {
	t.Parallel()
	units := glob(t, "deploy/systemd/*.service")
	if len(units) != 4 {
		t.Fatalf("%q", units)
	}
	program, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	dir := t.TempDir()
	for _, unit := range units {
		// The program of a unit is looked for: here any will do.
		text := strings.Replace(document(t, unit), "ExecStart=/usr/local/bin/diom", "ExecStart=/bin/true", 1)
		if err := os.WriteFile(path.Join(dir, path.Base(unit)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), program, "verify", "--man=no", path.Join(dir, path.Base(unit))).CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Errorf("%s: %s%v", unit, out, err)
		}
		out, err = exec.CommandContext(t.Context(), program, "security", "--offline=true", "--no-pager", path.Join(dir, path.Base(unit))).CombinedOutput()
		found := exposure.FindSubmatch(out)
		if found == nil {
			t.Skipf("systemd-analyze says no exposure: %s%v", out, err)
		}
		if level, err := strconv.ParseFloat(string(found[1]), 64); err != nil || level > mostExposed {
			t.Errorf("%s: exposure %s: %v", unit, found[1], err)
		}
	}
}
