package main

import (
	"testing"

	"diom.io/workflow/shared/faas/faastest"
)

// What an instance has called is found from either side.
func TestCallsAtTheCommandLine(t *testing.T) {
	t.Parallel()
	in := openInstallation(t)
	in.Deploy(`<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t"><process id="caller" isExecutable="true"><startEvent id="s"/>
<sequenceFlow id="f" sourceRef="s" targetRef="call"/><callActivity id="call" calledElement="leave"/></process></definitions>`)
	in.Deploy(faastest.Leave)
	u := in.loggedIn("zhangwei")
	u.ok("", "start", "caller")
	caller := u.only("instance", "list", "--process", "caller")
	called := u.only("instance", "list", "--parent", caller)
	has(t, u.ok("", "instance", "show", called), "PARENT        "+caller, "BY            call", "ROOT          "+caller)
	has(t, u.ok("", "instance", "activity", caller), "CALLED", called)
}
