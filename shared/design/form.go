package design

import (
	"encoding/json"
	"fmt"

	"diom.io/workflow/shared/fault"
)

// ErrForm: a form cannot be published; there is a detail for each problem.
var ErrForm = fault.New(fault.Invalid, "invalid_form", "The form cannot be published.")

const (
	maxComponents = 1000
	maxNesting    = 16
)

// formSchema is what is read of a form: the JSON that form-js edits (bpmn-io, schema version 1 and later).
type formSchema struct {
	ID         string          `json:"id"`
	Type       string          `json:"type"`
	Components []formComponent `json:"components"`
}

// formComponent is one field or one group of fields.
type formComponent struct {
	ID         string          `json:"id"`
	Key        string          `json:"key"`
	Path       string          `json:"path"`
	Type       string          `json:"type"`
	Components []formComponent `json:"components"`
}

// checkForm lists what is wrong with the schema of a form; pointers are into the schema.
func checkForm(key, content string) []fault.Detail {
	var f formSchema
	if err := json.Unmarshal([]byte(content), &f); err != nil {
		return []fault.Detail{{Code: "form_syntax", Rule: "form_syntax", Detail: "The form is no JSON of a form schema: " + err.Error()}}
	}
	c := &formCheck{keys: map[string]bool{}}
	if f.ID != key {
		c.wrong("/id", "design_key", key, "The id of the form is not the key of the design, "+key+".")
	}
	if f.Components == nil {
		c.wrong("/components", "form_components", key, "A form has a list of components.")
	}
	c.walk("/components", "", f.Components, 0)
	return c.problems
}

type formCheck struct {
	problems []fault.Detail
	keys     map[string]bool // by their path
	seen     int
}

func (c *formCheck) wrong(pointer, rule, element, detail string) {
	c.problems = append(c.problems, fault.Detail{Pointer: "#" + pointer, Code: rule, Rule: rule, Element: element, Detail: detail})
}

func (c *formCheck) walk(pointer, path string, list []formComponent, depth int) {
	if depth > maxNesting {
		c.wrong(pointer, "form_too_deep", "", fmt.Sprintf("More than %d groups are inside of one another.", maxNesting))
		return
	}
	for n, f := range list {
		at := fmt.Sprintf("%s/%d", pointer, n)
		if c.seen++; c.seen == maxComponents+1 {
			c.wrong(at, "form_too_large", f.ID, fmt.Sprintf("The form has more than %d components.", maxComponents))
		}
		if f.Type == "" {
			c.wrong(at+"/type", "form_type", f.ID, "A component has a type.")
		}
		if f.Key != "" {
			whole := path + f.Key
			if c.keys[whole] {
				c.wrong(at+"/key", "form_key_twice", f.ID, "Another component has the key "+whole+".")
			}
			c.keys[whole] = true
		}
		inside := path
		if f.Path != "" {
			inside += f.Path + "."
		}
		c.walk(at+"/components", inside, f.Components, depth+1)
	}
}
