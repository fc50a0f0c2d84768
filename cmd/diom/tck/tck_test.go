package tck_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/cmd/diom/tck"
)

// TestRun: our own cases pass, and those of the folder made for it fail, each with its reason.
func TestRun(t *testing.T) {
	t.Parallel()
	cases, err := tck.Run("testdata")
	if err != nil {
		t.Fatal(err)
	}
	failed := map[string]string{}
	for _, c := range cases {
		if !c.Passed() {
			failed[c.Folder+" "+c.ID] = c.Reason
		}
	}
	if diff := cmp.Diff(map[string]string{
		"0003-must-fail wrong value":      "two: 2, not 3",
		"0003-must-fail no error":         "two: 2, not null",
		"0003-must-fail no such decision": `three: decision_not_found: The model has no decision "three".`,
		"0003-must-fail wrong type":       "two: 2, not 2",

		"0003-must-fail nothing expected but an error": "two: 2, not an error",
	}, failed); diff != "" {
		t.Errorf("the failures differ (-want +got):\n%s", diff)
	}
	want := []tck.Summary{{Level: "2", Passed: 4, Total: 4}, {Level: "3", Passed: 20, Total: 25}}
	if diff := cmp.Diff(want, tck.Summarize(cases)); diff != "" {
		t.Errorf("the summary differs (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(tck.Summary{Level: "3", Folder: "0003-must-fail", Total: 5}, tck.Folders(cases)[2]); diff != "" {
		t.Errorf("the summary of a folder differs (-want +got):\n%s", diff)
	}
}
