package manifest

import (
	"strings"
	"testing"
	"testing/fstest"

	"diom.io/workflow/shared/faas"
)

func table(t *testing.T, files map[string]string) (string, error) {
	t.Helper()
	root := fstest.MapFS{}
	for name, text := range files {
		root[name] = &fstest.MapFile{Data: []byte(text)}
	}
	got, err := configurationTable(root, []faas.Function{{Name: "gateway"}, {Name: "tasks"}})
	return string(got), err
}

const plainSetting = "package config\nimport \"time\"\ntype Config struct {\n" +
	"\t// Wait is how long to wait\n\t// for Name <x>.\n\tWait time.Duration `env:\"DIOM_WAIT\" envDefault:\"3s\"`\n" +
	"\tName string `env:\"DIOM_NAME,required\"` // Name a|b.\n\tother int\n}\n"

func TestConfigurationTable(t *testing.T) {
	t.Parallel()
	got, err := table(t, map[string]string{
		"shared/config/config.go":      plainSetting,
		"shared/config/config_test.go": "package config\ntype t struct { X string `env:\"DIOM_TEST\"` }",
		"shared/store/storetest/x.go":  "package storetest\nimport \"os\"\nvar x = os.Getenv(\"DIOM_SUPPORT\")",
		"functions/gateway/setting.go": "package gateway\nimport \"os\"\n// The color.\nconst color = \"DIOM_COLOR\"\nvar x, y = os.Getenv(color), os.Getenv(\"DIOM_NAME\")",
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"## Every process\n", "| `DIOM_WAIT` | duration: 500ms, 30s, 1h30m | `3s` | `DIOM_WAIT` is how long to wait for `DIOM_NAME` &lt;x>. |\n",
		"| `DIOM_NAME` | text |  | `DIOM_NAME` a\\|b. |\n", "## The function `gateway`\n", "| `DIOM_COLOR` | text |  | The color. |\n",
		"| every function |", "| `tasks` |", "| nobody |",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in\n%s", want, got)
		}
	}
	if strings.Contains(got, "DIOM_TEST") || strings.Contains(got, "DIOM_SUPPORT") || strings.Count(got, "\n| `DIOM_NAME`") != 1 {
		t.Errorf("a test's setting, or one that is given twice:\n%s", got)
	}
}

// What nothing describes is refused: a setting without a comment, one of a type without a name, a secret.
func TestConfigurationTableRefuses(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]string{
		"no comment":        "package config\ntype c struct { A string `env:\"A\"` }",
		"a type of its own": "package config\ntype c struct {\n// A.\nA color `env:\"A\"`\n}",
		"a plain read":      "package config\nimport \"os\"\nvar a = os.Getenv(\"A\")",
		"a name in between": "package config\nimport \"os\"\nfunc f(name string) string { return os.Getenv(name) }",
		"a bare constant":   "package config\nimport \"os\"\nconst name = \"A\"\nvar a, _ = os.LookupEnv(name)",
		"no Go":             "package",
	} {
		if _, err := table(t, map[string]string{"shared/config/config.go": source}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := configurationTable(fstest.MapFS{}, []faas.Function{{Name: "x", Secrets: []string{"diom-unknown"}}}); err == nil {
		t.Error("a secret that nothing describes: no error")
	}
}
