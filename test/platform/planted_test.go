package platform

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"diom.io/workflow/test/platform/lint"
)

// spoil replaces once, or everywhere where from begins with "*".
func spoil(t *testing.T, text, from, to string) string {
	t.Helper()
	n := 1
	if from[0] == '*' {
		from, n = from[1:], -1
	}
	spoiled := strings.Replace(text, from, to, n)
	if spoiled == text {
		t.Fatalf("%q is not there to be spoiled", from)
	}
	return spoiled
}

// TestValidationFindsPlantedBugs: Knative's own code finds these.
func TestValidationFindsPlantedBugs(t *testing.T) {
	t.Parallel()
	good := build(t, "test/platform/testdata/sink-binding")
	for name, change := range map[string][2]string{
		"a mistyped key":            {"timeoutSeconds: 31", "timeoutSecond: 31"},
		"a long time-out":           {"timeoutSeconds: 31", "timeoutSeconds: 700"},
		"a bad quantity":            {"memory: 128Mi", "memory: 128Mib"},
		"min over max":              {`min-scale: "2"`, `min-scale: "9"`},
		"a host path":               {"emptyDir: {}\n        name: tmp\n---\napiVersion: serving", "hostPath: {path: /}\n        name: tmp\n---\napiVersion: serving"},
		"a delay in another form":   {"backoffDelay: PT0.2S", "backoffDelay: 200ms"},
		"a strange policy":          {"backoffPolicy: exponential", "backoffPolicy: random"},
		"no broker":                 {"  broker: diom\n", ""},
		"a Trigger's mistyped key":  {"deadLetterSink:", "deadLettersink:"},
		"a Broker without a class":  {"eventing.knative.dev/broker.class: MTChannelBasedBroker", "a: b"},
		"a schedule of four fields": {"'* * * * *'", "'* * * *'"},
		"a strange time zone":       {"timezone: Asia/Shanghai", "timezone: Asia/Shenghai"},
		"a ping to nowhere":         {"  sink:\n    ref:\n      apiVersion: serving.knative.dev/v1\n      kind: Service\n      name: tick\n", "  sink: {}\n"},
		"a binding of nothing":      {"  subject:\n    apiVersion: serving.knative.dev/v1\n    kind: Service\n    selector:\n      matchLabels:\n        app.kubernetes.io/part-of: diom-workflow\n", "  subject: {}\n"},
		"a policy's mistyped key":   {"podSelector:", "podselector:"},
		"a budget's mistyped key":   {"maxUnavailable: 1", "maxUnavailabel: 1"},
		"a Job's mistyped key":      {"backoffLimit:", "backofLimit:"},
		"another version":           {"policy/v1\n", "policy/v1beta1\n"},
	} {
		found := false
		for _, document := range documents(spoil(t, good, change[0], change[1])) {
			found = found || validate([]byte(document)) != nil
		}
		if !found {
			t.Errorf("%s passes", name)
		}
	}
	for _, document := range documents(good) {
		if err := validate([]byte(document)); err != nil {
			t.Errorf("before: %v", err)
		}
	}
}

// plants are bugs that every validation lets pass, by the rule that must find them.
var plants = []struct{ rule, from, to, finding string }{
	{"annotations", "autoscaling.knative.dev/min-scale", "autoscaling.knative.dev/minscale", "minscale"},
	{"annotations", "eventing.knative.dev/broker.class", "eventing.knative.dev/broker-class", "broker-class"},
	{"annotations", "kind: Trigger\nmetadata:\n", "kind: Trigger\nmetadata:\n  annotations:\n    autoscaling.knative.dev/min-scale: \"1\"\n", "Trigger"},
	{"labels", "networking.knative.dev/visibility: cluster-local", "networking.knative.dev/visbility: cluster-local", "visbility"},
	{"labels", "networking.knative.dev/visibility: cluster-local", "networking.knative.dev/visibility: private", "private"},
	{"labels", "pod-security.kubernetes.io/enforce: baseline", "pod-security.kubernetes.io/enforce: basline", "basline"},
	{"visibility", "    networking.knative.dev/visibility: cluster-local\n", "", "advance-token"},
	{"visibility", "  labels:\n    app.kubernetes.io/name: gateway\n", "  labels:\n    networking.knative.dev/visibility: cluster-local\n    app.kubernetes.io/name: gateway\n", "Service gateway"},
	{"names", "kind: ServiceAccount\nmetadata:\n  labels:\n    app.kubernetes.io/name: diom-migrate\n    app.kubernetes.io/part-of: diom-workflow\n  name: diom-migrate", "kind: ServiceAccount\nmetadata:\n  labels:\n    app.kubernetes.io/name: diom-migrate\n    app.kubernetes.io/part-of: diom-workflow\n  name: diom", "twice"},
	{"names", "  name: tick\n  namespace: diom\n", "  name: tick\n  namespace: other\n", "other"},
	{"references", "serviceAccountName: diom\n", "serviceAccountName: doim\n", "ServiceAccount"},
	{"references", "serviceAccountName: diom-migrate", "serviceAccountName: migrate", "Job diom-migrate"},
	{"references", "configMapRef:\n            name: diom-", "configMapRef:\n            name: diom-x", "ConfigMap"},
	{"references", "  broker: diom\n", "  broker: doim\n", "Broker"},
	{"references", "serving.knative.dev/service: tasks", "serving.knative.dev/service: task", "PodDisruptionBudget tasks"},
	{"references", "              name: diom-jwt-public", "              name: diom-jwt-publik", "diom-jwt-publik"},
	{"references", "- key: diom-mysql-dsn-owner", "- key: dsn", "not dsn"},
	{"references", "mountPath: /tmp\n          name: tmp", "mountPath: /tmp\n          name: temp", "volume"},
	{"references", "        name: receive-event\n      uri: /dead-letter", "        name: receive-events\n      uri: /dead-letter", "receive-events"},
	{"references", "      kind: Service\n      name: tick", "      kind: Service\n      name: tock", "tock"},
	{"events", "type: io.diom.workflow.token.ready.v1", "type: io.diom.workflow.token.redy.v1", "nobody sends"},
	{"events", "type: io.diom.workflow.token.ready.v1", "type: io.diom.workflow.job.created.v1", "does not take"},
	{"events", "type: io.diom.workflow.token.ready.v1", "type: io.diom.workflow.job.created.v1", "0 Triggers bring io.diom.workflow.token.ready.v1"},
	{"events", "type: io.diom.workflow.token.ready.v1", "type: io.diom.workflow.message.sent.v1", "2 Triggers bring"},
	{"sinks", "uri: /dead-letter", "uri: /dead-letters", "/dead-letters"},
	{"sinks", "uri: /events", "uri: /event", "/event"},
	{"sinks", "      kind: Service\n      name: tick", "      kind: Service\n      name: tasks", "tasks takes no events"},
	{"sinks", "      kind: Service\n      name: tick", "      kind: Service\n      name: tick\n    uri: /tick", "tick takes no events"},
	{"delivery", "backoffDelay: PT0.2S", "backoffDelay: PT0.05S", "PT0.05S"},
	{"delivery", "backoffDelay: PT0.2S", "backoffDelay: PT0.25S", "PT0.25S"},
	{"delivery", "backoffDelay: PT0.2S", "backoffDelay: P1D", "P1D"},
	{"delivery", "    retry: 10\n", "", "repetitions"},
	{"delivery", "backoffPolicy: exponential", "backoffPolicy: linear", "linear"},
	{"delivery", "    deadLetterSink:\n      ref:\n        apiVersion: serving.knative.dev/v1\n        kind: Service\n        name: receive-event\n      uri: /dead-letter\n", "", "nowhere"},
	{"schedules", "  timezone: Asia/Shanghai\n", "", "time zone"},
	{"schedules", "schedule: '* * * * *'", "schedule: '0 * * * * *'", "schedule"},
	{"schedules", "      kind: Service\n      name: tick", "      kind: Service\n      name: tasks", "nobody calls tick"},
	{"settings", "/diom/diom\n", "/diom/default\n", "K_SINK"},
	{"settings", "K_SINK: http://broker-ingress.", "K_SINK: http://kafka-broker-ingress.", "K_SINK"},
	{"settings", "broker.class: MTChannelBasedBroker", "broker.class: Kafka", "K_SINK"},
	{"settings", "  K_SINK:", "  KSINK:", "K_SINK"},
	{"settings", "http://{function}.diom.svc", "http://{function}.doim.svc", "DIOM_FUNCTION_URL"},
	{"timeouts", "timeoutSeconds: 31", "timeoutSeconds: 30", "the request 30s"},
	{"timeouts", "name: read_timeout\n          value: 31s", "name: read_timeout\n          value: 30s", "reading 30s"},
	{"timeouts", "name: write_timeout\n          value: 31s", "name: write_timeout\n          value: 20s", "writing 20s"},
	{"timeouts", "name: exec_timeout\n          value: 30s", "name: exec_timeout\n          value: 30", "a call 0s"},
	{"timeouts", "name: healthcheck_interval\n          value: 5s", "name: healthcheck_interval\n          value: 45s", "drains"},
	{"timeouts", "*name: exec_timeout\n          value: 30s", "name: exec_timeout\n          value: 9s", "in the gateway 9s"},
	{"connections", "name: DIOM_MYSQL_POOL\n          value: \"5\"", "name: DIOM_MYSQL_POOL\n          value: \"20\"", "894"},
	{"connections", "name: DIOM_MYSQL_POOL\n", "name: DIOM_MYSQLPOOL\n", "pools of 0"},
	{"connections", `max-scale: "5"`, `max-scale: "0"`, "0 replicas"},
	{"connections", `max-scale: "5"`, `max-scale: "50"`, "together"},
	{"containers", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "rights"},
	{"containers", "          runAsNonRoot: true\n", "", "rights"},
	{"containers", "automountServiceAccountToken: false\n      containers", "automountServiceAccountToken: true\n      containers", "token"},
	{"containers", "            cpu: 500m\n", "", "bound of cpu"},
	{"containers", "        - complete-task\n", "        - tasks\n", "it runs"},
	{"containers", "path: /_/ready", "path: /ready", "probed"},
	{"containers", "  template:\n    metadata:\n      annotations:\n", "  template:\n    metadata:\n      name: advance-token-1\n      annotations:\n", "named"},
	{"disruption", "maxUnavailable: 1", "minAvailable: 1", "holds up"},
	{"disruption", "serving.knative.dev/service: tasks", "serving.knative.dev/service: users", "Service tasks has no budget"},
	{"network", "  podSelector: {}\n", "  podSelector:\n    matchLabels:\n      app.kubernetes.io/part-of: diom-workflow\n", "closes"},
	{"network", "      app.kubernetes.io/part-of: diom-workflow\n  policyTypes", "      app.kubernetes.io/part-of: diom-workfow\n  policyTypes", "no pod"},
	{"network", "port: 8012", "port: 8080", "own port"},
	{"network", "  ingress:\n  - from:\n", "  ingress:\n  - to:\n", "everybody"},
}

// TestLintFindsPlantedBugs: each rule finds its bugs, which all of Knative's code passes.
func TestLintFindsPlantedBugs(t *testing.T) {
	t.Parallel()
	good := build(t, "knative/overlays/prod")
	if findings := lint.Check(set(t, good)); len(findings) > 0 {
		t.Fatalf("before: %q", findings)
	}
	tried := map[string]bool{}
	for _, p := range plants {
		tried[p.rule] = true
		text := spoil(t, good, p.from, p.to)
		if !slices.ContainsFunc(lint.Check(set(t, text)), func(finding string) bool {
			return strings.HasPrefix(finding, p.rule+": ") && strings.Contains(finding, p.finding)
		}) {
			t.Errorf("%s: %q for %q passes: %q", p.rule, p.to, p.from, lint.Check(set(t, text)))
		}
	}
	for _, rule := range lint.Rules() {
		if !tried[rule] {
			t.Errorf("nothing shows that the rule %s finds something", rule)
		}
	}
}

// TestLintBoundSink: a SinkBinding stands for K_SINK, and only then may it be missing.
func TestLintBoundSink(t *testing.T) {
	t.Parallel()
	bound := build(t, "test/platform/testdata/sink-binding")
	if strings.Contains(bound, "K_SINK") {
		t.Error("K_SINK is set beside the binding")
	}
	binding := regexp.MustCompile(`(?s)apiVersion: sources\.knative\.dev/v1\nkind: SinkBinding.*?(\n---\n|$)`)
	without := binding.ReplaceAllString(bound, "")
	if findings := lint.Check(set(t, without)); without == bound || len(findings) != 1 || !strings.Contains(findings[0], "K_SINK") {
		t.Errorf("%q", findings)
	}
	spoiled := spoil(t, bound, "kind: Broker\n      name: diom", "kind: Broker\n      name: doim")
	if findings := lint.Check(set(t, spoiled)); len(findings) != 1 || !strings.Contains(findings[0], "SinkBinding functions: there is no Broker") {
		t.Errorf("%q", findings)
	}
}
