package form

import "diom.io/workflow/shared/expr"

// files are the types of components whose values are ids of files.
var files = map[string]bool{"attachments": true, "signature": true, "filepicker": true}

// Files lists the ids of the files in values, as Validate returns them, with the pointers to them.
func (f *Form) Files(values map[string]expr.Value) map[string]string {
	found := map[string]string{}
	filesIn(f.root, values, "/variables", found)
	return found
}

func filesIn(s *scope, values map[string]expr.Value, pointer string, found map[string]string) {
	for _, f := range s.fields {
		v, there := lookup(values, f.path)
		if !there {
			continue
		}
		at := place{pointer: pointer}.at(f)
		list, isList := v.([]expr.Value)
		switch {
		case f.items != nil:
			for n, item := range list {
				fields, _ := item.(map[string]expr.Value)
				filesIn(f.items, fields, indexed(at, n), found)
			}
		case !files[f.Type]:
		case isList:
			for n, e := range list {
				note(found, e, indexed(at, n))
			}
		default:
			note(found, v, at)
		}
	}
}

func note(found map[string]string, v expr.Value, pointer string) {
	if id, isText := v.(string); isText && id != "" {
		found[id] = pointer
	}
}
