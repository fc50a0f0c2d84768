package platform

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/openfaas/go-sdk/stack"
	"gopkg.in/yaml.v3"
)

// decodeStack is stricter than faas-cli, which passes over unknown keys.
func decodeStack(content []byte) (stack.Services, error) {
	var s stack.Services
	d := yaml.NewDecoder(bytes.NewReader(content))
	d.KnownFields(true)
	err := d.Decode(&s)
	return s, err
}

func services(t *testing.T, file string) stack.Services {
	t.Helper()
	s, err := decodeStack(read(t, file))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// pro are the labels that OpenFaaS CE refuses (faas-netes, pkg/handlers/validate.go).
var pro = []string{"com.openfaas.scale.type", "com.openfaas.scale.target", "com.openfaas.scale.zero", "com.openfaas.scale.zero-duration"}

// refusals lists why OpenFaaS CE would refuse a stack.
func refusals(s stack.Services) []string {
	var list []string
	if len(s.Functions) == 0 || len(s.Functions) > 15 {
		list = append(list, fmt.Sprintf("%d functions", len(s.Functions)))
	}
	for name, f := range s.Functions {
		if f.Labels != nil {
			list = append(list, labelRefusals(name, *f.Labels)...)
		}
	}
	return list
}

func labelRefusals(name string, labels map[string]string) []string {
	var list []string
	for _, label := range pro {
		if _, found := labels[label]; found {
			list = append(list, name+": label "+label)
		}
	}
	for _, label := range []string{"com.openfaas.scale.min", "com.openfaas.scale.max"} {
		if n, err := strconv.Atoi(labels[label]); err != nil || n < 1 || n > 5 {
			list = append(list, name+": "+label+" "+labels[label])
		}
	}
	return list
}

func TestStackDeploysOnCE(t *testing.T) {
	t.Parallel()
	s := services(t, "stack.yml")
	if s.Version != "1.0" || s.Provider.Name != "openfaas" {
		t.Errorf("version %q, provider %q", s.Version, s.Provider.Name)
	}
	for _, r := range refusals(s) {
		t.Error(r)
	}
}

func TestStackNamesEveryFunction(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir(filepath.Join(root(t), "functions"))
	if err != nil {
		t.Fatal(err)
	}
	var directories []string
	for _, e := range entries {
		if e.IsDir() {
			directories = append(directories, e.Name())
		}
	}
	if names := slices.Sorted(maps.Keys(services(t, "stack.yml").Functions)); !slices.Equal(directories, names) {
		t.Errorf("functions/ has %v, stack.yml %v", directories, names)
	}
}

// A checker that finds nothing in a spoiled file is none.
func TestStackCheckersFindPlantedBugs(t *testing.T) {
	t.Parallel()
	good := string(read(t, "stack.yml"))
	if _, err := decodeStack([]byte(strings.Replace(good, "handler:", "hndler:", 1))); err == nil {
		t.Error("a mistyped key passes")
	}
	if _, err := decodeStack([]byte(strings.Replace(good, "    handler:", "    schedule: \"* * * * *\"\n    handler:", 1))); err == nil {
		t.Error("a schedule of a function passes")
	}
	for name, change := range map[string][2]string{
		"six replicas": {`com.openfaas.scale.max: "5"`, `com.openfaas.scale.max: "6"`},
		"scale type":   {`com.openfaas.scale.max: "5"`, "com.openfaas.scale.max: \"5\"\n      com.openfaas.scale.type: rps"},
	} {
		s, err := decodeStack([]byte(strings.Replace(good, change[0], change[1], 1)))
		if err != nil {
			t.Fatal(err)
		}
		if len(refusals(s)) == 0 {
			t.Errorf("%s pass", name)
		}
	}
	s := services(t, "stack.yml")
	for i := range 15 {
		s.Functions["extra"+strconv.Itoa(i)] = stack.Function{}
	}
	if len(refusals(s)) == 0 {
		t.Error("more than 15 functions pass")
	}
}
