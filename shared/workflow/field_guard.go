package workflow

import (
	"strings"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/form"
)

// guardVariables holds variables that somebody who works on a task sets without its form against the rights of its
// fields; operators may set everything. It returns form.ErrSubmission.
func guardVariables(call Call, sub *subject, variables engine.Variables, removed ...string) error {
	f := formOf(sub.definition.process.Node(sub.task.NodeID))
	if f == nil || f.Rights == nil || call.Principal.Can(access.WorkflowOperate) {
		return nil
	}
	guarded := engine.Variables{}
	for name, value := range variables {
		guarded[name] = value
	}
	for _, name := range removed {
		guarded[name] = nil
	}
	known := engine.Variables{}
	if open := sub.instance.Task(sub.task.ID); open != nil {
		known = sub.instance.Visible(open.Token)
	}
	if wrong := forbidden(f, guarded, known); len(wrong) > 0 {
		return form.ErrSubmission.With(wrong...)
	}
	return nil
}

// partly reports whether a part of a variable, a field of a group or of the items of a list, cannot be written.
func partly(rights *bpmn.FieldRights, name string) bool {
	for other, right := range rights.Named {
		if strings.HasPrefix(other, name+".") && right.Access != "" && right.Access != bpmn.FieldWrite {
			return true
		}
	}
	return false
}
