package lint

import (
	"fmt"
	"slices"
)

// names finds two objects of one name, and objects outside the one namespace.
func names(s Set) []string {
	var list []string
	seen := map[string]bool{}
	for _, o := range s.Objects {
		if seen[o.id()] {
			list = append(list, o.id()+" is there twice")
		}
		seen[o.id()] = true
		if o.kind() != "Namespace" && s.find("Namespace", o.text("metadata", "namespace")) == nil {
			list = append(list, fmt.Sprintf("%s is in the namespace %q", o.id(), o.text("metadata", "namespace")))
		}
	}
	return list
}

// references finds names that nothing has.
func references(s Set) []string {
	var list []string
	missing := func(o Object, kind, name string) {
		if s.find(kind, name) == nil {
			list = append(list, fmt.Sprintf("%s: there is no %s %q", o.id(), kind, name))
		}
	}
	for _, o := range s.Objects {
		if o.pod() != nil {
			missing(o, "ServiceAccount", o.pod().text("spec", "serviceAccountName"))
			for _, from := range o.container().list("envFrom") {
				missing(o, "ConfigMap", from.text("configMapRef", "name"))
			}
			list = append(list, s.volumes(o)...)
		}
		switch o.kind() {
		case "Trigger":
			missing(o, "Broker", o.text("spec", "broker"))
		case "PodDisruptionBudget":
			missing(o, "Service", o.text("spec", "selector", "matchLabels", "serving.knative.dev/service"))
		}
		for _, ref := range sinksOf(o) {
			missing(o, ref.text("ref", "kind"), ref.text("ref", "name"))
		}
	}
	return list
}

// volumes finds mounts of no volume, and secrets that nobody makes.
func (s Set) volumes(o Object) []string {
	var list, there []string
	for _, v := range o.pod().list("spec", "volumes") {
		there = append(there, v.text("name"))
		for _, source := range v.list("projected", "sources") {
			list = append(list, s.secret(o, source.object("secret"))...)
		}
	}
	for _, m := range o.container().list("volumeMounts") {
		if !slices.Contains(there, m.text("name")) {
			list = append(list, fmt.Sprintf("%s: there is no volume %q", o.id(), m.text("name")))
		}
	}
	return list
}

// secret finds a secret that nobody makes, and entries that it does not have.
func (s Set) secret(o, secret Object) []string {
	var list []string
	name := secret.text("name")
	if !slices.Contains(s.Secrets, name) {
		list = append(list, fmt.Sprintf("%s: nobody makes the secret %q", o.id(), name))
	}
	for _, item := range secret.list("items") {
		if item.text("key") != name {
			list = append(list, fmt.Sprintf("%s: the secret %s has the entry %s, not %s", o.id(), name, name, item.text("key")))
		}
	}
	return list
}

// sinksOf returns where an object sends events to.
func sinksOf(o Object) []Object {
	var list []Object
	for _, path := range [][]string{{"spec", "subscriber"}, {"spec", "delivery", "deadLetterSink"}, {"spec", "sink"}} {
		if sink := o.object(path...); sink != nil {
			list = append(list, sink)
		}
	}
	return list
}
