package form

import "diom.io/workflow/shared/expr"

// files are the types of components whose values are ids of files.
var files = map[string]bool{"attachments": true, "signature": true, "filepicker": true}

// Files lists the ids of the files in values, as Validate returns them, with the pointers to them.
func (f *Form) Files(values map[string]expr.Value) map[string]string {
	found := map[string]string{}
	named(f.root, values, "/variables", func(of *field, name, pointer string) {
		if files[of.Type] {
			found[name] = pointer
		}
	})
	return found
}

// Picked lists the usernames and the codes of departments in values, each with the pointers to it.
func (f *Form) Picked(values map[string]expr.Value) (people, departments map[string][]string) {
	people, departments = map[string][]string{}, map[string][]string{}
	named(f.root, values, "/variables", func(of *field, name, pointer string) {
		switch of.Type {
		case "people":
			people[name] = append(people[name], pointer)
		case "department":
			departments[name] = append(departments[name], pointer)
		}
	})
	return people, departments
}

// named calls note with each text in values that may name something: what a field has, or one of several.
func named(s *scope, values map[string]expr.Value, pointer string, note func(of *field, name, pointer string)) {
	for _, f := range s.fields {
		v, there := lookup(values, f.path)
		if !there {
			continue
		}
		at := place{pointer: pointer}.at(f)
		list, isList := v.([]expr.Value)
		if !isList {
			list = []expr.Value{v}
		}
		for n, e := range list {
			if isList {
				namedIn(f, e, indexed(at, n), note)
			} else {
				namedIn(f, e, at, note)
			}
		}
	}
}

func namedIn(f *field, e expr.Value, pointer string, note func(of *field, name, pointer string)) {
	if fields, isItem := e.(map[string]expr.Value); isItem && f.items != nil {
		named(f.items, fields, pointer, note)
	} else if name, isText := e.(string); isText && name != "" {
		note(f, name, pointer)
	}
}
