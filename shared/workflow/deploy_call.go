package workflow

import (
	"context"
	"fmt"
	"slices"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// literalCalls lists the processes that a process calls by name.
func literalCalls(p *bpmn.Process) []store.CalledProcess {
	var list []store.CalledProcess
	for _, n := range p.Nodes {
		if n.Call != nil && n.Call.Key.IsLiteral() {
			list = append(list, store.CalledProcess{
				Key: n.Call.Key.Source(), SameDeployment: n.Call.Binding == bpmn.CallDeployment, NodeID: n.ID, Name: n.Name, Line: n.Line,
			})
		}
	}
	return list
}

// warnOfCalls adds a warning for each call of a process that is not there: it may be deployed later, and
// until then each call is an incident.
func (s *Service) warnOfCalls(ctx context.Context, d *store.Deployment, warnings []fault.Detail) ([]fault.Detail, error) {
	for _, caller := range d.Definitions {
		for _, call := range caller.Calls {
			known := slices.ContainsFunc(d.Definitions, func(other store.Definition) bool { return other.Key == call.Key })
			if !known && !call.SameDeployment {
				var err error
				if known, err = s.store.IsDeployed(ctx, call.Key); err != nil {
					return nil, err
				}
			}
			if !known {
				warnings = append(warnings, unknownCalled(caller, call))
			}
		}
	}
	return warnings, nil
}

func unknownCalled(caller store.Definition, call store.CalledProcess) fault.Detail {
	w := fault.Detail{
		Pointer: "/resources/" + caller.Resource, Code: "called_process_unknown", Rule: "called_process_unknown", Element: call.NodeID, Name: call.Name, Line: call.Line,
		Detail: fmt.Sprintf("The process %s that the call activity calls has not been deployed.", call.Key),
		Fix:    "Deploy it before an instance gets there, or correct the calledElement.",
	}
	if call.SameDeployment {
		w.Detail = fmt.Sprintf("The deployment has no process %s, which the call activity calls in the same deployment.", call.Key)
		w.Fix = "Add its file to the deployment, or choose another calledElementBinding."
	}
	return w
}
