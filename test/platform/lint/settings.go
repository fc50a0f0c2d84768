package lint

import (
	"fmt"
	"net/url"
	"strings"
)

// ingress is the host that takes events for the Brokers of a class.
var ingress = map[string]string{
	"MTChannelBasedBroker": "broker-ingress.knative-eventing.svc.cluster.local",
	"Kafka":                "kafka-broker-ingress.knative-eventing.svc.cluster.local",
}

// settings finds a K_SINK that is no Broker of the set, none at all where nothing binds one, and a
// DIOM_FUNCTION_URL that leads to another namespace.
func settings(s Set) []string {
	var list []string
	for _, o := range s.of("ConfigMap") {
		space := o.text("metadata", "namespace")
		if !strings.HasPrefix(o.text("data", "DIOM_FUNCTION_URL"), "http://{function}."+space+".svc") {
			list = append(list, fmt.Sprintf("%s: DIOM_FUNCTION_URL is %q", o.id(), o.text("data", "DIOM_FUNCTION_URL")))
		}
		sink, bound := o.text("data", "K_SINK"), len(s.of("SinkBinding")) > 0
		if sink == "" && !bound || sink != "" && !s.isBroker(space, sink) {
			list = append(list, fmt.Sprintf("%s: K_SINK %q is no Broker of ours", o.id(), sink))
		}
	}
	return list
}

func (s Set) isBroker(space, sink string) bool {
	u, err := url.Parse(sink)
	if err != nil {
		return false
	}
	for _, b := range s.of("Broker") {
		host := ingress[b.text("metadata", "annotations", "eventing.knative.dev/broker.class")]
		if host != "" && u.Host == host && u.Path == "/"+space+"/"+b.name() {
			return true
		}
	}
	return false
}
