package test

import (
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// addedBy is how many files adding an activity touches at most: the table of elements, the registry of behaviors, a
// file of its own, a model and a trace (CONTRIBUTING.md).
const addedBy = 5

// activities are those that the recipe is for, by their names in Go. What an event or a gateway does is a rule
// about several elements; a sub-process and a receive task are half events.
var activities = []string{"Task", "ManualTask", "ServiceTask", "SendTask", "BusinessRuleTask", "ScriptTask", "UserTask", "CallActivity", "Transaction"}

// tables may name every element, as the recipe says.
var tables = []string{"shared/bpmn/element.go", "shared/engine/behavior.go"}

// naming lists the files of the product that name an element: by its constant, or by its name in a model.
func naming(files []file, element string) []string {
	model := strings.ToLower(element[:1]) + element[1:]
	names := regexp.MustCompile(`\bElement` + element + `\b|"` + model + `"`)
	var list []string
	for _, f := range files {
		about := slices.Contains([]string{"shared/bpmn", "shared/engine", "shared/soundness"}, f.pkg())
		if element == "Task" { // a word of many meanings
			names = regexp.MustCompile(`\bElementTask\b`)
		}
		if about && !f.isTest() && names.Match(f.text) {
			list = append(list, f.path)
		}
	}
	return list
}

// examples lists the models of the engine's tests that an element is in and that have a trace.
func examples(t *testing.T, element string) []string {
	t.Helper()
	const models = "../shared/engine/testdata"
	open := regexp.MustCompile(`<(bpmn:)?` + strings.ToLower(element[:1]) + element[1:] + `[ />]`)
	entries, err := os.ReadDir(models)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		name, isModel := strings.CutSuffix(e.Name(), ".bpmn")
		if !isModel {
			continue
		}
		content, err := os.ReadFile(path.Join(models, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path.Join(models, "trace", name)); err == nil && open.Match(content) {
			list = append(list, name)
		}
	}
	return list
}

// scattered lists what makes adding an activity take more files than the recipe has.
func scattered(files []file) []string {
	var complaints []string
	for _, element := range activities {
		list := naming(files, element)
		if len(list)+2 > addedBy {
			complaints = append(complaints, fmt.Sprintf("%s is named in %d files: %q", element, len(list), list))
		}
		for _, table := range tables {
			if !slices.Contains(list, table) {
				complaints = append(complaints, element+" is not named in "+table)
			}
		}
	}
	return complaints
}

// TestElementsAreAdded: an activity is added in five files, as CONTRIBUTING.md says.
func TestElementsAreAdded(t *testing.T) {
	t.Parallel()
	report(t, scattered(sources(t)))
	for _, element := range activities {
		if len(examples(t, element)) == 0 {
			t.Errorf("no model with a trace contains %s", element)
		}
	}
}

// TestElementsFindsPlantedBreaches: the checker fails where it should.
func TestElementsFindsPlantedBreaches(t *testing.T) {
	t.Parallel()
	plant := func(name, text string) file { return planted(t, name, text) }
	files := []file{
		plant("shared/soundness/a.go", "package soundness\nvar a = bpmn.ElementManualTask"), plant("shared/engine/b.go", "package engine\nvar b = bpmn.ElementManualTask"),
		plant("shared/engine/c_test.go", "package engine\nvar c = bpmn.ElementManualTask"), plant("shared/bpmn/d.go", "package bpmn\nvar d = \"manualTask\""),
	}
	for _, f := range sources(t) {
		if slices.Contains(tables, f.path) {
			files = append(files, f)
		}
	}
	got := scattered(files)
	if len(got) != 1 || !strings.Contains(got[0], "ManualTask is named in 5 files") {
		t.Errorf("%q", got)
	}
	if got := scattered(files[:1]); len(got) != 2*len(activities) {
		t.Errorf("what no table names: %d findings", len(got))
	}
}
