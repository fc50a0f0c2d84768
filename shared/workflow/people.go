package workflow

import (
	"context"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// ErrQuestions: the expressions of one step ask for too many people.
var ErrQuestions = fault.New(fault.Conflict, "too_many_questions", "The expressions of one step ask more than 100 different questions about people.")

const (
	// maxQuestions is how many questions about people one step may ask.
	maxQuestions = 100
	// maxPeople bounds the people of a role or a group that an expression gets.
	maxPeople = 1000
)

// People answers what an expression asks about people, with those who may log in alone.
func (s *Service) People(ctx context.Context, q engine.Question) ([]string, error) {
	switch q.Method {
	case engine.WorkingAfter:
		return s.workingAfter(ctx, q)
	case engine.UsersInRole:
		return s.store.RoleMembers(ctx, q.Of, maxPeople)
	case engine.UsersInGroup:
		return s.store.GroupMembers(ctx, q.Of, maxPeople)
	case engine.DepartmentOf:
		if q.Post != "" {
			return []string{q.Post}, nil
		}
		return one(s.store.DepartmentCode(ctx, q.Of))
	case engine.HeadOf:
		head, err := s.store.DepartmentHead(ctx, q.Of)
		if err != nil || head == "" {
			return nil, err
		}
		return s.store.Members(ctx, store.Audience{Users: []string{head}}, 1)
	}
	person := q.Of
	for level := range q.Level {
		above, err := s.superior(ctx, person, q.Post, level)
		if err != nil || above == "" {
			return nil, err
		}
		person = above
	}
	return s.store.Members(ctx, store.Audience{Users: []string{person}}, 1)
}

// superior returns who is above a person; the first one is that of his post where one is named.
func (s *Service) superior(ctx context.Context, person, post string, level int) (string, error) {
	if post != "" && level == 0 {
		return s.store.SuperiorAt(ctx, person, post)
	}
	return s.store.Superior(ctx, person)
}

func one(name string, err error) ([]string, error) {
	if err != nil || name == "" {
		return nil, err
	}
	return []string{name}, nil
}
