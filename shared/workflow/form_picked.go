package workflow

import (
	"context"
	"maps"
	"slices"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/form"
)

// checkPicked holds the people and departments that a submission names against the directory. What a field of the form
// named before may stay, also when it has left since. Errors: form.ErrSubmission.
func (s *Service) checkPicked(ctx context.Context, f *form.Form, known, values engine.Variables) error {
	people, departments := f.Picked(values)
	peopleBefore, departmentsBefore := f.Picked(known)
	wrong, err := unknownNames(ctx, people, peopleBefore, s.store.KnownUsernames)
	details := unknownDetails(wrong, form.CodePerson, "There is no such person.")
	if err == nil {
		wrong, err = unknownNames(ctx, departments, departmentsBefore, s.store.KnownDepartments)
		details = append(details, unknownDetails(wrong, form.CodeDepartment, "There is no such department.")...)
	}
	if err != nil || len(details) == 0 {
		return err
	}
	return form.ErrSubmission.With(details...)
}

// unknownNames returns the pointers to names that are new and that find does not find, in order.
func unknownNames(ctx context.Context, names, before map[string][]string, find func(context.Context, []string) ([]string, error)) ([]string, error) {
	maps.DeleteFunc(names, func(name string, _ []string) bool { return before[name] != nil })
	for list := range slices.Chunk(slices.Sorted(maps.Keys(names)), maxPeople) {
		found, err := find(ctx, list)
		if err != nil {
			return nil, err
		}
		for _, name := range found {
			delete(names, name)
		}
	}
	return slices.Sorted(slices.Values(slices.Concat(slices.Collect(maps.Values(names))...))), nil
}

// maxPickedDetails bounds how many of the names that are not there are told.
const maxPickedDetails = 100

func unknownDetails(pointers []string, code, text string) []fault.Detail {
	var details []fault.Detail
	for _, pointer := range pointers[:min(len(pointers), maxPickedDetails)] {
		details = append(details, fault.Detail{Pointer: pointer, Code: code, Detail: text})
	}
	return details
}
