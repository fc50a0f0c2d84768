package demo

import (
	"context"
	"encoding/json"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/design"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// today plans what still waits for somebody: docs/demo.md says who sees what.
func (h *history) today() {
	h.waitingLeaves()
	h.waitingClaims()
	h.waitingOrders()
	h.papers()
}

// waitingLeaves plans three requests by the first version, one of them overdue and one with an incident, and three by
// the second one.
func (h *history) waitingLeaves() {
	overdue := h.story(h.workday(h.secondVersion(), 2))
	overdue.start("zhangwei", Leave, leaveForm(overdue.at, 2, "personal", "老家房屋修缮"))
	overdue.at = h.before(5 * time.Hour)
	overdue.urge("zhangwei", "wangfang", "managerApproval", "王经理，麻烦尽快审批，谢谢")
	h.tell(overdue.soon(10*time.Minute).remark("zhangwei", "已买好车票，请帮忙看一下", "wangfang"))

	director := h.story(h.workday(h.secondVersion(), 2).Add(40 * time.Minute))
	director.start("lina", Leave, leaveForm(director.at, 6, "annual", "年假旅行"))
	h.tell(director.soon(50*time.Minute).approve("zhaolei", "managerApproval", "同意，工作已交接"))

	// The first version subtracts from a balance that nobody has filled in.
	bad := h.story(h.workday(h.secondVersion(), 1).Add(20 * time.Minute))
	form := leaveForm(bad.at, 3, "sick", "急性肠胃炎，医院证明后补")
	delete(form, "annualBalance")
	bad.start("sunqi", Leave, form)
	h.tell(bad.soon(35*time.Minute).approve("chenjing", "managerApproval", "同意，好好休息"))

	for i, who := range []string{"zhangwei", "zhouming", "wuqiang"} {
		s := h.story(h.before(time.Duration(2+2*i) * time.Hour))
		h.tell(s.start(who, Leave, leaveForm(s.at, 1+i, "annual", pick(reasons, i+6))))
	}
}

// waitingClaims plans claims at each place where they can be: with the manager, returned, in the pool of the finance
// department, and with several signers.
func (h *history) waitingClaims() {
	manager := h.story(h.before(3*time.Hour + 20*time.Minute))
	h.tell(manager.claim("zhangwei", 4, 3260, "6222 0200 0000 2001"))

	returned := h.story(h.before(7 * time.Hour))
	returned.claim("zhangwei", 0, 1880, "6222 0200 0000 2001").soon(40 * time.Minute)
	h.tell(returned.giveBack("wangfang", "managerApproval", "住宿费超标，请按标准修改后重新提交"))

	for i, who := range []string{"zhouming", "wuqiang"} {
		pool := h.story(h.before(time.Duration(6+3*i) * time.Hour))
		pool.claim(who, 1+i, 260+300*i, "6222 0200 0000 3001").soon(30 * time.Minute)
		h.tell(pool.approve("wangfang", "managerApproval", "同意"))
	}

	signing := h.story(h.before(8 * time.Hour))
	signing.claim("wuqiang", 3, 5600, "6222 0200 0000 3002").soon(45*time.Minute).approve("wangfang", "managerApproval", "同意")
	h.tell(signing.soon(30*time.Minute).approve("chenjing", "countersign", "培训有必要，同意"))

	high := h.story(h.before(6*time.Hour + 30*time.Minute))
	high.claim("zhouming", 4, 18600, "6222 0200 0000 3003").soon(30 * time.Minute)
	h.tell(high.approve("wangfang", "managerApproval", "驻场项目费用，属实"))
}

// waitingOrders plans an order with an incident, two that are to be packed, and one that is out of stock.
func (h *history) waitingOrders() {
	failing := h.story(h.before(5 * time.Hour))
	id := failing.place(900, BadAmount)
	failing.done(topicInventory, values{"reservation": "KC70900"}).soon(3*time.Minute).message(Paid, id, values{"paidAmount": BadAmount})
	h.tell(failing.fails(topicPayment, declined))

	for i := range 2 {
		s := h.story(h.before(time.Duration(2+2*i) * time.Hour))
		id := s.place(901+i, 680+700*i)
		s.done(topicInventory, values{"reservation": "KC7090" + string(rune('1'+i))}).soon(4*time.Minute).message(Paid, id, values{"paidAmount": 680 + 700*i})
		s.done(topicPayment, values{"receipt": "SK3090" + string(rune('1'+i))}).done(topicInvoice, values{"invoiceNumber": "FP5129000" + string(rune('1'+i))})
		if i == 1 {
			s.soon(10*time.Minute).take("sunqi", "pack")
		}
		h.tell(s)
	}

	shortage := h.story(h.before(3*time.Hour + 40*time.Minute))
	shortage.place(905, 2350)
	h.tell(shortage.outOfStock().soon(15*time.Minute).take("sunqi", "shortage"))
}

// papers plans a draft, and templates for everybody.
func (h *history) papers() {
	templates := h.story(h.working(h.Now.AddDate(0, 0, -20)))
	for _, t := range []struct {
		owner, process, name, description string
		form                              values
	}{
		{"wangfang", Leave, "年假一天", "常用：休一天年假", values{"leaveType": "annual", "days": 1, "reason": "年假休息"}},
		{"wangfang", Leave, "病假", "就医或在家休息，证明可后补", values{"leaveType": "sick", "days": 1, "reason": "身体不适，就医检查"}},
		{"lina", Expense, "差旅报销", "出差回来五个工作日内提交", values{"purpose": "出差", "category": "travel"}},
		{"lina", Expense, "办公采购报销", "一千元以内由财务审核", values{"purpose": "办公用品采购", "category": "office"}},
	} {
		templates.soon(10*time.Minute).then(t.owner, func(ctx context.Context, call workflow.Call) (json.RawMessage, error) {
			v, err := t.form.variables()
			if err != nil {
				return nil, err
			}
			_, err = h.design.CreateTemplate(ctx, call, design.NewTemplate{
				Name: t.name, Description: t.description, ProcessKey: t.process, Public: true, Values: v,
			})
			return nil, err
		})
	}
	h.tell(templates)

	draft := h.story(h.before(90 * time.Minute))
	h.tell(draft.then("zhangwei", func(ctx context.Context, call workflow.Call) (json.RawMessage, error) {
		v, err := values{"leaveType": "annual", "days": 5, "reason": "春节提前返乡"}.variables()
		if err != nil {
			return nil, err
		}
		_, err = h.design.CreateDraft(ctx, call, design.NewDraft{Name: "春节请假", ProcessKey: Leave, Values: v})
		return nil, err
	}))
}

// unread is how many copies somebody leaves for later.
const unread = 3

// reading plans that everybody looks at his notifications and copies, twice a week and this morning.
func (h *history) reading() {
	looks := []time.Time{h.before(6*time.Hour + 10*time.Minute)}
	for back := days - 3; back > 1; back -= 3 {
		looks = append(looks, h.working(h.Now.AddDate(0, 0, -back)))
	}
	for _, look := range looks {
		for _, a := range access.DemoAccounts() {
			if a.Department != "" {
				h.tell(h.story(look).looks(a.Username))
			}
		}
	}
}

// looks plans that somebody reads what he was told, and his copies but for the latest ones.
func (s *story) looks(who string) *story {
	return s.then(who, func(ctx context.Context, call workflow.Call) (json.RawMessage, error) {
		if err := s.drain(ctx); err != nil {
			return nil, err
		}
		if _, err := s.notices.ReadAll(ctx, who, nil); err != nil {
			return nil, err
		}
		r := one
		r.Limit = 100
		copies, err := s.Store.Tasks(ctx, store.TaskFilter{View: store.Copied, Username: who, Identities: call.Principal.Identities(), Unread: true}, r)
		if err != nil {
			return nil, err
		}
		for _, t := range copies.Items[min(unread, len(copies.Items)):] {
			if _, err := s.workflow.Task(ctx, call.Principal, t.ID); err != nil {
				return nil, err
			}
		}
		return nil, nil
	})
}
