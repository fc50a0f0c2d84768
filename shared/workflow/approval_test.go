package workflow_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// board is a request that three people decide, of whom two are enough.
type board struct {
	*fixture
	instance engine.ID
	tasks    map[string]engine.ID
}

// people are users who can be added as signers.
func (f *fixture) people(names ...string) {
	f.t.Helper()
	for i, name := range names {
		now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
		u := store.User{ID: engine.ID{7, byte(i)}, Username: name, Password: "x", DisplayName: name, Enabled: true, Version: 1, CreatedAt: now, UpdatedAt: now}
		if err := f.store.CreateUser(f.t.Context(), u, nil, store.Recorded{}); err != nil {
			f.t.Fatal(err)
		}
	}
}

func (f *fixture) board() *board {
	f.t.Helper()
	started := f.start(nil)
	raw, err := f.CompleteTask(f.t.Context(), workflow.Call{Principal: employee}, started.Tasks[0].ID, workflow.Completion{})
	b := &board{f, started.Instance.ID, map[string]engine.ID{}}
	b.note(decode[workflow.TaskAnswer](f.t, raw, err))
	if len(b.tasks) != 3 {
		f.t.Fatalf("the signers have %v", b.tasks)
	}
	return b
}

func (b *board) note(a workflow.TaskAnswer) {
	for _, task := range a.Next {
		if task.Assignee != nil {
			b.tasks[*task.Assignee] = task.ID
		}
	}
}

func (b *board) vote(user, outcome string) (json.RawMessage, error) {
	return b.CompleteTask(context.Background(), workflow.Call{Principal: member(user)}, b.tasks[user], workflow.Completion{Outcome: outcome})
}

func (b *board) state() *engine.Instance {
	b.t.Helper()
	in, err := b.store.LoadInstance(context.Background(), b.instance)
	if err != nil {
		b.t.Fatal(err)
	}
	if found := b.problems(b.instance); found != nil {
		b.t.Fatal(found)
	}
	return in
}

// together lets calls meet, and returns how each ended.
func together(calls ...func() (json.RawMessage, error)) []error {
	errs := make([]error, len(calls))
	var ready, done sync.WaitGroup
	ready.Add(len(calls))
	for i, call := range calls {
		done.Go(func() {
			ready.Done()
			ready.Wait()
			_, errs[i] = call()
		})
	}
	done.Wait()
	return errs
}

func codeOf(err error) string {
	if f := fault.From(err); f != nil {
		return f.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// approvalRaces are what two people do at once on a board. Each returns what is wrong afterwards, "" for nothing.
var approvalRaces = map[string]func(*board) string{
	"two approvers": twoApprovers, "withdraw against the next one": withdrawAgainstClaim, "signers added at the last vote": addAgainstLastVote,
}

// Whatever two people do at once, it is as if they had done it one after the other.
func TestApprovalRaces(t *testing.T) {
	t.Parallel()
	for name, race := range approvalRaces {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t, nil)
			f.people("sunqi", "wuqiang")
			f.deploy("approval.bpmn")
			for range 5 {
				if wrong := race(f.board()); wrong != "" {
					t.Fatal(wrong)
				}
			}
		})
	}
}

// Two votes at once: both count, one after the other, and one of them decides.
func twoApprovers(b *board) string {
	for _, err := range together(
		func() (json.RawMessage, error) { return b.vote("lina", "") },
		func() (json.RawMessage, error) { return b.vote("zhaolei", engine.Approve) },
	) {
		if err != nil {
			return err.Error()
		}
	}
	in, wrong := b.ends("last")
	if wrong != "" {
		return wrong
	}
	if votes := in.Passed[1].Approval.Signers; votes[1].By != "lina" || votes[2].By != "zhaolei" || votes[0].By != "" {
		return fmt.Sprintf("votes %+v", votes)
	}
	return ""
}

// The last approver takes his vote back while the next claims his task: one of the two is too late.
func withdrawAgainstClaim(b *board) string {
	if _, err := b.vote("lina", ""); err != nil {
		return err.Error()
	}
	raw, err := b.vote("zhaolei", "")
	next := decode[workflow.TaskAnswer](b.t, raw, err).Next[0].ID
	errs := together(
		func() (json.RawMessage, error) {
			return b.WithdrawTask(context.Background(), workflow.Call{Principal: member("zhaolei")}, b.tasks["zhaolei"], workflow.Remark{})
		},
		func() (json.RawMessage, error) {
			return b.ClaimTask(context.Background(), workflow.Call{Principal: member("sunqi", "hr")}, next)
		},
	)
	withdrawn, claimed, want := codeOf(errs[0]), codeOf(errs[1]), "last"
	if withdrawn == "" {
		want = "board"
	}
	if !(withdrawn == "" && claimed == engine.ErrTaskEnded.Code || withdrawn == engine.ErrTooLate.Code && claimed == "") {
		return fmt.Sprintf("withdrawn %q, claimed %q", withdrawn, claimed)
	}
	_, wrong := b.ends(want)
	return wrong
}

// Signers are added while the last vote comes: either it counts them, or they are too late.
func addAgainstLastVote(b *board) string {
	if _, err := b.vote("lina", ""); err != nil {
		return err.Error()
	}
	errs := together(
		func() (json.RawMessage, error) { return b.vote("zhaolei", "") },
		func() (json.RawMessage, error) {
			return b.AddSigners(context.Background(), workflow.Call{Principal: member("wangfang")}, b.tasks["wangfang"],
				workflow.NewSigners{UserIDs: []string{"sunqi", "wuqiang"}, Mode: engine.AddParallel})
		},
	)
	added, want := codeOf(errs[1]), "last"
	if added == "" { // two of five are not enough
		want = "board"
	}
	if errs[0] != nil || added != "" && added != engine.ErrTaskEnded.Code {
		return fmt.Sprintf("voted %v, added %q", errs[0], added)
	}
	_, wrong := b.ends(want)
	return wrong
}

// ends returns the instance, which waits at a node alone, and has the history that gives its state; else what is wrong.
func (b *board) ends(node string) (*engine.Instance, string) {
	b.t.Helper()
	in, err := b.store.LoadInstance(context.Background(), b.instance)
	if err != nil {
		return nil, err.Error()
	}
	if found := b.problems(b.instance); found != nil {
		return nil, fmt.Sprint(found)
	}
	for _, task := range in.Tasks {
		if task.Node != node {
			return nil, "it is at " + task.Node + ", not at " + node
		}
	}
	if len(in.Tasks) == 0 {
		return nil, "it is nowhere"
	}
	return in, ""
}

// Who may do what, and what the answers and the actions say.
func TestApprovalOperations(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	f.people("sunqi")
	f.deploy("approval.bpmn")
	b := f.board()
	lina := workflow.Call{Principal: member("lina")}
	refused := func(want string, _ json.RawMessage, err error) {
		t.Helper()
		if codeOf(err) != want {
			t.Errorf("%v instead of %s", err, want)
		}
	}
	raw, err := f.ReturnTask(t.Context(), clerk, b.tasks["zhaolei"], workflow.TaskReturn{To: "previous"})
	refused("not_your_task", raw, err)
	raw, err = f.AddSigners(t.Context(), lina, b.tasks["lina"], workflow.NewSigners{UserIDs: []string{"nobody"}, Mode: engine.AddAfter})
	refused("unknown_user", raw, err)
	raw, err = f.WithdrawTask(t.Context(), lina, b.tasks["lina"], workflow.Remark{})
	refused("task_not_completed", raw, err)
	raw, err = f.WithdrawTask(t.Context(), lina, b.tasks["zhaolei"], workflow.Remark{})
	refused("not_your_task", raw, err)
	b.allowed("lina", "return", "add-signers", "remove-signers", "copy")
	raw, err = f.RemoveSigners(t.Context(), lina, b.tasks["lina"], workflow.OldSigners{UserIDs: []string{"zhaolei"}, Comment: "absent"})
	decode[workflow.TaskAnswer](t, raw, err)
	raw, err = f.AddSigners(t.Context(), lina, b.tasks["lina"], workflow.NewSigners{UserIDs: []string{"sunqi"}, Mode: engine.AddBefore})
	answer := decode[workflow.TaskAnswer](t, raw, err)
	if answer.Task.State != "cancelled" || len(answer.Next) != 1 || *answer.Next[0].Assignee != "sunqi" {
		t.Errorf("added %+v", answer)
	}
	b.note(answer)
	raw, err = b.vote("sunqi", "")
	b.note(decode[workflow.TaskAnswer](t, raw, err))
	b.allowed("sunqi", "withdraw", "copy")
	raw, err = f.ReturnTask(t.Context(), lina, b.tasks["lina"], workflow.TaskReturn{To: "starter", StraightBack: true, Comment: "more"})
	if answer = decode[workflow.TaskAnswer](t, raw, err); answer.Task.State != "completed" || answer.Next[0].NodeID != "apply" {
		t.Errorf("returned %+v", answer)
	}
	b.state()
	raw, err = f.WithdrawInstance(t.Context(), lina, b.instance, workflow.Remark{})
	refused("not_your_instance", raw, err)
	raw, err = f.WithdrawInstance(t.Context(), workflow.Call{Principal: employee}, b.instance, workflow.Remark{Comment: "mistaken"})
	if ended := decode[workflow.InstanceAnswer](t, raw, err); ended.Instance.State != engine.Cancelled {
		t.Errorf("withdrawn %+v", ended)
	}
}

// allowed holds which operations on approvals the actions of somebody's task allow.
func (b *board) allowed(user string, want ...string) {
	b.t.Helper()
	detail, err := b.Task(b.t.Context(), access.Principal{Username: user}, b.tasks[user])
	if err != nil {
		b.t.Fatal(err)
	}
	var got []string
	for _, a := range detail.Actions[6:] {
		if a.Allowed {
			got = append(got, a.Name)
		}
	}
	if !slices.Equal(got, want) {
		b.t.Errorf("%s may %v: %+v", user, got, detail.Actions)
	}
}
