package lint

import "fmt"

// network finds a namespace that is not closed by default, policies for pods that nobody has, and a
// function whose own port is open beside the queue-proxy's.
func network(s Set) []string {
	var list []string
	closed := false
	for _, o := range s.of("NetworkPolicy") {
		closed = closed || closes(o)
		if !s.selects(o.object("spec", "podSelector", "matchLabels")) {
			list = append(list, o.id()+": no pod has its labels")
		}
		for _, from := range o.list("spec", "ingress") {
			list = append(list, opened(o, from)...)
		}
	}
	if !closed && len(s.services()) > 0 {
		list = append(list, "no policy closes the namespace")
	}
	return list
}

// closes reports whether a policy is for every pod and both directions, and allows nothing.
func closes(o Object) bool {
	types, _ := o.at("spec", "policyTypes").([]any)
	return len(o.object("spec", "podSelector")) == 0 && len(types) == 2 && o.at("spec", "ingress") == nil && o.at("spec", "egress") == nil
}

// opened finds what one entry of a policy should not let in.
func opened(o, from Object) []string {
	var list []string
	for _, port := range from.list("ports") {
		if port.text("port") == "8080" {
			list = append(list, o.id()+": the functions' own port is open")
		}
	}
	if len(from.list("from")) == 0 || len(from.list("ports")) == 0 {
		list = append(list, o.id()+": everybody comes in")
	}
	return list
}

// selects reports whether a pod of the set has all of the labels.
func (s Set) selects(labels Object) bool {
	for _, o := range s.Objects {
		pod := o.pod()
		if pod == nil {
			continue
		}
		all := true
		for key, value := range labels {
			all = all && pod.text("metadata", "labels", key) == fmt.Sprint(value)
		}
		if all {
			return true
		}
	}
	return false
}
