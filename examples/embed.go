// Package examples holds the processes that the demo deploys; README.md says what each shows.
package examples

import "embed"

// Files holds leave/leave.bpmn, expense/expense.bpmn, order/order.bpmn and trip/trip.bpmn, byte for byte.
//
//go:embed */*.bpmn
var Files embed.FS
