package lint

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// longest is the platform's bound on timeoutSeconds, in seconds.
const longest = 600

// timeouts finds bounds that do not nest: a call within its connection, the connection within the
// request of the queue-proxy, and every call that the gateway passes on within the gateway's.
func timeouts(s Set) []string {
	var list []string
	through := time.Duration(0)
	if g := s.find("Service", "gateway"); g != nil {
		through = span(g.variable("exec_timeout"))
	}
	for _, o := range s.services() {
		exec, read, write := span(o.variable("exec_timeout")), span(o.variable("read_timeout")), span(o.variable("write_timeout"))
		seconds, _ := strconv.Atoi(o.pod().text("spec", "timeoutSeconds"))
		request := time.Duration(seconds) * time.Second
		switch {
		case exec <= 0 || exec >= read || exec >= write || max(read, write) > request || seconds > longest:
			list = append(list, fmt.Sprintf("%s: a call %s, reading %s, writing %s, the request %s", o.id(), exec, read, write, request))
		case exec > through && !slices.Contains(s.Scheduled, o.name()):
			list = append(list, fmt.Sprintf("%s: a call may last %s, in the gateway %s", o.id(), exec, through))
		case span(o.variable("healthcheck_interval")) <= 0 || span(o.variable("healthcheck_interval")) >= request:
			list = append(list, fmt.Sprintf("%s: it drains after %q", o.id(), o.variable("healthcheck_interval")))
		}
	}
	return list
}

func span(text string) time.Duration {
	d, _ := time.ParseDuration(text) // what is none is 0
	return d
}

// connections finds more replicas with more connections to MySQL than it has: two pools each, four
// fifths of all.
func connections(s Set) []string {
	var list []string
	sum := 0
	for _, o := range s.services() {
		replicas, _ := strconv.Atoi(o.pod().text("metadata", "annotations", scaling+"max-scale"))
		pool, _ := strconv.Atoi(o.variable("DIOM_MYSQL_POOL"))
		if replicas < 1 || pool < 1 { // Knative takes 0 for no bound
			list = append(list, fmt.Sprintf("%s: %d replicas at most, with pools of %d connections", o.id(), replicas, pool))
		}
		sum += replicas * 2 * pool
	}
	if most := s.Connections * 4 / 5; sum > most {
		list = append(list, fmt.Sprintf("all functions together take %d connections, more than %d", sum, most))
	}
	return list
}

// containers finds what a container of ours must not be: privileged, without limits, with a token of
// Kubernetes, another function, or probed elsewhere than the function answers.
func containers(s Set) []string {
	var list []string
	for _, o := range s.Objects {
		found := []string{}
		if o.pod() != nil {
			found = append(found, confined(o)...)
		}
		if o.isService() {
			found = append(found, runs(o)...)
		}
		for _, what := range found {
			list = append(list, o.id()+": "+what)
		}
	}
	return list
}

// confined finds rights and amounts that a container does not need.
func confined(o Object) []string {
	var list []string
	c := o.container()
	security := c.object("securityContext")
	if security.text("readOnlyRootFilesystem") != "true" || security.text("runAsNonRoot") != "true" || security.text("allowPrivilegeEscalation") != "false" {
		list = append(list, "the container has rights that it does not need")
	}
	for _, quantity := range []string{"memory", "cpu"} {
		if c.text("resources", "limits", quantity) == "" || c.text("resources", "requests", quantity) == "" {
			list = append(list, "no bound of "+quantity)
		}
	}
	if o.pod().text("spec", "automountServiceAccountToken") != "false" {
		list = append(list, "a token is mounted")
	}
	return list
}

// runs finds a Service that is not the function of its name.
func runs(o Object) []string {
	var list []string
	c := o.container()
	if args, _ := c.at("args").([]any); !slices.Equal(args, []any{"serve", o.name()}) {
		list = append(list, fmt.Sprintf("it runs %v", args))
	}
	if c.text("readinessProbe", "httpGet", "path") != "/_/ready" || c.text("livenessProbe", "httpGet", "path") != "/_/health" {
		list = append(list, "it is probed where it does not answer")
	}
	if o.pod().text("metadata", "name") != "" { // SinkBinding would inject nothing
		list = append(list, "the revision is named")
	}
	return list
}

// disruption finds functions of several replicas without a budget, and budgets that hold up a drain.
func disruption(s Set) []string {
	var list, guarded []string
	for _, o := range s.of("PodDisruptionBudget") {
		guarded = append(guarded, o.text("spec", "selector", "matchLabels", "serving.knative.dev/service"))
		if o.text("spec", "minAvailable") != "" || o.text("spec", "maxUnavailable") != "1" {
			list = append(list, o.id()+": say that one pod may be missing; how many must stay holds up a drain")
		}
	}
	for _, o := range s.services() {
		if o.pod().text("metadata", "annotations", scaling+"max-scale") != "1" && !slices.Contains(guarded, o.name()) {
			list = append(list, o.id()+" has no budget")
		}
	}
	return list
}
