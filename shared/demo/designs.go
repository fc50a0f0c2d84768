package demo

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"diom.io/workflow/shared/design"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

const (
	designer = "zhouming"
	// days is how far the history goes back; what runs by then was published before.
	days = 30
	// renewed is how long ago the second version of the leave request was published.
	renewed = 6 * 24 * time.Hour
)

// one asks for one row.
var one = page.Request{Limit: 1, Sort: "createdAt", Descending: true}

// drawing is a design of the demo.
type drawing struct {
	kind, key, name, category, file string
}

// designs plans the categories, and the designs with their versions.
func (h *history) designs() {
	categories := map[string]string{}
	s := h.story(h.working(h.Now.AddDate(0, 0, -days-8)))
	for i, c := range [][2]string{{"hr", "人事"}, {"finance", "财务"}, {"supply", "供应链"}} {
		s.then(designer, func(ctx context.Context, call workflow.Call) (json.RawMessage, error) {
			made, err := h.design.CreateCategory(ctx, call, design.NewCategory{Code: c[0], Name: c[1], Position: i + 1})
			categories[c[0]] = made.ID.String()
			return nil, err
		})
	}
	leaveForm := &drawing{kind: store.DesignForm, key: "leave-request", name: "请假申请单", category: "hr", file: "leave-request.v1.form"}
	rule := &drawing{kind: store.DesignDMN, key: "leave-rule", name: "请假审批规则", category: "hr", file: "leave-rule.v1.dmn"}
	leave := &drawing{kind: store.DesignBPMN, key: Leave, name: "请假", category: "hr", file: "leave-request.v1.bpmn"}
	for _, d := range []*drawing{
		leaveForm, rule, leave,
		{kind: store.DesignForm, key: "expense-start", name: "报销发起单", category: "finance", file: "expense-start.form"},
		{kind: store.DesignForm, key: "expense-claim", name: "报销明细单", category: "finance", file: "expense-claim.form"},
		{kind: store.DesignBPMN, key: Expense, name: "费用报销", category: "finance", file: "expense-claim.bpmn"},
		{kind: store.DesignForm, key: "order-pack", name: "打包单", category: "supply", file: "order-pack.form"},
		{kind: store.DesignForm, key: "order-shortage", name: "缺货处理单", category: "supply", file: "order-shortage.form"},
		{kind: store.DesignBPMN, key: Order, name: "订单履约", category: "supply", file: "order-fulfilment.bpmn"},
	} {
		s.after(20*time.Minute).draw(d, categories)
		s.after(10*time.Minute).publish(d, "第一版")
	}
	h.tell(s)

	second := h.story(h.working(h.Now.Add(-renewed)))
	second.redraw(leaveForm, "leave-request.v2.form", "增加工作交接人").soon(5*time.Minute).publish(leaveForm, "增加工作交接人")
	second.soon(5*time.Minute).redraw(rule, "leave-rule.v2.dmn", "病假放宽，婚假由总监审批").soon(5*time.Minute).publish(rule, "病假放宽，婚假由总监审批")
	second.soon(5*time.Minute).redraw(leave, "leave-request.v2.bpmn", "审批级别改由决策表决定").soon(time.Minute).publish(leave, "审批级别改由决策表决定；驳回后可修改")
	h.tell(second)
}

// secondVersion is when leave requests begin to go by the second version: as long after the first change as designs
// plans it.
func (h *history) secondVersion() time.Time {
	return h.working(h.Now.Add(-renewed)).Add(21 * time.Minute)
}

func (s *story) draw(d *drawing, categories map[string]string) *story {
	return s.then(designer, func(ctx context.Context, call workflow.Call) (json.RawMessage, error) {
		content, err := model(d.file)
		if err != nil {
			return nil, err
		}
		_, err = s.design.Create(ctx, call, design.NewDesign{
			Kind: d.kind, Key: d.key, Name: d.name, CategoryID: categories[d.category], Content: content, Comment: "新建",
		})
		return nil, err
	})
}

func (s *story) redraw(d *drawing, file, comment string) *story {
	return s.then(designer, func(ctx context.Context, call workflow.Call) (json.RawMessage, error) {
		now, err := s.drawn(ctx, d)
		if err != nil {
			return nil, err
		}
		content, err := model(file)
		if err != nil {
			return nil, err
		}
		_, err = s.design.Update(ctx, call, now.ID, design.Change{Content: &content, Comment: comment}, 0)
		return nil, err
	})
}

func (s *story) publish(d *drawing, comment string) {
	s.then(designer, func(ctx context.Context, call workflow.Call) (json.RawMessage, error) {
		now, err := s.drawn(ctx, d)
		if err != nil {
			return nil, err
		}
		_, err = s.design.Publish(ctx, call, now.ID, design.Publishing{Comment: comment}, 0)
		return nil, err
	})
}

// errNoDesign: what a story goes on with is not there.
var errNoDesign = errors.New("a design of the demo is not there")

// drawn is a design as it is now.
func (s *story) drawn(ctx context.Context, d *drawing) (store.Design, error) {
	found, err := s.Store.Designs(ctx, store.DesignFilter{Kind: d.kind, Key: d.key}, one)
	if err != nil || len(found.Items) == 0 {
		return store.Design{}, errors.Join(err, errNoDesign)
	}
	return found.Items[0], nil
}
