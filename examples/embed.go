// Package examples holds the processes that the demo deploys; README.md says what each shows.
package examples

import "embed"

// Files holds leave/leave.bpmn, expense/expense.bpmn, order/order.bpmn and trip/trip.bpmn with trip/trip.form, byte for byte.
//
//go:embed */*.bpmn */*.form
var Files embed.FS
