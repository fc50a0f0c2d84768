package workflow

import (
	"encoding/json"
	"slices"
	"strings"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/form"
)

// generated is the schema of the form fields of a model (camunda:formData): what people see is the same as with a form
// that was deployed. What is submitted is held against the fields themselves, as Camunda 7 does.
func generated(key string, fields []bpmn.FormField) (json.RawMessage, *form.Form, error) {
	components := make([]map[string]any, 0, len(fields))
	for _, f := range fields {
		if !strings.Contains(f.ID, ".") || !slices.Contains(strings.Split(f.ID, "."), "") {
			components = append(components, component(f))
		}
	}
	schema, err := json.Marshal(map[string]any{"id": key, "type": "default", "schemaVersion": 16, "components": components})
	if err != nil {
		return nil, nil, err
	}
	read, err := form.Read(schema)
	return schema, read, err
}

// component is the component of form-js for a field.
func component(f bpmn.FormField) map[string]any {
	label := f.Label
	if label == "" {
		label = f.ID
	}
	c := map[string]any{"id": "field_" + f.ID, "key": f.ID, "label": label, "type": "textfield"}
	switch f.Type {
	case "long":
		c["type"], c["decimalDigits"] = "number", 0
	case "boolean":
		c["type"] = "checkbox"
	case "date":
		c["type"], c["subtype"] = "datetime", "date"
	case "enum":
		values, seen := []map[string]string{}, map[string]bool{}
		for _, v := range f.Values {
			if !seen[v.ID] {
				values = append(values, map[string]string{"value": v.ID, "label": v.Name})
			}
			seen[v.ID] = true
		}
		c["type"], c["values"] = "select", values
	}
	if d := f.DefaultValue; d != nil && d.IsLiteral() && c["type"] == "textfield" {
		c["defaultValue"] = d.Source()
	}
	rules := map[string]any{}
	for _, r := range f.Constraints {
		switch r.Name {
		case "required":
			rules["required"] = true
		case "readonly":
			c["readonly"] = true
		case "minlength":
			rules["minLength"] = number(r.Config)
		case "maxlength":
			rules["maxLength"] = number(r.Config)
		case "min":
			rules["min"] = number(r.Config)
		}
	}
	c["validate"] = rules
	return c
}

// number is the operand of a constraint; what is no number is none here.
func number(text string) any {
	var n json.Number
	if json.Unmarshal([]byte(text), &n) != nil {
		return nil
	}
	return n
}
