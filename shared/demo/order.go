package demo

import (
	"fmt"
	"time"
)

// The topics of the service tasks of the demo, and the code of the error when there is nothing to reserve.
const (
	topicInventory = "order-inventory"
	topicRelease   = "order-release"
	topicPayment   = "order-payment"
	topicInvoice   = "order-invoice"
	topicExpense   = "expense-payment"

	outOfStock = "OUT_OF_STOCK"
)

var (
	customers = []string{"晨光贸易", "远洋科技", "星河书店", "绿洲超市", "博文文具", "嘉禾餐饮"}
	goods     = []string{"A4 打印纸", "人体工学椅", "27 寸显示器", "机械键盘", "会议白板"}
)

const orderCount = 40

// orders plans the orders that are over.
func (h *history) orders() {
	for i := range orderCount {
		h.past(h.spread(i, orderCount).Add(50*time.Minute), func(s *story) { h.order(s, i) })
	}
}

// place plans that an order comes in.
func (s *story) place(i, amount int) (id string) {
	id = fmt.Sprintf("SO-%05d", 10001+i)
	s.message(Placed, id, values{
		"orderId": id, "customer": pick(customers, i), "sku": pick(goods, i), "quantity": 1 + i%6, "amount": amount, "account": fmt.Sprintf("62148300%04d", i),
	})
	return id
}

// order plans one order that is over.
func (h *history) order(s *story, i int) {
	amount := 199 + i*157%3000
	id := s.place(i, amount)
	if i%10 == 6 || i%10 == 9 {
		s.outOfStock()
		s.after(45*time.Minute).take("sunqi", "shortage")
		if i%10 == 9 {
			s.after(time.Hour).complete("sunqi", "shortage", "", "供应商停产", values{"resolution": "cancel", "note": "供应商停产，已通知客户"})
			return
		}
		s.after(4*time.Hour).complete("sunqi", "shortage", "", "已补货", values{"resolution": "restock", "note": "已从二号仓调拨"})
	}
	s.done(topicInventory, values{"reservation": fmt.Sprintf("KC%05d", 70000+i)})
	if i%8 == 3 { // nobody pays: the timer fires
		s.soon(16*time.Minute).done(topicRelease, nil)
		return
	}
	s.soon(time.Duration(2+i%11)*time.Minute).message(Paid, id, values{"paidAmount": amount})
	s.done(topicPayment, values{"receipt": fmt.Sprintf("SK%05d", 30000+i)})
	s.done(topicInvoice, values{"invoiceNumber": fmt.Sprintf("FP%08d", 51200000+i)})
	s.after(time.Duration(20+i*31%150) * time.Minute)
	s.complete("sunqi", "pack", "", "", packed(i))
}

func packed(i int) values {
	return values{"boxes": 1 + i%4, "trackingNumber": fmt.Sprintf("SF%010d", 1400000000+i*7919)}
}
