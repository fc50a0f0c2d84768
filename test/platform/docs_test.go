package platform

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/test/platform/lint"
)

var shell = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

// commands are those of the sections of a document whose headings begin so, in their order.
func commands(t *testing.T, document string, headings ...string) string {
	t.Helper()
	var b strings.Builder
	for section := range strings.SplitSeq(string(read(t, document)), "\n## ") {
		if slices.ContainsFunc(headings, func(h string) bool { return strings.HasPrefix(section, h) }) {
			for _, m := range shell.FindAllStringSubmatch(section, -1) {
				b.WriteString(m[1])
			}
		}
	}
	return b.String()
}

// follow runs commands in a folder, in one shell that stops at the first failure. The named programs only
// note how they are called; follow returns the notes, and what was printed.
func follow(t *testing.T, folder, script string, stubs map[string]string) (calls []string, out string) {
	t.Helper()
	bin := t.TempDir()
	for name, does := range stubs {
		text := "#!/bin/sh\necho \"" + name + " $*\" >> " + bin + "/calls\n" + does + "\n"
		if err := os.WriteFile(filepath.Join(bin, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	run := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script)
	run.Dir, run.Env = folder, []string{"PATH=" + bin + ":/usr/bin:/bin", "HOME=" + folder}
	printed, err := run.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, printed)
	}
	noted, err := os.ReadFile(filepath.Join(bin, "calls"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(noted)), "\n"), string(printed)
}

// program builds diom and returns its path.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "diom")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-o", path, "./cmd/diom") // shares what the functions' builds have compiled
	build.Dir, build.Env = root(t), append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// createdBy returns the secrets that calls create.
func createdBy(calls []string, command string) []string {
	var list []string
	for _, call := range calls {
		if rest, found := strings.CutPrefix(call, command); found {
			name, _, _ := strings.Cut(rest, " ")
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// TestKnativeInstructions: the page can be followed literally, with kubectl and ko noted and not run, diom run: the
// secrets that the manifests want are made, and the kustomization that it has people write is a good one.
func TestKnativeInstructions(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	t.Parallel()
	folder := t.TempDir()
	if err := os.CopyFS(filepath.Join(folder, "knative"), os.DirFS(filepath.Join(root(t), "knative"))); err != nil {
		t.Fatal(err)
	}
	script := commands(t, "docs/operations/knative.md", "2. ", "3. ", "4. ", "5. ", "6. ", "Upgrading")
	const image = "registry.example/diom@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	calls, _ := follow(t, folder, script, map[string]string{"kubectl": "", "ko": "echo " + image, "curl": "", "make": "mkdir -p dist && cp " + program(t) + " dist/diom"})
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join(folder, "dist/knative"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := made.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	s := set(t, string(text))
	s.Secrets = createdBy(calls, "kubectl -n diom create secret generic ")
	if findings := lint.Check(s); len(findings) > 0 || len(s.Secrets) < 7 {
		t.Errorf("secrets %q: %q", s.Secrets, findings)
	}
	if strings.Contains(string(text), "ko://") || !strings.Contains(string(text), image) {
		t.Error("the image is not set")
	}
	for _, want := range []string{"kubectl apply -k dist/knative", "kubectl -n diom wait --for=condition=Complete job/diom-migrate --timeout=10m"} {
		if !slices.Contains(calls, want) {
			t.Errorf("%s is not called: %q", want, calls)
		}
	}
	if file := knativeFile(t, calls); file != "knative/base/namespace.yaml" {
		t.Errorf("the namespace is made of %q", file)
	}
}

// knativeFile is the first file that is applied; it must exist.
func knativeFile(t *testing.T, calls []string) string {
	t.Helper()
	for _, call := range calls {
		if file, applied := strings.CutPrefix(call, "kubectl apply -f "); applied {
			read(t, file)
			return file
		}
	}
	return ""
}

// TestOpenFaaSInstructions: likewise, with the program itself run: it migrates, and makes the first
// administrator.
func TestOpenFaaSInstructions(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program and needs a database")
	}
	t.Parallel()
	folder, dsn := t.TempDir(), databasetest.DSN(t)
	build := "mkdir -p dist && cp " + program(t) + " dist/diom"
	if err := os.WriteFile(filepath.Join(folder, "openfaas-password"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	script := commands(t, "docs/operations/openfaas.md", "2. ", "3. ", "4. ")
	for from, to := range map[string]string{
		"diom:PASSWORD@tcp(mysql.example:3306)/diom_workflow": dsn, "diom_owner:OWNER-PASSWORD@tcp(mysql.example:3306)/diom_workflow": dsn,
		"redis://redis.example:6379/0": databasetest.Redis(t),
	} {
		script = spoil(t, script, "*"+from, to)
	}
	calls, out := follow(t, folder, script, map[string]string{
		"faas-cli": "", "git": "echo abc", "make": build,
	})
	if !strings.Contains(out, "the schema is up to date") || !strings.Contains(out, "created zhangsan with the password ") {
		t.Errorf("%s", out)
	}
	secrets := createdBy(calls, "faas-cli secret create ")
	for _, file := range []string{"stack.yml", "stack.pro.yml"} {
		if faults := stackFaults(services(t, file), secrets); len(faults) > 0 {
			t.Errorf("%s: %q", file, faults)
		}
	}
	for _, want := range []string{"make build", "faas-cli build -f stack.yml", "faas-cli push -f stack.yml", "faas-cli deploy -f stack.yml"} {
		if !slices.Contains(calls, want) {
			t.Errorf("%s is not called: %q", want, calls)
		}
	}
}
