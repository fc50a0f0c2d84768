package manifest

import (
	"strings"

	"diom.io/workflow/shared/faas"
)

// deadLetterPath is the route of receive-event that takes what a Trigger could not deliver.
const deadLetterPath = "/dead-letter"

// eventsPath is where every function takes events.
const eventsPath = "/events"

// brokerOf is the Broker that the functions send their events to. Its class is named because K_SINK is
// the address of that class. It has no delivery of its own: each Trigger of ours has one, and those of
// others are theirs.
func brokerOf() object {
	return object{
		"apiVersion": eventingVersion, "kind": "Broker",
		"metadata": object{
			"name": broker, "labels": labelsOf(broker),
			"annotations": map[string]string{"eventing.knative.dev/broker.class": "MTChannelBasedBroker"},
		},
	}
}

// triggers are one for each function and type that it consumes.
func triggers(functions []faas.Function) []object {
	var list []object
	for _, f := range functions {
		for _, e := range f.Events {
			list = append(list, triggerOf(f.Name, e.Type))
		}
	}
	return list
}

func triggerOf(function, eventType string) object {
	return object{
		"apiVersion": eventingVersion, "kind": "Trigger",
		"metadata": object{"name": triggerName(function, eventType), "labels": labelsOf(function)},
		"spec": object{
			"broker": broker,
			// Every class of brokers knows this form; of filters not all do.
			"filter":     object{"attributes": map[string]string{"type": eventType}},
			"subscriber": serviceReference(function, eventsPath),
			"delivery":   delivery(),
		},
	}
}

// triggerName is the function and the type without what all types share.
func triggerName(function, eventType string) string {
	return function + "-" + strings.ReplaceAll(strings.TrimPrefix(eventType, "io.diom.workflow."), ".", "-")
}

// delivery asks for ten more attempts within three and a half minutes. The resolution of the delay is
// a tenth of a second: less is none at all.
func delivery() object {
	return object{
		"retry":          10,
		"backoffPolicy":  "exponential",
		"backoffDelay":   "PT0.2S",
		"deadLetterSink": serviceReference(receiver, deadLetterPath),
	}
}
