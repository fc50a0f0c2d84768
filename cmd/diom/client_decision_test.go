package main

import (
	"testing"

	"diom.io/workflow/cmd/diom/client"
)

const bonusModel = `<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="m" name="m" namespace="http://example.com/m">
  <decision id="bonus" name="奖金"><decisionTable id="t"><input id="i"><inputExpression id="e"><text>years</text></inputExpression></input>
    <output id="o" name="percent"/><rule id="long"><inputEntry id="a"><text>&gt;= 5</text></inputEntry><outputEntry id="b"><text>10</text></outputEntry></rule>
  </decisionTable></decision></definitions>`

// Decisions are deployed from a directory, looked at and made.
func TestDecisionCommands(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	u := in.loggedIn("zhouming")
	has(t, u.ok("", "deploy", u.file("bonus.dmn", bonusModel)), "bonus", "奖金", "bonus.dmn")
	one := u.only("decision", "list", "--decision", "bonus", "--latest")
	has(t, u.ok("", "decision", "show", one), "VERSION     1", "bonus")
	has(t, u.ok("", "decision", "xml", one), "inputExpression")
	has(t, u.ok("", "decision", "evaluate", "bonus", "--var", "years=7", "--version", "1"), "bonus", "long", "percent", "10")
	u.fails(client.ExitProblem, "decision_not_found", "decision", "evaluate", "nothing")
}
