package camunda

import (
	"context"
	"slices"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/workflow"
)

// TaskChange is the body that sets all attributes of a task anew.
type TaskChange struct {
	Name     string  `json:"name"`
	Assignee string  `json:"assignee"`
	Owner    string  `json:"owner"`
	Priority *int    `json:"priority"`
	Due      Date    `json:"due"`
	FollowUp Date    `json:"followUp"`
	State    *string `json:"delegationState"`
}

// Change sets the attributes of a task.
func (s *Service) Change(ctx context.Context, call workflow.Call, id string, body TaskChange) error {
	return s.change(ctx, call, id, func(t *engine.Task) {
		if body.Name != "" {
			t.Name = body.Name
		}
		t.Assignee, t.Owner, t.DueAt, t.FollowUpAt = body.Assignee, body.Owner, body.Due.Time, body.FollowUp.Time
		if body.Priority != nil {
			t.Priority = *body.Priority
		}
		t.Delegated = body.State != nil && *body.State == "PENDING"
	})
}

func (s *Service) change(ctx context.Context, call workflow.Call, id string, change func(*engine.Task)) error {
	gone := NotFound("No matching task with id %s", id)
	parsed, err := engine.ParseID(id)
	if err != nil {
		return gone
	}
	call.Steward = true
	_, err = s.workflow.ChangeTask(ctx, call, parsed, change)
	return Unknowns(err, gone)
}

// IdentityLink says what somebody is to a task.
type IdentityLink struct {
	User  *string `json:"userId"`
	Group *string `json:"groupId"`
	Type  string  `json:"type"`
}

// IdentityLinks lists the people and groups of a task.
func (s *Service) IdentityLinks(ctx context.Context, p access.Principal, id, kind string) ([]IdentityLink, error) {
	row, _, err := s.openTask(ctx, p, id)
	if err != nil {
		return nil, err
	}
	list := []IdentityLink{}
	if row.Assignee != nil {
		list = append(list, IdentityLink{User: row.Assignee, Type: "assignee"})
	}
	if row.Owner != nil {
		list = append(list, IdentityLink{User: row.Owner, Type: "owner"})
	}
	for _, u := range row.CandidateUsers {
		list = append(list, IdentityLink{User: &u, Type: "candidate"})
	}
	for _, g := range row.CandidateGroups {
		list = append(list, IdentityLink{Group: &g, Type: "candidate"})
	}
	return slices.DeleteFunc(list, func(l IdentityLink) bool { return kind != "" && l.Type != kind }), nil
}

// Connect adds somebody to a task, or takes him away.
func (s *Service) Connect(ctx context.Context, call workflow.Call, id string, link IdentityLink, add bool) error {
	user, group := textOf(link.User), textOf(link.Group)
	switch {
	case user != "" && group != "" || user == "" && group == "":
		return BadRequest("Identity Link requires userId or groupId, but not both.")
	case link.Type == "":
		return BadRequest("Identity Link requires a type.")
	case link.Type != "candidate" && link.Type != "assignee" && link.Type != "owner":
		return NotImplemented("An identity link of the type " + link.Type)
	}
	return s.change(ctx, call, id, func(t *engine.Task) {
		switch link.Type {
		case "assignee":
			t.Assignee = kept(user, add)
		case "owner":
			t.Owner = kept(user, add)
		default:
			t.CandidateUsers = member(t.CandidateUsers, user, add)
			t.CandidateGroups = member(t.CandidateGroups, group, add)
		}
	})
}

func kept(name string, add bool) string {
	if add {
		return name
	}
	return ""
}

func member(list []string, name string, add bool) []string {
	list = slices.DeleteFunc(slices.Clone(list), func(n string) bool { return n == name })
	if add && name != "" {
		list = append(list, name)
	}
	return list
}

// FormReference says how something is filled in.
type FormReference struct {
	Key         *string `json:"key"`
	FormRef     *Form   `json:"camundaFormRef"`
	ContextPath *string `json:"contextPath"`
}

// TaskForm returns the form of a task.
func (s *Service) TaskForm(ctx context.Context, p access.Principal, id string) (FormReference, error) {
	t, err := s.Task(ctx, p, id)
	if err != nil {
		return FormReference{}, err
	}
	f := FormReference{Key: t.FormKey, FormRef: t.FormRef}
	if node := t.scene.process.Node(t.Key); f.Key == nil && f.FormRef == nil && node != nil && node.UserTask != nil && len(node.UserTask.FormFields) > 0 {
		f.Key = pointer("embedded:engine://engine/:engine/task/" + id + "/rendered-form")
	}
	return f, nil
}

// FormVariables are the variables that a form of a task shows: those that the task sees, and its fields.
func (s *Service) FormVariables(ctx context.Context, p access.Principal, id string, q Query) (Values, error) {
	t, err := s.Task(ctx, p, id)
	if err != nil {
		return nil, err
	}
	values, types := Visible(t.scene.Instance, t.scene.tokenOf(t.row.ID))
	if values, err = s.workflow.Concealed(ctx, p, t.scene.Instance, t.Key, values); err != nil {
		return nil, err
	}
	var names []string
	if q.Has("variableNames") {
		names = q.List("variableNames")
	}
	shown := ShowAll(only(values, names), types, q.opens())
	if node := t.scene.process.Node(t.Key); node != nil && node.UserTask != nil {
		addFields(shown, node.UserTask.FormFields, names)
	}
	return shown, nil
}

// fieldTypes are the types of variables by those of form fields.
var fieldTypes = map[string]string{"string": typeString, "enum": typeString, "long": typeLong, "boolean": typeBoolean, "date": typeDate}

// addFields adds the fields of a form that have no variable yet, with their default values.
func addFields(shown Values, fields []bpmn.FormField, names []string) {
	for _, f := range fields {
		if _, there := shown[f.ID]; there || names != nil && !slices.Contains(names, f.ID) {
			continue
		}
		kind := fieldTypes[f.Type]
		if kind == "" {
			kind = typeString
		}
		v := Value{Type: kind, Info: map[string]any{}}
		if f.DefaultValue != nil && f.DefaultValue.IsLiteral() {
			t := Typed{Type: kind, Value: []byte(plain(f.DefaultValue.Source()))}
			if value, tag, err := t.read(); err == nil {
				v = Show(value, tag, true)
			}
		}
		shown[f.ID] = v
	}
}

// StartForm returns the start form of a definition, StartFormVariables its fields.
func (s *Service) StartForm(ctx context.Context, id, key string) (FormReference, error) {
	d, _, err := s.FindDefinition(ctx, id, key)
	if err != nil {
		return FormReference{}, err
	}
	_, process, err := s.workflow.Model(ctx, d.ID)
	if err != nil {
		return FormReference{}, err
	}
	start := process.NoneStart()
	if start == nil || start.StartEvent == nil {
		return FormReference{}, nil
	}
	return FormReference{Key: pointer(start.StartEvent.FormKey), FormRef: reference(&start.StartEvent.Form)}, nil
}

// StartFormVariables are the fields of the start form of a definition.
func (s *Service) StartFormVariables(ctx context.Context, id, key string, q Query) (Values, error) {
	d, _, err := s.FindDefinition(ctx, id, key)
	if err != nil {
		return nil, err
	}
	_, process, err := s.workflow.Model(ctx, d.ID)
	shown := Values{}
	var names []string
	if q.Has("variableNames") {
		names = q.List("variableNames")
	}
	if start := process.NoneStart(); err == nil && start != nil && start.StartEvent != nil {
		addFields(shown, start.StartEvent.FormFields, names)
	}
	return shown, err
}
