package store

import (
	"context"
	"fmt"
	"strings"

	"diom.io/workflow/shared/engine"
)

// Audience is who is to be told something: users by their names, the members of groups and of roles by
// keys and codes, and those who have a permission; never Except, who has done it.
type Audience struct {
	Users      []string
	Identities []string
	Permission string
	Except     string
}

// Named reports whether an audience is people by their names alone.
func (a Audience) Named() bool { return len(a.Identities) == 0 && a.Permission == "" }

// branches are the parts of the statement of Members.
const (
	enabledUser  = `u.enabled = 1 AND u.username <> ?`
	namedUsers   = `SELECT u.username FROM sys_user u WHERE ` + enabledUser + ` AND u.username IN (`
	groupMembers = `SELECT u.username FROM sys_group g JOIN sys_user_group ug ON ug.group_id = g.id JOIN sys_user u ON u.id = ug.user_id WHERE ` + enabledUser + ` AND g.group_key IN (`
	roleMembers  = `SELECT u.username FROM sys_role r JOIN sys_user_role ur ON ur.role_id = r.id JOIN sys_user u ON u.id = ur.user_id WHERE ` + enabledUser + ` AND r.code IN (`
	permitted    = `SELECT u.username FROM sys_permission p JOIN sys_role_permission rp ON rp.permission_id = p.id JOIN sys_user_role ur ON ur.role_id = rp.role_id
JOIN sys_user u ON u.id = ur.user_id WHERE ` + enabledUser + ` AND p.code IN (`
)

// Members returns the enabled users of an audience by name, at most limit of them.
func (s *Store) Members(ctx context.Context, a Audience, limit int) ([]string, error) {
	text, arguments := a.statement(limit)
	if text == "" {
		return nil, nil
	}
	return s.names(ctx, text, arguments...)
}

func (a Audience) statement(limit int) (string, []any) {
	var branches []string
	var arguments []any
	add := func(text string, names ...string) {
		if len(names) == 0 {
			return
		}
		branches = append(branches, "("+text+placeholders(len(names))+") LIMIT ?)")
		arguments = append(arguments, a.Except)
		for _, name := range names {
			arguments = append(arguments, name)
		}
		arguments = append(arguments, limit)
	}
	add(namedUsers, a.Users...)
	add(groupMembers, a.Identities...)
	add(roleMembers, a.Identities...)
	if a.Permission != "" {
		add(permitted, a.Permission)
	}
	if branches == nil {
		return "", nil
	}
	return strings.Join(branches, " UNION ") + " ORDER BY username LIMIT ?", append(arguments, limit)
}

// Origin is what an instance is, in words: who started which process for what.
type Origin struct {
	Starter     string
	ProcessName string
	BusinessKey string
}

const originsText = `SELECT i.id, i.starter, d.name, IFNULL(i.business_key, '') FROM workflow_instance i FORCE INDEX (PRIMARY) STRAIGHT_JOIN workflow_definition d FORCE INDEX (PRIMARY) ON d.id = i.definition_id
WHERE i.id IN (`

// Origins returns the origins of those of the instances that are there.
func (s *Store) Origins(ctx context.Context, instances []engine.ID) (map[engine.ID]Origin, error) {
	type row struct {
		id engine.ID
		Origin
	}
	rows, err := s.DB.Query(ctx, originsText+placeholders(len(instances))+`)`, arguments16(instances)...)
	list, err := collect(rows, err, into(func(r *row) []any { return []any{&r.id, &r.Starter, &r.ProcessName, &r.BusinessKey} }))
	if err != nil {
		return nil, fmt.Errorf("origins: %w", err)
	}
	found := make(map[engine.ID]Origin, len(list))
	for _, r := range list {
		found[r.id] = r.Origin
	}
	return found, nil
}
