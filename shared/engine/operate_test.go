package engine_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
)

// operation reads what an operator does. A modification and a migration have a line for each instruction:
//
//	modify
//	cancel node=a
//	startBefore node=b ancestor=3 variables={"x":1}
//
//	migrate to=model update
//	a -> b update
func (r *run) operation(t *testing.T, d *datadriven.TestData) (engine.Action, error) {
	t.Helper()
	if action := r.approvals(t, d); action != nil {
		return action, nil
	}
	switch d.Cmd {
	case "modify", "start-at":
		list, err := instructions(d.Input)
		if err != nil || d.Cmd == "modify" {
			return engine.Modify{Instructions: list, Reason: "operator"}, err
		}
		return engine.StartAt{Start: engine.Start{InstanceID: seed(900), DefinitionID: seed(901), ProcessVersion: 1}, Instructions: list}, nil
	case "migrate":
		return r.migration(t, d), nil
	case "set-variables":
		a := engine.SetVariables{Local: d.HasArg("local")}
		d.MaybeScanArgs(t, "token", &a.Token)
		if d.HasArg("remove") {
			var names string
			d.ScanArgs(t, "remove", &names)
			a.Remove = strings.Split(names, "+")
		}
		return a, variablesOf(d.Input, &a.Variables)
	case "set-retries":
		var node string
		var retries int
		d.ScanArgs(t, "node", &node)
		d.ScanArgs(t, "retries", &retries)
		return engine.SetRetries{Job: r.job(node), Retries: retries}, nil
	}
	return nil, nil
}

func variablesOf(text string, into *engine.Variables) error {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), into)
}

func (r *run) migration(t *testing.T, d *datadriven.TestData) engine.Migrate {
	t.Helper()
	var to string
	d.ScanArgs(t, "to", &to)
	var o bpmn.Options
	d.MaybeScanArgs(t, "code", &o.Listeners)
	m := engine.Migrate{Process: load(t, to, o), DefinitionID: seed(902), Version: 2}
	for line := range strings.Lines(d.Input) {
		parts := strings.Fields(line)
		m.Plan = append(m.Plan, engine.Mapping{Source: parts[0], Target: parts[2], UpdateEventTrigger: len(parts) > 3})
	}
	if m.Plan == nil {
		m.Plan = engine.GeneratePlan(r.process, m.Process, d.HasArg("update"))
	}
	return m
}

func instructions(text string) ([]engine.Instruction, error) {
	var list []engine.Instruction
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		i := engine.Instruction{Kind: engine.InstructionKind(words[0])}
		for _, word := range words[1:] {
			name, value, _ := strings.Cut(word, "=")
			if err := setting(&i, name, value); err != nil {
				return nil, err
			}
		}
		list = append(list, i)
	}
	return list, nil
}

func setting(i *engine.Instruction, name, value string) (err error) {
	switch name {
	case "node":
		i.Node = value
	case "flow":
		i.Flow = value
	case "from":
		i.From = value
	case "token":
		_, err = fmt.Sscan(value, &i.Token)
	case "ancestor":
		i.Ancestor = new(int)
		_, err = fmt.Sscan(value, i.Ancestor)
	case "variables":
		err = json.Unmarshal([]byte(value), &i.Variables)
	case "local":
		err = json.Unmarshal([]byte(value), &i.Local)
	default:
		err = fmt.Errorf("unknown setting %q", name)
	}
	return err
}

func detailsOf(err error) []fault.Detail {
	if known := fault.From(err); known != nil {
		return known.Details
	}
	return nil
}
