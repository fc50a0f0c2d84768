package access

import (
	"context"

	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// Units are the departments, roles and groups that models, forms and shared things name, by code.
type Units struct {
	Departments []store.Unit `json:"departments"`
	Roles       []store.Unit `json:"roles"`
	Groups      []store.Unit `json:"groups"`
}

// People lists colleagues; the list is store.PersonList.
func (s *Service) People(ctx context.Context, r page.Request, f store.PersonFilter) (page.Page[store.Person], error) {
	return s.store.People(ctx, r, f)
}

// Units returns what can be named.
func (s *Service) Units(ctx context.Context) (Units, error) {
	units := Units{Departments: []store.Unit{}, Roles: []store.Unit{}, Groups: []store.Unit{}}
	all, err := s.store.Units(ctx)
	for _, u := range all {
		switch u.Kind {
		case "department":
			units.Departments = append(units.Departments, u)
		case "role":
			units.Roles = append(units.Roles, u)
		default:
			units.Groups = append(units.Groups, u)
		}
	}
	return units, err
}
