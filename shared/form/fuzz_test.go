package form_test

import (
	"testing"

	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/form"
)

// Whatever a schema and a submission say, both are read or refused, twice in the same way; and what was accepted is
// accepted again.
func FuzzValidate(f *testing.F) {
	f.Add(schema(outing), `{"abroad": true, "visa": "v", "trip": {"city": "c"}, "legs": [{"km": 3}], "costs": [{"amount": "1"}]}`)
	f.Add(schema(one("select", `, "valuesKey": "b.c"`)), `{"a": 1}`)
	f.Add(schema(one("number", `, "serializeToString": true`)), `{"a": "1e999999999"}`)
	f.Add(schema(one("datetime", `, "subtype": "time"`)), `{"a": "24:00"}`)
	f.Fuzz(func(t *testing.T, schema, submission string) {
		read, err := form.Read([]byte(schema))
		if err != nil {
			return
		}
		v, _ := expr.Unmarshal([]byte(submission))
		in, _ := v.(map[string]expr.Value)
		first, again := told(t, read, form.Submission{Values: in}), told(t, read, form.Submission{Values: in})
		if first != again {
			t.Fatalf("%s and %s", first, again)
		}
		read.Fields()
		read.Variables()
	})
}
