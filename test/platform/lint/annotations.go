package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

const scaling = "autoscaling.knative.dev/"

// known are the annotations that somebody reads, by the kind of the object; of a Service's pods the
// kind is "template".
var known = map[string][]string{
	"template": {
		scaling + "activation-scale", scaling + "class", scaling + "initial-scale", scaling + "max-scale", scaling + "metric", scaling + "min-scale",
		scaling + "panic-threshold-percentage", scaling + "panic-window-percentage", scaling + "scale-down-delay", scaling + "scale-to-zero-pod-retention-period",
		scaling + "target", scaling + "target-burst-capacity", scaling + "target-utilization-percentage", scaling + "window",
	},
	"Broker": {"eventing.knative.dev/broker.class"},
}

// annotations finds keys that nobody reads where they stand: Knative passes over a mistyped one.
func annotations(s Set) []string {
	var list []string
	check := func(id, kind string, o Object) {
		for _, key := range slices.Sorted(maps.Keys(o.object("metadata", "annotations"))) {
			if !slices.Contains(known[kind], key) {
				list = append(list, fmt.Sprintf("%s: nobody reads the annotation %s", id, key))
			}
		}
	}
	for _, o := range s.Objects {
		check(o.id(), o.kind(), o)
		if pod := o.pod(); pod != nil {
			check("the pods of "+o.id(), "template", pod)
		}
	}
	return list
}

// values are the labels that somebody acts upon, with what they may be. Other labels of such names are
// mistyped ones.
var values = map[string][]string{
	"networking.knative.dev/visibility":  {"cluster-local"},
	"bindings.knative.dev/include":       {"true"},
	"pod-security.kubernetes.io/enforce": {"baseline", "restricted"},
	"pod-security.kubernetes.io/warn":    {"baseline", "restricted"},
	"pod-security.kubernetes.io/audit":   {"baseline", "restricted"},
}

// labels finds labels that nobody acts upon, and values of those that are none.
func labels(s Set) []string {
	var list []string
	check := func(id string, o Object) {
		for key, value := range o.object("metadata", "labels") {
			allowed, acted := values[key]
			switch {
			case strings.HasPrefix(key, "app.kubernetes.io/"):
			case !acted:
				list = append(list, fmt.Sprintf("%s: nobody acts upon the label %s", id, key))
			case !slices.Contains(allowed, fmt.Sprint(value)):
				list = append(list, fmt.Sprintf("%s: the label %s is %v", id, key, value))
			}
		}
	}
	for _, o := range s.Objects {
		check(o.id(), o)
		if pod := o.pod(); pod != nil {
			check("the pods of "+o.id(), pod)
		}
	}
	return list
}

// visibility wants the gateway, and nothing else, reachable from outside.
func visibility(s Set) []string {
	var list []string
	for _, o := range s.services() {
		local := o.text("metadata", "labels", "networking.knative.dev/visibility") == "cluster-local"
		if local == (o.name() == "gateway") {
			list = append(list, fmt.Sprintf("%s: reached from inside the cluster only: %t", o.id(), local))
		}
	}
	return list
}
