package demo

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/google/uuid"

	"diom.io/workflow/shared/cloudevent"
)

// The event source of the demo, with its key, which is no secret: it is for demos on one machine.
const (
	Source = "https://shop.demo.diom.io/orders"
	KeyID  = "demo-shop"
	Key    = "the key of the demo shop is no secret"
	Placed = "com.diom.order.placed"
	Paid   = "com.diom.order.paid"
)

// Curl returns the command that places an order in the installation at url: once, within 30 days. The payment of an
// amount of 888 fails.
func Curl(url string, amount int, now time.Time) (string, error) {
	e := event.New(event.CloudEventsVersionV1)
	id := uuid.NewString()
	e.SetID(id)
	e.SetSource(Source)
	e.SetType(Placed)
	err := e.SetData(event.ApplicationJSON, map[string]any{
		"orderId": "SO-" + id[:8], "customer": "晨光贸易", "sku": "机械键盘", "quantity": 2, "amount": amount, "account": "621483000001",
	})
	if err != nil {
		return "", err
	}
	cloudevent.Sign(&e, KeyID, []byte(Key), now)
	raw, err := json.Marshal(e)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("curl -sS %s/api/v1/events -H 'Content-Type: application/cloudevents+json' -d '%s'", url, raw), nil
}
