package bpmn_test

import (
	"testing"

	"diom.io/workflow/shared/bpmn"
)

// The nearest thing that is said of a field holds, and nothing said is what the form says.
func TestFieldRights(t *testing.T) {
	t.Parallel()
	rights := &bpmn.FieldRights{Default: bpmn.FieldRead, Named: map[string]bpmn.FieldRight{
		"a": {Access: bpmn.FieldHidden}, "a.b": {Access: bpmn.FieldWrite, Required: true}, "c": {Required: true},
	}}
	for name, want := range map[string]bpmn.FieldRight{
		"a": {Access: "hidden"}, "a.b": {Access: "write", Required: true}, "a.b.c": {Access: "write"}, "a.d": {Access: "hidden"}, "c": {Access: "read", Required: true}, "d.a": {Access: "read"},
	} {
		if got := rights.Of(name); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	var none *bpmn.FieldRights
	if none.Of("a").Access != bpmn.FieldWrite || (&bpmn.FieldRights{}).Of("a").Access != bpmn.FieldWrite || none.Hidden() != nil || rights.Hidden()[0] != "a" {
		t.Error("what nothing is said of can be written")
	}
}
