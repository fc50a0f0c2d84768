package design

import (
	"encoding/json"

	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/form"
)

// ErrForm: a form cannot be published; there is a detail for each problem.
var ErrForm = form.ErrSchema

// checkForm lists what is wrong with the schema of a form; pointers are into the schema.
func checkForm(key, content string) []fault.Detail {
	var problems []fault.Detail
	if _, err := form.Read([]byte(content)); err != nil {
		problems = fault.From(err).Details
	}
	var f struct {
		ID string `json:"id"`
	}
	if json.Unmarshal([]byte(content), &f) == nil && f.ID != key {
		problems = append(problems, fault.Detail{
			Pointer: "/id", Code: "design_key", Rule: "design_key", Element: key, Detail: "The id of the form is not the key of the design, " + key + ".",
		})
	}
	for i := range problems {
		problems[i].Pointer = "#" + problems[i].Pointer
	}
	return problems
}
