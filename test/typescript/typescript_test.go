// Package typescript holds a test that the client in TypeScript, which is written from openapi.yaml, type-checks.
package typescript

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const source = "../../client/typescript"

// client is a copy of the client's sources, with what npm installs by the lock file and the types of openapi.yaml.
func client(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("npm installs packages")
	}
	if _, err := exec.LookPath("npm"); err != nil {
		t.Fatal("the client in TypeScript is not checked: there is no Node.js with npm here")
	}
	root := t.TempDir()
	dir := filepath.Join(root, "client", "typescript")
	for from, to := range map[string]string{
		"package.json": dir, "package-lock.json": dir, "tsconfig.json": dir, "src/client.ts": dir, "src/example.ts": dir, "../../openapi.yaml": dir,
	} {
		raw, err := os.ReadFile(filepath.Join(source, from))
		if err != nil {
			t.Fatal(err)
		}
		target := filepath.Join(to, from)
		if err := os.MkdirAll(filepath.Dir(target), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(target, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run(t, dir, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline")
	run(t, dir, "npm", "run", "--silent", "generate")
	return dir
}

func run(t *testing.T, dir string, command ...string) {
	t.Helper()
	if out, err := try(t.Context(), dir, command...); err != nil {
		t.Fatalf("%s: %v: %s", strings.Join(command, " "), err, out)
	}
}

func try(ctx context.Context, dir string, command ...string) (string, error) {
	c := exec.CommandContext(ctx, command[0], command[1:]...)
	c.Dir = dir
	out, err := c.CombinedOutput()
	return string(out), err
}

// The example compiles; one that misuses an operation does not.
func TestClientTypeChecks(t *testing.T) {
	t.Parallel()
	dir := client(t)
	run(t, dir, "npm", "run", "--silent", "check")
	for name, wrong := range map[string]string{
		"path":   `await client.GET("/api/v1/lunch");`,
		"field":  `await client.POST("/api/v1/tasks:search", { body: { limit: "ten" } });`,
		"answer": `const n: number = (await client.GET("/api/v1/home")).data!.announcement;`,
	} {
		text := "import { diom } from \"./client.js\";\nconst client = diom({ baseUrl: \"http://localhost\" });\nexport async function wrong() { " + wrong + " }\n"
		if err := os.WriteFile(filepath.Join(dir, "src", "wrong.ts"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := try(t.Context(), dir, "npm", "run", "--silent", "check"); err == nil || !strings.Contains(out, "wrong.ts") {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
}
