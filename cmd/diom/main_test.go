package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"diom.io/workflow/cmd/diom/local"
	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/manifest"
)

// asDiom lets the test binary be diom.
const asDiom = "DIOM_TEST_AS_DIOM"

// TestMain lets the test binary be the processes that dev and the tests of the command line start: they run
// this executable.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "serve" || os.Getenv(asDiom) != "" {
		os.Exit(run())
	}
	os.Exit(m.Run())
}

// execute runs a command line and returns what it prints.
func execute(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	cmd := root()
	cmd.SetArgs(arguments)
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func TestGeneratedFilesAreClean(t *testing.T) {
	t.Parallel()
	differ, err := manifest.Check("../..", functions, reference())
	if err != nil {
		t.Fatal(err)
	}
	if len(differ) > 0 {
		t.Errorf("make gen and commit: %q", differ)
	}
}

func TestEachFunctionIsListedAndInItsDirectory(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir("../../functions")
	if err != nil {
		t.Fatal(err)
	}
	var directories []string
	for _, e := range entries {
		directories = append(directories, e.Name())
	}
	listed := names()
	slices.Sort(listed)
	if !slices.Equal(directories, listed) {
		t.Errorf("directories %q, functions.go %q", directories, listed)
	}
	for _, f := range functions {
		if err := f.Check(); err != nil {
			t.Error(err)
		}
	}
}

// TestProcessesKnowTheirNeighbours: each process of a function reaches receive-event, where its relay
// sends events, and is its own clock.
func TestProcessesKnowTheirNeighbours(t *testing.T) {
	all, urls, err := place()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != replicas*(len(functions)-1) {
		t.Errorf("%d processes for %d functions", len(all), len(functions))
	}
	h, err := local.OpenHome(t.TempDir(), func(string, ...any) {})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	command, err := process(h, "tick", all[0].address, separateEnvironment(urls)...)
	if err != nil {
		t.Fatal(err)
	}
	for _, setting := range command.Env {
		name, value, _ := strings.Cut(setting, "=")
		t.Setenv(name, value)
	}
	cfg, err := config.Load()
	if err != nil {
		t.Fatal(err)
	}
	if !cfg.SelfSchedule || cfg.Sink != "" || cfg.Addr != all[0].address.String() {
		t.Errorf("settings %+v", cfg)
	}
	for _, one := range all {
		if found := cfg.FunctionURLs(one.function); len(found) != replicas || !slices.Contains(found, one.address.url()) {
			t.Errorf("%s is reached at %q, not at %s", one.function, found, one.address.url())
		}
	}
}

func TestCommandsSayWhatIsWrong(t *testing.T) {
	t.Setenv("DIOM_MYSQL_DSN", "")
	t.Setenv("DIOM_SECRETS_DIR", t.TempDir())
	t.Setenv("DIOM_HOME", t.TempDir())
	t.Setenv("DIOM_CONFIG_DIR", t.TempDir())
	for line, want := range map[string]string{
		"serve nothing":            `there is no function "nothing"; there are: gateway`,
		"serve tasks users":        "accepts at most 1 arg",
		"serve tasks":              "DIOM_MYSQL_DSN is not set",
		"migrate":                  "DIOM_MYSQL_DSN is not set",
		"user create --admin x":    "DIOM_MYSQL_DSN is not set",
		"user create --database x": "DIOM_MYSQL_DSN is not set",
		"user create x":            "not logged in",
		"dev -- true":              "with --services only",
		"nonsense":                 `unknown command "nonsense"`,
		"dev --bad":                "unknown flag",
		"gen --check --root":       "flag needs an argument",
	} {
		if _, err := execute(t, strings.Fields(line)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("diom %s: %v, want %q", line, err, want)
		}
	}
}

func TestGenWritesWhatItChecks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, source := range []string{"functions", "shared"} { // docs/errors.md comes from them
		if err := os.CopyFS(filepath.Join(dir, source), os.DirFS(filepath.Join("../..", source))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := execute(t, "gen", "--check", "--root", dir); err == nil || !strings.Contains(err.Error(), "stack.yml") {
		t.Errorf("nothing is generated yet: %v", err)
	}
	out, err := execute(t, "gen", "--root", dir)
	if err != nil || !strings.Contains(out, "stack.yml") {
		t.Fatalf("gen: %q, %v", out, err)
	}
	if _, err := execute(t, "gen", "--check", "--root", dir); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "stack.yml"), []byte("version: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := execute(t, "gen", "--check", "--root", dir); err == nil {
		t.Error("a changed file is not noticed")
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	out, err := execute(t, "version")
	if err != nil || strings.TrimSpace(out) == "" {
		t.Errorf("version: %q, %v", out, err)
	}
}
