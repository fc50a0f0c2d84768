package bpmn

import (
	"slices"
	"testing"
)

// approving is a user task t with a policy on line 3, and what else it has.
func approving(policy, rest string) string {
	return task("", "<extensionElements>\n<d:approval "+policy+"/></extensionElements>"+rest)
}

var approvalCases = []ruleCase{
	{"approval", approving("", ""), nil},
	{"approval with everything", approving(`mode="weighted" ratio="66" veto="true" signers="${list}" weights="${weights}" result="r" empty="reject" maxSigners="100" allow="return, withdraw"`, ""), nil},
	{"signers who are not asked", approving(`empty="transfer" emptyTo="lina" starter="manager" again="consecutive"`, ""), nil},
	{"nobody instead of nobody", approving(`empty="transfer"`, ""), []string{"3 invalid_approval t"}},
	{"somebody in vain", approving(`emptyTo="lina"`, ""), []string{"3 invalid_approval t"}},
	{"starter who is nobody", approving(`starter="boss"`, ""), []string{"3 invalid_approval t"}},
	{"again and again", approving(`again="twice"`, ""), []string{"3 invalid_approval t"}},
	{"time-outs", task("", "<extensionElements>\n<d:timeout after='P1D' do='remind'/><d:timeout after='${t}' working='false' do='transfer' to='${boss}'/></extensionElements>"), nil},
	{"time-out without a time", task("", "<extensionElements>\n<d:timeout do='remind'/></extensionElements>"), []string{"3 invalid_timeout t"}},
	{"time-out after nonsense", task("", "<extensionElements>\n<d:timeout after='soon' do='remind'/></extensionElements>"), []string{"3 invalid_timeout t"}},
	{"time-out that does nothing", task("", "<extensionElements>\n<d:timeout after='P1D' do='panic'/></extensionElements>"), []string{"3 invalid_timeout t"}},
	{"time-out to somebody in vain", task("", "<extensionElements>\n<d:timeout after='P1D' do='remind' to='lina'/></extensionElements>"), []string{"3 invalid_timeout t"}},
	{"time-out that works perhaps", task("", "<extensionElements>\n<d:timeout after='P1D' do='remind' working='x' why='y'/></extensionElements>"), []string{"3 invalid_timeout t", "3 invalid_timeout t"}},
	{"request", model("<extensionElements>\n<d:request number='A-{yyMM}-{seq:4}' summary='${a}'/></extensionElements><startEvent id='s'/>"), nil},
	{"number without a sequence", model("<extensionElements>\n<d:request number='A-{yyMM}'/></extensionElements><startEvent id='s'/>"), []string{"3 invalid_request p"}},
	{"number of an unknown part", model("<extensionElements>\n<d:request number='A-{week}-{seq}'/></extensionElements><startEvent id='s'/>"), []string{"3 invalid_request p"}},
	{"number with a brace", model("<extensionElements>\n<d:request number='A}{seq}'/></extensionElements><startEvent id='s'/>"), []string{"3 invalid_request p"}},
	{"two requests", model("<extensionElements>\n<d:request/>\n<d:request/></extensionElements><startEvent id='s'/>"), []string{"4 invalid_request p"}},
	{"request of an unknown attribute", model("<extensionElements>\n<d:request prefix='A'/></extensionElements><startEvent id='s'/>"), []string{"3 invalid_request p"}},
	{"approval over a collection", approving("", `<multiInstanceLoopCharacteristics c:collection="list" c:elementVariable="x"/>`), nil},
	{"approval in sequence", approving("", `<multiInstanceLoopCharacteristics isSequential="true" c:collection="list"/>`), nil},
	{"approval of an unknown mode", approving(`mode="most"`, ""), []string{"3 invalid_approval t"}},
	{"approval with an unknown attribute", approving(`quorum="2"`, ""), []string{"3 invalid_approval t"}},
	{"ratio that is none", approving(`mode="ratio" ratio="101"`, ""), []string{"3 invalid_approval t"}},
	{"ratio in vain", approving(`ratio="50"`, ""), []string{"3 invalid_approval t"}},
	{"weights in vain", approving(`weights="${w}"`, ""), []string{"3 invalid_approval t"}},
	{"wrong signers", approving(`signers="${"`, ""), []string{"3 bad_expression t"}},
	{"result that is no name", approving(`result="a b"`, ""), []string{"3 invalid_approval t"}},
	{"empty that is nothing", approving(`empty="skip"`, ""), []string{"3 invalid_approval t"}},
	{"too many signers", approving(`maxSigners="101"`, ""), []string{"3 invalid_approval t"}},
	{"unknown operation", approving(`allow="jump"`, ""), []string{"3 invalid_approval t"}},
	{"two policies", task("", "<extensionElements><d:approval/>\n<d:approval/></extensionElements>"), []string{"3 invalid_approval t"}},
	{"approval with a condition", approving("", `<multiInstanceLoopCharacteristics c:collection="list"><completionCondition>${a}</completionCondition></multiInstanceLoopCharacteristics>`), []string{"2 invalid_approval t"}},
	{"approval by a number", approving("", `<multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics>`), []string{"2 invalid_approval t"}},
	{"signers twice", approving(`signers="lina"`, `<multiInstanceLoopCharacteristics c:collection="list"/>`), []string{"2 invalid_approval t"}},
	{"approval with an output", task("", "<extensionElements><d:approval/><c:inputOutput><c:outputParameter name='a'>b</c:outputParameter></c:inputOutput></extensionElements>"), []string{"2 misplaced_mapping t"}},
	{"approval of a service task", service("c:expression='${a}'", "\n<d:approval/>"), []string{"3 ignored_extension x"}},
	{"copies twice", task("", "<extensionElements><d:approval copyTo='lina'/>\n<d:copy to='zhaolei'/></extensionElements>"), []string{"3 invalid_copy t"}},
	{"copies to nobody", task("", "<extensionElements>\n<d:copy/></extensionElements>"), []string{"3 invalid_copy t"}},
	{"wrong copies", approving(`copyTo="${"`, ""), []string{"3 bad_expression t"}},
	{"copies of a service task", service("c:expression='${a}'", "\n<d:copy to='lina'/>"), []string{"3 ignored_extension x"}},
	{"policy of a process", model("<extensionElements>\n<d:approval withdraw='sometimes'/></extensionElements><startEvent id='s'/>"), []string{"3 invalid_approval p"}},
}

func TestApprovalPolicy(t *testing.T) {
	t.Parallel()
	p := accept(t, []byte(approving(`mode="ratio" signers="lina,zhaolei" allow="withdraw"`, ""))).Processes[0]
	node := p.Node("t")
	a := node.UserTask.Approval
	if !p.Approves() || a.Ratio != 50 || a.MaxSigners != 20 || a.Result != "approval" || !a.Allows(AllowWithdraw) || a.Allows(AllowReturn) {
		t.Errorf("policy %+v", a)
	}
	if m := node.MultiInstance; m == nil || m.Sequential || m.ElementVariable != SignerVariable || m.Instance.UserTask != node.UserTask {
		t.Errorf("marker %+v", m)
	}
	plain := accept(t, []byte(task("", ""))).Processes[0]
	if plain.Approves() || plain.Node("t").MultiInstance != nil || !plain.StarterWithdraws() {
		t.Error("a task without a policy has one")
	}
	kept := accept(t, []byte(model("<extensionElements><d:approval withdraw='never'/></extensionElements><startEvent id='s'/>"))).Processes[0]
	if kept.StarterWithdraws() || kept.Approves() {
		t.Error("a request can be withdrawn that is kept")
	}
	changed := accept(t, []byte(approving(`mode="veto"`, ""))).Processes[0]
	if c := Compare(p, changed).Changed; len(c) != 1 || !slices.Contains(c[0].Attributes, "approval") {
		t.Errorf("the difference is %+v", c)
	}
}

// Who is told when a task is decided is said once, by the policy or by an element of its own.
func TestCopiesOfAModel(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		approving(`copyTo="lina,zhaolei"`, ""):                                              "lina,zhaolei",
		task("", `<extensionElements><d:copy to="${board}"/></extensionElements>`):          "${board}",
		task("", `<extensionElements><d:approval/><d:copy to="lina"/></extensionElements>`): "lina",
	} {
		if x := accept(t, []byte(content)).Processes[0].Node("t").UserTask.CopyTo; x == nil || x.Source() != want {
			t.Errorf("%v, want %s", x, want)
		}
	}
	plain, told := accept(t, []byte(task("", ""))).Processes[0], accept(t, []byte(approving(`copyTo="lina"`, ""))).Processes[0]
	if c := Compare(plain, told).Changed; len(c) != 1 || !slices.Contains(c[0].Attributes, "copyTo") {
		t.Errorf("the difference is %+v", c)
	}
}
