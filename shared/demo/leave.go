package demo

import (
	"time"
)

// employee is somebody of the demo, with who decides first on what he asks for.
type employee struct{ name, manager string }

var employees = []employee{
	{"zhangwei", "wangfang"}, {"zhouming", "wangfang"}, {"lina", "zhaolei"}, {"wuqiang", "wangfang"}, {"sunqi", "chenjing"}, {"wangfang", "chenjing"}, {"zhaolei", "chenjing"},
}

var (
	reasons  = []string{"回家探亲", "身体不适，就医检查", "家中有事需处理", "参加培训考试", "搬家", "照顾孩子", "年假休息", "办理证件"}
	agreeing = []string{"同意", "同意，注意工作交接", "同意，祝顺利", "已安排人员顶替，同意"}
)

const leaveCount = 70

// leaves plans the leave requests that are over.
func (h *history) leaves() {
	for i := range leaveCount {
		h.past(h.spread(i, leaveCount), func(s *story) { h.leave(s, i) })
	}
}

// spread is when the n-th of so many stories begins: evenly, at another time of the day each.
func (h *history) spread(n, of int) time.Time {
	back := time.Duration(days-1) * 24 * time.Hour
	begin := h.Now.Add(-back).Add(time.Duration(n) * back / time.Duration(of))
	return at(begin.In(h.location), 0).Add(9*time.Hour + time.Duration(n*47%480)*time.Minute)
}

// pick is the n-th of some values, again and again.
func pick[T any](list []T, n int) T { return list[n%len(list)] }

// leaveForm is what somebody asks for from a day on.
func leaveForm(from time.Time, length int, kind, reason string) values {
	first := from.AddDate(0, 0, 3)
	return values{
		"leaveType": kind, "fromDate": first.Format(time.DateOnly), "toDate": first.AddDate(0, 0, length-1).Format(time.DateOnly), "days": length,
		"annualBalance": 12 - length%5, "reason": reason,
	}
}

// leave plans one request that is over, by the version of its time.
func (h *history) leave(s *story, i int) {
	who := pick(employees, i*3+i/7)
	long, length := i%10 >= 7, 1+i%3
	if long {
		length = 4 + i%4
	}
	newer := !s.at.Before(h.secondVersion())
	s.start(who.name, Leave, leaveForm(s.at, length, pick([]string{"annual", "personal", "annual"}, i), pick(reasons, i)))
	switch {
	case i%10 == 4:
		s.after(time.Hour).withdraw(who.name, "行程取消")
		return
	case i%10 == 2:
		s.after(3*time.Hour).reject(who.manager, "managerApproval", "项目上线期间，请改期")
		if !newer {
			return
		}
		s.after(time.Hour).complete(who.name, "amend", "", "改到上线之后", leaveForm(s.at.AddDate(0, 0, 7), length, "annual", "改期："+pick(reasons, i)))
	case i%10 == 6: // the reminder comes after a day
		s.after(11 * time.Hour)
	}
	s.after(time.Duration(25+i*37%300)*time.Minute).approve(who.manager, "managerApproval", pick(agreeing, i))
	if !long {
		return
	}
	s.after(time.Duration(40+i*53%400) * time.Minute)
	if i%10 == 8 && i%20 == 8 {
		s.reject("chenjing", "directorApproval", "时间过长，请分两次休假")
		if who.name != "zhaolei" { // he is a director himself: his own request is not his to decide
			s.after(20*time.Minute).reject("zhaolei", "directorApproval", "同陈总意见")
		}
		return
	}
	s.approve("chenjing", "directorApproval", "同意")
}
