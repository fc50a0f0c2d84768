package store

import (
	"errors"
	"testing"
	"time"

	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/engine"
)

// company is a tree of departments: company > sales > export, headed by user001, user002 and nobody.
// user003 is in export, user004 in no department.
func company(t *testing.T) *Store {
	t.Helper()
	s, now := New(databasetest.Open(t)), time.Now()
	users := Company{Users: []Employee{{User: person(1)}, {User: person(2)}, {User: person(3)}, {User: person(4)}}}
	if err := s.AddCompany(t.Context(), users); err != nil {
		t.Fatal(err)
	}
	first, second := "user001", "user002"
	for _, d := range []Department{
		{ID: engine.ID{21}, Code: "company", Name: "公司", Head: &first, Version: 1, CreatedAt: now},
		{ID: engine.ID{22}, Code: "sales", Name: "销售部", ParentID: engine.ID{21}, Head: &second, Version: 1, CreatedAt: now},
		{ID: engine.ID{23}, Code: "export", Name: "出口科", ParentID: engine.ID{22}, Version: 1, CreatedAt: now},
	} {
		if err := s.CreateDepartment(t.Context(), d, nil, Recorded{}); err != nil {
			t.Fatal(err)
		}
	}
	u := person(3)
	u.DepartmentID = engine.ID{23}
	if err := s.UpdateUser(t.Context(), u, UserEffect{}); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestHeadOfADepartmentAndOfThoseAbove(t *testing.T) {
	t.Parallel()
	s := company(t)
	for _, c := range []struct {
		head, username string
		want           bool
	}{
		{"user001", "user003", true},
		{"user002", "user003", true},
		{"user003", "user003", false},
		{"user004", "user003", false},
		{"user001", "user004", false},
		{"user001", "nobody", false},
		{"USER001", "user003", false},
		{"", "user003", false},
	} {
		if got, err := s.HeadOf(t.Context(), c.head, c.username); err != nil || got != c.want {
			t.Errorf("%s heads %s: %t, %v", c.head, c.username, got, err)
		}
	}
}

func TestAHeadIsAUser(t *testing.T) {
	t.Parallel()
	s := company(t)
	nobody := "nobody"
	d, err := s.DepartmentByID(t.Context(), engine.ID{22})
	if err != nil {
		t.Fatal(err)
	}
	d.Head = &nobody
	if err := s.UpdateDepartment(t.Context(), d); !errors.Is(err, ErrUnknownHead) {
		t.Errorf("%v", err)
	}
	if err := s.DeleteUser(t.Context(), person(2).ID); err != nil {
		t.Fatal(err)
	}
	if d, err = s.DepartmentByID(t.Context(), engine.ID{22}); err != nil || d.Head != nil || d.Version != 2 {
		t.Errorf("after its head is deleted: %+v %v", d, err)
	}
}
