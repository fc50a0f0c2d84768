package demo

import (
	"fmt"
	"time"
)

var claims = []struct {
	purpose, category string
	items             []string
}{
	{"北京客户拜访", "travel", []string{"高铁票", "住宿费", "市内交通"}},
	{"办公用品采购", "office", []string{"打印纸", "键盘鼠标"}},
	{"客户招待", "entertain", []string{"餐费", "茶礼"}},
	{"技术大会培训", "training", []string{"会议费", "差旅费", "资料费"}},
	{"上海项目驻场", "travel", []string{"机票", "住宿费", "餐补"}},
}

const expenseCount = 45

// expenses plans the claims that are over.
func (h *history) expenses() {
	for i := range expenseCount {
		h.past(h.spread(i, expenseCount).Add(35*time.Minute), func(s *story) { h.expense(s, i) })
	}
}

var claimants = []employee{{"zhangwei", "wangfang"}, {"zhouming", "wangfang"}, {"sunqi", "chenjing"}, {"wuqiang", "wangfang"}, {"wangfang", "chenjing"}}

// claim plans that somebody starts a claim and fills in lines that sum up to an amount in yuan.
func (s *story) claim(who string, i, amount int, account string) *story {
	c := pick(claims, i)
	s.start(who, Expense, values{"purpose": c.purpose, "category": c.category, "account": account})
	return s.soon(6*time.Minute).complete(who, "fill", "", "", s.lines(i, amount, account))
}

// lines are those of a claim.
func (s *story) lines(i, amount int, account string) values {
	c := pick(claims, i)
	var lines []values
	left := amount
	for n, item := range c.items {
		part := left / 2
		if n == len(c.items)-1 {
			part = left
		}
		left -= part
		lines = append(lines, values{"date": s.at.AddDate(0, 0, n-5).Format(time.DateOnly), "item": item, "amount": fmt.Sprintf("%d.00", part)})
	}
	return values{"purpose": c.purpose, "account": account, "lines": lines, "note": "见附件发票"}
}

// expense plans one claim that is over.
func (h *history) expense(s *story, i int) {
	who := pick(claimants, i)
	amount := pick([]int{320, 860, 2600, 4380, 7200, 15800}, i)
	s.claim(who.name, i, amount, fmt.Sprintf("6222 0200 0000 %04d", 1000+i))
	s.after(time.Duration(30+i*41%240) * time.Minute)
	switch {
	case i%11 == 5:
		s.reject(who.manager, "managerApproval", "不符合报销制度")
		return
	case i%11 == 7:
		s.withdraw(who.name, "重复提交")
		return
	case i%9 == 4:
		s.giveBack(who.manager, "managerApproval", "请补充发票并核对金额")
		s.after(2*time.Hour).complete(who.name, "fill", "", "已补充发票", s.lines(i, amount, "6222 0200 0000 9999"))
		s.after(time.Hour)
	}
	s.approve(who.manager, "managerApproval", pick(agreeing, i))
	if !s.finance(i, amount) {
		return
	}
	s.done(topicExpense, values{"paymentNumber": fmt.Sprintf("FK%06d", 240100+i)})
}

// finance plans what the finance department does with a claim; false: it is refused.
func (s *story) finance(i, amount int) bool {
	s.after(time.Duration(50+i*29%200) * time.Minute)
	switch {
	case amount <= 1000:
		who := pick([]string{"lina", "zhaolei"}, i)
		s.take(who, "financeReview").after(15*time.Minute).approve(who, "financeReview", "票据齐全")
	case amount > 10000:
		s.approve("zhaolei", "highAmount", "预算内，同意")
		s.after(90 * time.Minute)
		if i%4 == 1 {
			s.reject("chenjing", "highAmount", "超出部门预算，一票否决")
			return false
		}
		s.approve("chenjing", "highAmount", "同意")
	default:
		if i%7 == 3 {
			s.addSigner("lina", "countersign", "wangfang", "请业务负责人一并会签")
			s.after(30*time.Minute).approve("wangfang", "countersign", "属实")
			s.after(20 * time.Minute)
		}
		s.approve("lina", "countersign", "票据齐全")
		s.after(40*time.Minute).approve("zhaolei", "countersign", "同意")
	}
	return true
}
