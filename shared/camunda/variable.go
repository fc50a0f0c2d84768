package camunda

import (
	"cmp"
	"context"
	"encoding/base64"
	"strings"

	"github.com/cockroachdb/apd/v3"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

func decimal(value expr.Value) (*apd.Decimal, bool) {
	switch v := value.(type) {
	case int64:
		return apd.New(v, 0), true
	case *apd.Decimal:
		return v, true
	}
	return nil, false
}

// Place is where variables are read and written: of an instance, an execution or a task; Local is those of
// the place alone.
type Place struct {
	Instance engine.ID
	Token    int
	Task     engine.ID
	Local    bool
}

// Modification is the body that changes several variables.
type Modification struct {
	Set    Variables `json:"modifications"`
	Delete []string  `json:"deletions"`
}

// InstancePlace is the place of the variables of a running instance.
func (s *Service) InstancePlace(ctx context.Context, p access.Principal, id string) (Place, error) {
	x, err := s.runningScene(ctx, p, id)
	if err != nil {
		return Place{}, err
	}
	return Place{Instance: x.ID}, nil
}

// ExecutionPlace is the place of the variables of an execution.
func (s *Service) ExecutionPlace(ctx context.Context, p access.Principal, id string) (Place, error) {
	x, token, err := s.execution(ctx, p, id)
	if err != nil {
		return Place{}, err
	}
	return Place{Instance: x.ID, Token: token, Local: token > 0}, nil
}

// TaskPlace is the place of the variables that a task sees.
func (s *Service) TaskPlace(ctx context.Context, p access.Principal, id string, local bool) (Place, error) {
	task, in, err := s.openTask(ctx, p, id)
	if err != nil {
		return Place{}, err
	}
	return Place{Instance: in.ID, Task: task.ID, Token: in.Task(task.ID).Token, Local: local}, nil
}

// read returns the variables of a place.
func (s *Service) read(ctx context.Context, p access.Principal, at Place) (engine.Variables, engine.Types, error) {
	var in *engine.Instance
	var task store.Task
	var err error
	if at.Task.IsZero() {
		in, err = s.workflow.Inspect(ctx, p, at.Instance)
	} else {
		task, in, err = s.workflow.InspectTask(ctx, p, at.Task)
	}
	switch {
	case err != nil:
		return nil, nil, err
	case at.Token == 0:
		values, err := s.workflow.ConcealedAnywhere(ctx, p, in, in.Scopes[0].Variables)
		return values, in.Scopes[0].Types, err
	case at.Local:
		if own := in.Own(at.Token); own != nil {
			values, err := s.workflow.Concealed(ctx, p, in, task.NodeID, own.Variables)
			return values, own.Types, err
		}
		return engine.Variables{}, nil, nil
	}
	values, types := Visible(in, at.Token)
	values, err = s.workflow.Concealed(ctx, p, in, task.NodeID, values)
	return values, types, err
}

// Variables returns the variables of a place.
func (s *Service) Variables(ctx context.Context, p access.Principal, at Place, q Query) (Values, error) {
	values, types, err := s.read(ctx, p, at)
	if err != nil {
		return nil, err
	}
	var names []string
	if q.Has("variableNames") {
		names = q.List("variableNames")
	}
	return ShowAll(only(values, names), types, q.opens()), nil
}

// opens reports whether objects are shown as JSON, which is the rule.
func (q Query) opens() bool {
	return q.Text("deserializeValues") != "false" && q.Text("deserializeValue") != "false"
}

// Variable returns one variable of a place.
func (s *Service) Variable(ctx context.Context, p access.Principal, at Place, name string, q Query) (Value, error) {
	values, types, err := s.read(ctx, p, at)
	if err != nil {
		return Value{}, err
	}
	value, there := values[name]
	if !there {
		return Value{}, noVariable(name)
	}
	return Show(value, types[name], q.opens()), nil
}

func noVariable(name string) error { return NotFound("variable with name %s does not exist", name) }

// Data is the content of a variable of the type Bytes or File.
type Data struct {
	Content               []byte
	ContentType, Filename string
}

// VariableData returns the content of a variable of the type Bytes or File.
func (s *Service) VariableData(ctx context.Context, p access.Principal, at Place, name string) (Data, error) {
	values, types, err := s.read(ctx, p, at)
	if err != nil {
		return Data{}, err
	}
	value, there := values[name]
	if !there {
		return Data{}, noVariable(name)
	}
	shown := Show(value, types[name], false)
	encoded, _ := value.(string)
	d := Data{ContentType: "application/octet-stream"}
	switch shown.Type {
	case typeFile:
		d.ContentType = cmp.Or(textIn(shown.Info, infoMime), d.ContentType)
		d.Filename = textIn(shown.Info, infoFilename)
	case typeBytes:
	default:
		return d, BadRequest("Value of variable with name %s is not a binary value.", name)
	}
	d.Content, err = base64.StdEncoding.DecodeString(encoded)
	return d, err
}

func textIn(info map[string]any, name string) string {
	text, _ := info[name].(string)
	return text
}

// SetVariables changes variables of a place.
func (s *Service) SetVariables(ctx context.Context, call workflow.Call, at Place, m Modification) (err error) {
	call.Steward = true
	action := engine.SetVariables{Token: at.Token, Local: at.Local, Remove: m.Delete}
	if action.Variables, call.Types, err = m.Set.Read(); err != nil {
		return err
	}
	switch {
	case len(action.Variables)+len(action.Remove) == 0:
	case at.Task.IsZero():
		_, err = s.workflow.SetVariables(ctx, call, at.Instance, workflow.VariableChange{
			Token: action.Token, Local: action.Local, Variables: action.Variables, Remove: action.Remove,
		})
	default:
		_, err = s.workflow.SetTaskVariables(ctx, call, at.Task, action)
	}
	return err
}

// FileVariable is a variable made of an uploaded file.
func FileVariable(kind, filename, mime string, content []byte) *Typed {
	kind = strings.ToUpper(kind[:min(len(kind), 1)]) + kind[min(len(kind), 1):]
	t := &Typed{Type: cmp.Or(kind, typeBytes), Value: []byte(`"` + base64.StdEncoding.EncodeToString(content) + `"`)}
	if t.Type == typeFile {
		t.Info = map[string]any{infoFilename: filename, infoMime: mime}
	}
	return t
}

// VariableInstance is a variable with where it is.
type VariableInstance struct {
	ID string `json:"id"`
	Value
	Name             string  `json:"name"`
	Instance         string  `json:"processInstanceId"`
	Execution        string  `json:"executionId"`
	Definition       string  `json:"processDefinitionId"`
	ActivityInstance string  `json:"activityInstanceId"`
	Task             *string `json:"taskId"`
	CaseInstance     *string `json:"caseInstanceId"`
	CaseExecution    *string `json:"caseExecutionId"`
	Batch            *string `json:"batchId"`
	Tenant           *string `json:"tenantId"`
	ErrorMessage     *string `json:"errorMessage"`

	raw expr.Value
}

var variableSorts = sorts[VariableInstance]{
	"variableName":       func(a, b VariableInstance) int { return cmp.Compare(a.Name, b.Name) },
	"variableType":       func(a, b VariableInstance) int { return cmp.Compare(a.Type, b.Type) },
	"activityInstanceId": func(a, b VariableInstance) int { return cmp.Compare(a.ActivityInstance, b.ActivityInstance) },
	"tenantId":           func(VariableInstance, VariableInstance) int { return 0 },
}

// VariableInstances lists the variables of running instances, those of scopes inside among them.
func (s *Service) VariableInstances(ctx context.Context, p access.Principal, q Query) ([]VariableInstance, int, error) {
	conditions, err := q.conditions("variableValues")
	if err != nil {
		return nil, 0, err
	}
	if ids := q.List("processInstanceIdIn"); len(ids) == 1 {
		q = q.with("processInstanceId", ids[0])
	}
	running, err := s.running(ctx, p, q)
	if err != nil {
		return nil, 0, err
	}
	var list []VariableInstance
	for _, x := range running {
		for _, v := range x.variables(q.opens()) {
			if q.wantsVariable(v) && (len(conditions) == 0 || conditions.hold(engine.Variables{v.Name: v.raw})) {
				list = append(list, v)
			}
		}
	}
	return finish(q, list, variableSorts)
}

// with returns a query with one more parameter.
func (q Query) with(name, value string) Query {
	values := map[string]any{name: value}
	for n, v := range q.values {
		if n != name {
			values[n] = v
		}
	}
	return Query{values: values, Count: q.Count}
}

func (q Query) wantsVariable(v VariableInstance) bool {
	return q.is("variableName", v.Name) && q.in("variableNameIn", v.Name) && q.like("variableNameLike", v.Name) && q.in("processInstanceIdIn", v.Instance) &&
		q.in("executionIdIn", v.Execution) && q.in("activityInstanceIdIn", v.ActivityInstance) && q.in("variableScopeIdIn", v.Execution) &&
		(!q.Has("taskIdIn") || v.Task != nil && q.in("taskIdIn", *v.Task)) && q.unowned()
}

// variables lists the variables of an instance scope by scope, the names in order.
func (x scene) variables(open bool) []VariableInstance {
	var list []VariableInstance
	for _, scope := range x.Scopes {
		execution, activity := x.ID.String(), x.ID.String()
		var task *string
		if t := x.Token(scope.Token); t != nil && scope.Number > 0 {
			execution, activity = ExecutionID(x.ID, t.Number), x.activityInstance(*t)
			for _, one := range x.Tasks {
				if one.Token == t.Number {
					task = pointer(one.ID.String())
				}
			}
		}
		for _, name := range sortedNames(scope.Variables) {
			list = append(list, VariableInstance{
				ID: execution + ":" + name, Value: Show(scope.Variables[name], scope.Types[name], open), Name: name, Instance: x.ID.String(),
				Execution: execution, Definition: x.definition(), ActivityInstance: activity, Task: task, raw: scope.Variables[name],
			})
		}
	}
	return list
}
