package access

import (
	"context"
	"fmt"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// Department is a department.
type Department struct {
	ID        string    `json:"id"`
	Code      string    `json:"code"`
	Name      string    `json:"name"`
	ParentID  string    `json:"parentId"`
	Head      *string   `json:"head"` // username of who may read what the department's people start
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"createdAt"`
}

// NewDepartment is the body that creates a department.
type NewDepartment struct {
	Code     string `json:"code" api:"required"`
	Name     string `json:"name" api:"required"`
	ParentID string `json:"parentId"`
	Head     string `json:"head"`
}

// DepartmentChange is the body that changes a department; what is absent stays, an empty head is nobody.
type DepartmentChange struct {
	Name     *string `json:"name"`
	ParentID *string `json:"parentId"`
	Head     *string `json:"head"`
}

func departmentOf(d store.Department) Department {
	return Department{ID: d.ID.String(), Code: d.Code, Name: d.Name, ParentID: idText(d.ParentID), Head: d.Head, Version: d.Version, CreatedAt: d.CreatedAt}
}

// Departments lists departments; the list is store.DepartmentList.
func (s *Service) Departments(ctx context.Context, r page.Request) (page.Page[Department], error) {
	p, err := s.store.Departments(ctx, r)
	return mapPage(p, err, departmentOf)
}

// Department returns a department: store.ErrNoDepartment when there is none.
func (s *Service) Department(ctx context.Context, id engine.ID) (Department, error) {
	d, err := s.store.DepartmentByID(ctx, id)
	return departmentOf(d), err
}

func checkDepartment(d *store.Department, parent, head string) error {
	var v validation
	v.code("/code", d.Code)
	v.name("/name", d.Name)
	d.ParentID = v.id("/parentId", parent, store.ErrUnknownParent)
	d.Head = nil
	if head != "" {
		d.Head = &head
		v.check(validUsername(head), "/head", store.ErrUnknownHead.Code, store.ErrUnknownHead.Message)
	}
	return v.err()
}

// CreateDepartment makes a department. Errors: ErrInvalid, store.ErrCodeUsed, ErrUnknownParent,
// ErrUnknownHead, ErrRepeated.
func (s *Service) CreateDepartment(ctx context.Context, in NewDepartment, i *store.Idempotency) (Department, error) {
	d := store.Department{ID: newID(), Code: in.Code, Name: in.Name, Version: 1, CreatedAt: s.instant()}
	if err := checkDepartment(&d, in.ParentID, in.Head); err != nil {
		return Department{}, err
	}
	made := departmentOf(d)
	answer, err := created(made)
	if err != nil {
		return Department{}, err
	}
	if err := s.store.CreateDepartment(ctx, d, i, answer); err != nil {
		return Department{}, fmt.Errorf("department %s: %w", d.Code, err)
	}
	return made, nil
}

// UpdateDepartment renames or moves a department, or gives it another head. match is the version that
// the caller has seen, 0 for any. Errors: ErrInvalid, store.ErrNoDepartment, ErrPeopleStale,
// ErrUnknownParent, ErrUnknownHead.
func (s *Service) UpdateDepartment(ctx context.Context, id engine.ID, in DepartmentChange, match int64) (Department, error) {
	d, err := s.store.DepartmentByID(ctx, id)
	if err != nil {
		return Department{}, err
	}
	if err := matches(match, d.Version); err != nil {
		return Department{}, err
	}
	parent, head := idText(d.ParentID), ""
	set(&head, d.Head)
	set(&d.Name, in.Name)
	set(&parent, in.ParentID)
	set(&head, in.Head)
	if err := checkDepartment(&d, parent, head); err != nil {
		return Department{}, err
	}
	if err := s.store.UpdateDepartment(ctx, d); err != nil {
		return Department{}, fmt.Errorf("department %s: %w", d.Code, err)
	}
	d.Version++
	return departmentOf(d), nil
}

// DeleteDepartment removes a department that is empty. Errors: store.ErrNoDepartment, ErrInUse.
func (s *Service) DeleteDepartment(ctx context.Context, id engine.ID) error {
	return s.store.DeleteDepartment(ctx, id)
}
