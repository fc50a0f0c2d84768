// Package lint finds in the manifests of Knative what the platform's own validation lets pass: keys that
// nobody reads, names that nobody has, events that nobody sends, time-outs and pools that do not fit
// together.
package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// Set is what belongs together: the objects of one kustomize build, and what the product says of itself.
type Set struct {
	Objects []Object
	// Emitted are the event types that the product sends.
	Emitted []string
	// Consumers are the functions that take them, by type.
	Consumers map[string][]string
	// Scheduled are the functions that a scheduler calls.
	Scheduled []string
	// Secrets are those that the installation's instructions make.
	Secrets []string
	// Sinks are the paths, besides /events and /, at which a function takes events of the platform.
	Sinks map[string][]string
	// Connections is MySQL's max_connections.
	Connections int
}

// A rule lists what is wrong in a set.
type rule func(Set) []string

// rules are all of them, by name.
var rules = map[string]rule{
	"annotations": annotations, "connections": connections, "containers": containers, "delivery": deliveries, "disruption": disruption,
	"events": events, "labels": labels, "names": names, "network": network, "references": references, "schedules": schedules,
	"settings": settings, "sinks": sinks, "timeouts": timeouts, "visibility": visibility,
}

// Check returns what every rule finds, each with the rule's name before it.
func Check(s Set) []string {
	var list []string
	for name, r := range rules {
		for _, finding := range r(s) {
			list = append(list, name+": "+finding)
		}
	}
	slices.Sort(list)
	return list
}

// Object is a Kubernetes object as YAML has it.
type Object map[string]any

// Read reads the documents of a YAML text.
func Read(text []byte) ([]Object, error) {
	var list []Object
	for document := range strings.SplitSeq(string(text), "\n---\n") {
		var o Object
		if err := yaml.Unmarshal([]byte(document), &o); err != nil {
			return nil, err
		}
		if o != nil {
			list = append(list, o)
		}
	}
	return list, nil
}

// at returns what lies at a path of keys, or nil.
func (o Object) at(path ...string) any {
	var value any = map[string]any(o)
	for _, key := range path {
		m, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = m[key]
	}
	return value
}

// text returns the scalar at a path as text, "" where there is none.
func (o Object) text(path ...string) string {
	switch value := o.at(path...).(type) {
	case nil, map[string]any, []any:
		return ""
	default:
		return fmt.Sprint(value)
	}
}

func (o Object) object(path ...string) Object {
	m, _ := o.at(path...).(map[string]any)
	return m
}

// list returns the objects of a list at a path.
func (o Object) list(path ...string) []Object {
	items, _ := o.at(path...).([]any)
	list := make([]Object, 0, len(items))
	for _, item := range items {
		m, _ := item.(map[string]any)
		list = append(list, m)
	}
	return list
}

func (o Object) kind() string { return o.text("kind") }
func (o Object) name() string { return o.text("metadata", "name") }

// id names the object in findings: kind and name.
func (o Object) id() string { return o.kind() + " " + o.name() }

// isService tells Knative's Service from Kubernetes'.
func (o Object) isService() bool {
	return strings.HasPrefix(o.text("apiVersion"), "serving.knative.dev/") && o.kind() == "Service"
}

func (s Set) of(kind string) []Object {
	var list []Object
	for _, o := range s.Objects {
		if o.kind() == kind {
			list = append(list, o)
		}
	}
	return list
}

func (s Set) services() []Object {
	return slices.DeleteFunc(s.of("Service"), func(o Object) bool { return !o.isService() })
}

// find returns the object of a kind and a name, or nil.
func (s Set) find(kind, name string) Object {
	for _, o := range s.of(kind) {
		if o.name() == name {
			return o
		}
	}
	return nil
}

// pod returns the template of pods of a Service or a Job, or nil.
func (o Object) pod() Object {
	if o.isService() || o.kind() == "Job" {
		return o.object("spec", "template")
	}
	return nil
}

// container is the one container of a pod.
func (o Object) container() Object {
	if list := o.object("spec", "template").list("spec", "containers"); len(list) > 0 {
		return list[0]
	}
	return nil
}

// variable returns a variable of the container, "" where there is none.
func (o Object) variable(name string) string {
	for _, v := range o.container().list("env") {
		if v.text("name") == name {
			return v.text("value")
		}
	}
	return ""
}

// Rules returns the names of the rules.
func Rules() []string { return slices.Sorted(maps.Keys(rules)) }
