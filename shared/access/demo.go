package access

import (
	"context"
	"errors"
	"slices"
	"sync"

	"diom.io/workflow/shared/store"
)

// DemoPassword is the password of every demo account.
const DemoPassword = "Diom-demo-1"

// DemoAccount is a person of the demo company.
type DemoAccount struct {
	Username    string
	DisplayName string
	Title       string
	Department  string   // a code of the demo's departments, or ""
	Roles       []string // codes
	Groups      []string // keys
}

// DemoAccounts returns the people of the demo company.
func DemoAccounts() []DemoAccount {
	employee := []string{"EMPLOYEE"}
	return []DemoAccount{
		{"zhangwei", "张伟", "工程师", "rd", employee, nil},
		{"wangfang", "王芳", "经理", "rd", employee, []string{"managers"}},
		{"lina", "李娜", "会计", "finance", employee, []string{"finance", "reviewers"}},
		{"zhaolei", "赵磊", "财务总监", "finance", employee, []string{"finance", "directors", "reviewers"}},
		{"chenjing", "陈静", "总经理", "executive", employee, []string{"directors", "reviewers"}},
		{"sunqi", "孙琪", "仓库管理员", "warehouse", employee, []string{"warehouse"}},
		{"zhouming", "周明", "流程设计师", "process", []string{"EMPLOYEE", "DESIGNER"}, nil},
		{"wuqiang", "吴强", "运维工程师", "operations", []string{"EMPLOYEE", "OPERATOR"}, nil},
		{"admin", "系统管理员", "", "", []string{SuperAdmin}, nil},
	}
}

func (s *Service) demoCompany() store.Company {
	now := s.instant()
	c := store.Company{Above: map[string]string{}}
	for _, d := range [][4]string{ // what is above comes first
		{"executive", "总经办", "chenjing"}, {"rd", "研发部", "wangfang", "executive"}, {"finance", "财务部", "zhaolei", "executive"},
		{"warehouse", "仓储部", "sunqi", "executive"}, {"process", "流程管理部", "zhouming", "rd"}, {"operations", "运维部", "wuqiang", "rd"},
	} {
		c.Departments = append(c.Departments, store.Department{ID: newID(), Code: d[0], Name: d[1], Head: &d[2], Version: 1, CreatedAt: now})
		c.Above[d[0]] = d[3]
	}
	for _, g := range [][2]string{{"managers", "部门经理"}, {"finance", "财务"}, {"directors", "总监"}, {"warehouse", "仓库"}, {"reviewers", "报销会签"}} {
		c.Groups = append(c.Groups, store.Group{ID: newID(), Key: g[0], Name: g[1], Version: 1, CreatedAt: now})
	}
	return c
}

// LoadDemo adds the demo company where it is missing; accounts that exist stay as they are. It may
// run in several processes at once.
func (s *Service) LoadDemo(ctx context.Context) error {
	for {
		err := s.loadDemo(ctx)
		if !errors.Is(err, store.ErrUsernameUsed) { // another process was faster: look again
			return err
		}
	}
}

func (s *Service) loadDemo(ctx context.Context) error {
	all := DemoAccounts()
	usernames := make([]string, 0, len(all))
	for _, a := range all {
		usernames = append(usernames, a.Username)
	}
	known, err := s.store.KnownUsernames(ctx, usernames)
	if err != nil {
		return err
	}
	missing := slices.DeleteFunc(all, func(a DemoAccount) bool { return slices.Contains(known, a.Username) })
	if len(missing) == 0 {
		return nil
	}
	hashes, err := s.demoHashes(ctx, len(missing))
	if err != nil {
		return err
	}
	company, now := s.demoCompany(), s.instant()
	for i, a := range missing {
		company.Users = append(company.Users, store.Employee{Department: a.Department, User: store.User{
			ID: newID(), Username: a.Username, Password: hashes[i], DisplayName: a.DisplayName, Title: a.Title, Email: a.Username + "@demo.diom.io",
			Enabled: true, TokenVersion: now.UnixMilli(), Version: 1, CreatedAt: now, UpdatedAt: now, Roles: a.Roles, Groups: a.Groups,
		}})
	}
	if err := s.store.AddCompany(ctx, company); err != nil {
		return err
	}
	s.forget(ctx, usernames...)
	return nil
}

// demoHashes hashes the demo password n times, one a core at a time: each account has a salt of its
// own.
func (s *Service) demoHashes(ctx context.Context, n int) ([]string, error) {
	hashes, failures := make([]string, n), make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { hashes[i], failures[i] = s.hasher.hash(ctx, DemoPassword) })
	}
	group.Wait()
	return hashes, errors.Join(failures...)
}
