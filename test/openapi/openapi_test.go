package openapi

import "testing"

// calls send every operation, with success and with a refusal, on one product.
var calls = []struct {
	name string
	run  func(*session)
}{
	{"directory", directory},
	{"identity", identity},
	{"elsewhere", elsewhere},
	{"definitions", definitions},
	{"decisions", decisions},
	{"designs", designs},
	{"tasks", tasks},
	{"approvals", approvals},
	{"people", people},
	{"office", office},
	{"operate", operate},
	{"operators", operators},
	{"work", work},
	{"inform", inform},
	{"events", events},
	{"look", look},
	{"hook", hook},
	{"sessions", sessions},
	{"refusals", refusals},
}

// TestProductKeepsTheDocument: every operation is sent; what is taken and what is answered is as the document
// says.
func TestProductKeepsTheDocument(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, c := range calls {
		t.Run(c.name, func(t *testing.T) {
			c.run(&session{t, s.contract, s.client, s.secrets, s.tokens, s.mails, s.sink, s.provider})
		})
	}
	if *rewriteExamples {
		if err := s.contract.record(); err != nil {
			t.Fatal(err)
		}
	}
	s.contract.judge(t)
	s.sink.judge(t)
	for _, name := range s.contract.unsent() {
		t.Error(name)
	}
}
