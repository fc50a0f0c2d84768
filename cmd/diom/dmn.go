package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"diom.io/workflow/cmd/diom/client"
	"diom.io/workflow/cmd/diom/tck"
	"diom.io/workflow/shared/dmn"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/feel"
)

func dmnCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "dmn", Short: "Evaluate decision models and run the conformance tests of DMN"}
	cmd.AddCommand(evaluateCommand(), tckCommand())
	return cmd
}

func tckCommand() *cobra.Command {
	var atLeast map[string]int
	var all bool
	cmd := &cobra.Command{
		Use:   "tck directory",
		Short: "Run the conformance tests of DMN below a directory",
		Long: "Runs every test case below a directory in the format of the DMN TCK: compliance-level-N/name/name-test-01.xml beside its models.\n" +
			"Each failure is told with its reason; then come the counts of each folder and of each level.\n" +
			"The exit code is 1 when a case fails, or, with --at-least, when a level has passed less than that, in percent.",
		Example: "  diom dmn tck TestCases --at-least 2=95,3=85",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			cases, err := tck.Run(arguments[0])
			if err != nil {
				return client.Usage(err)
			}
			return reportTCK(cmd.OutOrStdout(), cases, atLeast, all)
		},
	}
	cmd.Flags().StringToIntVar(&atLeast, "at-least", nil, "percent that each level must pass")
	cmd.Flags().BoolVar(&all, "all", false, "print the cases that pass, too")
	return cmd
}

func reportTCK(out io.Writer, cases []tck.Case, atLeast map[string]int, all bool) error {
	for _, c := range cases {
		switch {
		case !c.Passed():
			fmt.Fprintf(out, "FAIL level %s %s %s: %s\n", c.Level, c.Folder, c.ID, c.Reason)
		case all:
			fmt.Fprintf(out, "ok   level %s %s %s\n", c.Level, c.Folder, c.ID)
		}
	}
	for _, s := range tck.Folders(cases) {
		fmt.Fprintf(out, "level %s %s: %d of %d passed\n", s.Level, s.Folder, s.Passed, s.Total)
	}
	var short []string
	reached := map[string]int{}
	failed := 0
	for _, s := range tck.Summarize(cases) {
		fmt.Fprintf(out, "level %s: %d of %d passed (%d %%)\n", s.Level, s.Passed, s.Total, s.Percent())
		reached[s.Level] = s.Percent()
		failed += s.Total - s.Passed
	}
	if len(cases) == 0 {
		return errNoCases
	}
	if len(atLeast) == 0 && failed > 0 {
		return fmt.Errorf("the decision models do not conform: %d of %d cases fail", failed, len(cases))
	}
	for level, percent := range atLeast {
		if got, ran := reached[level]; !ran || got < percent {
			short = append(short, fmt.Sprintf("level %s passes %d %%, not %d %%", level, got, percent))
		}
	}
	if len(short) > 0 {
		return fmt.Errorf("the decision models do not conform: %s", strings.Join(short, "; "))
	}
	return nil
}

func evaluateCommand() *cobra.Command {
	var decision, variables string
	var standard, asJSON bool
	cmd := &cobra.Command{
		Use:   "evaluate file.dmn",
		Short: "Evaluate a decision of a DMN file on this machine",
		Long: "Evaluates a decision as a business rule task would, and prints a table of the outputs, a line for each rule that matched.\n" +
			"With --standard it evaluates as DMN has it: the variables are the inputs by their names, and the result is printed in FEEL.\n" +
			"What is wrong with the model is told with its place; mistakes that became null are told on standard error.",
		Example: `  diom dmn evaluate discount.dmn --decision discount --variables '{"amount": 120, "level": "gold"}'`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			data, err := os.ReadFile(arguments[0])
			if err != nil {
				return client.Usage(err)
			}
			values, err := expr.Unmarshal([]byte(variables))
			given, ok := values.(map[string]expr.Value)
			if err != nil || !ok {
				return client.Usage(fmt.Errorf("--variables is no JSON object: %w", cmp.Or(err, errNoObject)))
			}
			e := evaluation{out: cmd.OutOrStdout(), err: cmd.ErrOrStderr(), file: arguments[0], decision: decision, asJSON: asJSON}
			if standard {
				return e.standard(data, given)
			}
			return e.run(data, given)
		},
	}
	cmd.Flags().StringVar(&decision, "decision", "", "the id of the decision, with --standard its name; the only one of the file by default")
	cmd.Flags().StringVar(&variables, "variables", "{}", "a JSON object")
	cmd.Flags().BoolVar(&standard, "standard", false, "evaluate as DMN has it, not as Camunda 7 does")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

var (
	errNoObject = errors.New("it is another value")
	errNoCases  = errors.New("there is no test case below the directory")
)

// evaluation is one call of dmn evaluate.
type evaluation struct {
	out, err       io.Writer
	file, decision string
	asJSON         bool
}

func (e *evaluation) read(data []byte) (*dmn.Model, error) {
	m, err := dmn.Read(data, dmn.Options{})
	if err != nil {
		f := fault.From(err)
		for _, d := range f.Details {
			fmt.Fprintf(e.err, "%s:%d: %s %s: %s %s\n", e.file, d.Line, d.Element, d.Rule, d.Detail, d.Fix)
		}
		return nil, errors.New(f.Message)
	}
	if e.decision == "" && len(m.Decisions) == 1 {
		e.decision = m.Decisions[0].ID
	}
	if e.decision == "" {
		var ids []string
		for _, d := range m.Decisions {
			ids = append(ids, d.ID)
		}
		return nil, client.Usage(fmt.Errorf("the file has several decisions; --decision is one of: %s", strings.Join(ids, ", ")))
	}
	return m, nil
}

func (e *evaluation) run(data []byte, variables map[string]expr.Value) error {
	m, err := e.read(data)
	if err != nil {
		return err
	}
	result, err := m.Evaluate(e.decision, variables, time.Now())
	if err != nil {
		return errors.New(fault.From(err).Message)
	}
	e.tell(result.Diagnostics)
	if e.asJSON {
		rules := make([]expr.Value, len(result.Rules))
		for i, r := range result.Rules {
			rules[i] = r
		}
		return e.json(rules)
	}
	for _, r := range result.Rules {
		var cells []string
		for _, name := range m.Decision(e.decision).Outputs {
			cells = append(cells, name+" = "+feel.String(feel.FromValue(r[name])))
		}
		fmt.Fprintln(e.out, strings.Join(cells, "\t"))
	}
	return nil
}

func (e *evaluation) standard(data []byte, variables map[string]expr.Value) error {
	m, err := e.read(data)
	if err != nil {
		return err
	}
	inputs := map[string]feel.Value{}
	for name, v := range variables {
		inputs[feel.Name(name)] = feel.FromValue(v)
	}
	result, err := m.Invoke(e.decision, inputs, time.Now())
	if err != nil {
		return errors.New(fault.From(err).Message)
	}
	e.tell(result.Diagnostics)
	if e.asJSON {
		return e.json(feel.ToValue(result.Value))
	}
	_, err = fmt.Fprintln(e.out, feel.String(result.Value))
	return err
}

func (e *evaluation) json(v expr.Value) error {
	raw, err := expr.Marshal(v)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.out, string(raw))
	return err
}

func (e *evaluation) tell(diagnostics []feel.Diagnostic) {
	for _, d := range diagnostics {
		fmt.Fprintf(e.err, "null: %s: %s\n", strings.TrimSpace(d.Where), d.Message)
	}
}
