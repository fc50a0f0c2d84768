package platform

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/openfaas/go-sdk/stack"

	"diom.io/workflow/shared/manifest"
)

// upstream is the upstream_timeout that OpenFaaS's gateway has by default. What a scheduler calls may take
// as long as on Knative; the instructions say what that asks of OpenFaaS's gateway.
const (
	upstream  = 60 * time.Second
	scheduled = 600 * time.Second
)

// stackAnnotations are those that OpenFaaS and its connectors read; a mistyped one is nobody's.
var stackAnnotations = []string{
	"com.openfaas.health.http.path", "com.openfaas.ready.http.path", "topic", "schedule",
	"com.openfaas.retry.attempts", "com.openfaas.retry.codes", "com.openfaas.retry.min_wait", "com.openfaas.retry.max_wait",
}

// stackLabels are those that OpenFaaS reads, and what may stand in them.
var stackLabels = map[string]func(string) bool{
	"app.kubernetes.io/part-of":            func(v string) bool { return v == "diom-workflow" },
	"com.openfaas.scale.min":               positive,
	"com.openfaas.scale.max":               positive,
	"com.openfaas.scale.target":            positive,
	"com.openfaas.scale.type":              func(v string) bool { return slices.Contains([]string{"rps", "capacity", "cpu"}, v) },
	"com.openfaas.scale.zero":              func(v string) bool { return v == "true" || v == "false" },
	"com.openfaas.scale.zero-duration":     func(v string) bool { return span(v) > 0 },
	"com.openfaas.scale.target-proportion": func(v string) bool { f, err := strconv.ParseFloat(v, 64); return err == nil && f > 0 && f <= 1 },
}

func positive(text string) bool { n, err := strconv.Atoi(text); return err == nil && n > 0 }

func span(text string) time.Duration {
	d, _ := time.ParseDuration(text) // what is none is 0
	return d
}

// stackFaults lists what OpenFaaS would take and what would not work. secrets are those that the
// instructions make.
func stackFaults(s stack.Services, secrets []string) []string {
	var list []string
	sum := 0
	for name, f := range s.Functions {
		wrong := func(format string, arguments ...any) {
			list = append(list, name+": "+fmt.Sprintf(format, arguments...))
		}
		labels, annotations := *f.Labels, *f.Annotations
		for key, value := range labels {
			if valid := stackLabels[key]; valid == nil || !valid(value) {
				wrong("label %s: %q", key, value)
			}
		}
		for key := range annotations {
			if !slices.Contains(stackAnnotations, key) {
				wrong("annotation %s", key)
			}
		}
		if (annotations["topic"] == "cron-function") != (annotations["schedule"] != "") {
			wrong("topic %q, schedule %q", annotations["topic"], annotations["schedule"])
		}
		for _, secret := range f.Secrets {
			if !slices.Contains(secrets, secret) {
				wrong("nobody makes the secret %s", secret)
			}
		}
		exec, read, write := span(f.Environment["exec_timeout"]), span(f.Environment["read_timeout"]), span(f.Environment["write_timeout"])
		bound := upstream
		if annotations["schedule"] != "" {
			bound = scheduled
		}
		if exec <= 0 || exec >= read || exec >= write || max(read, write) > bound {
			wrong("a call %s, reading %s, writing %s", exec, read, write)
		}
		if annotations["schedule"] == "" && exec > span(s.Functions["gateway"].Environment["exec_timeout"]) {
			wrong("a call lasts longer than in the gateway")
		}
		replicas, pool := number(labels["com.openfaas.scale.max"]), number(f.Environment["DIOM_MYSQL_POOL"])
		if pool < 1 || number(labels["com.openfaas.scale.min"]) > replicas {
			wrong("pools of %d connections, %s to %d replicas", pool, labels["com.openfaas.scale.min"], replicas)
		}
		sum += replicas * 2 * pool
	}
	if most := manifest.MaxConnections * 4 / 5; sum > most {
		list = append(list, fmt.Sprintf("%d connections, more than %d", sum, most))
	}
	return list
}

func number(text string) int {
	n, _ := strconv.Atoi(text) // what is none is 0
	return n
}

func TestStacksFitTogether(t *testing.T) {
	t.Parallel()
	secrets := secretsOf(t, "docs/operations/openfaas.md")
	for _, file := range []string{"stack.yml", "stack.pro.yml"} {
		for _, fault := range stackFaults(services(t, file), secrets) {
			t.Errorf("%s: %s", file, fault)
		}
	}
}

// TestProStackIsNotForCE: the labels of Pro are there, on every function.
func TestProStackIsNotForCE(t *testing.T) {
	t.Parallel()
	s := services(t, "stack.pro.yml")
	if n := len(refusals(s)); n < len(pro)*len(s.Functions) {
		t.Errorf("%d refusals: %q", n, refusals(s))
	}
	if ce := services(t, "stack.yml"); !slices.Equal(slices.Sorted(maps.Keys(ce.Functions)), slices.Sorted(maps.Keys(s.Functions))) {
		t.Error("the editions have other functions")
	}
}

func TestStackFaultsFindPlantedBugs(t *testing.T) {
	t.Parallel()
	good, secrets := string(read(t, "stack.pro.yml")), secretsOf(t, "docs/operations/openfaas.md")
	for name, change := range map[string][3]string{
		"a mistyped label":      {"com.openfaas.scale.zero-duration:", "com.openfaas.scale.zeroduration:", "zeroduration"},
		"a strange type":        {"scale.type: capacity", "scale.type: capasity", "capasity"},
		"a strange target":      {`scale.target: "50"`, `scale.target: "5O"`, "5O"},
		"a strange proportion":  {`target-proportion: "0.70"`, `target-proportion: "70"`, "proportion"},
		"a strange duration":    {"zero-duration: 15m", `zero-duration: "15"`, "zero-duration"},
		"a strange boolean":     {`scale.zero: "true"`, `scale.zero: "yes"`, "scale.zero"},
		"a mistyped annotation": {"com.openfaas.retry.attempts:", "com.openfaas.retry.attempt:", "retry.attempt"},
		"another topic":         {"topic: cron-function", "topic: cron", "topic"},
		"no schedule":           {"      schedule: '* * * * *'\n", "", "schedule"},
		"a mistyped secret":     {"- diom-jwt-public", "- diom-jwt-publik", "diom-jwt-publik"},
		"reading too short":     {"read_timeout: 31s", "read_timeout: 29s", "reading 29s"},
		"writing too long":      {"write_timeout: 31s", "write_timeout: 90s", "writing 1m30s"},
		"a pass too long":       {"write_timeout: 59s", "write_timeout: 601s", "writing 10m1s"},
		"no unit":               {"exec_timeout: 30s", `exec_timeout: "30"`, "a call 0s"},
		"longer than before":    {"exec_timeout: 30s\n      healthcheck_interval: 5s\n      read_timeout: 31s\n      write_timeout: 31s", "exec_timeout: 40s\n      healthcheck_interval: 5s\n      read_timeout: 41s\n      write_timeout: 41s", "in the gateway"},
		"a large pool":          {`DIOM_MYSQL_POOL: "5"`, `DIOM_MYSQL_POOL: "20"`, "connections, more than"},
		"no pool":               {`DIOM_MYSQL_POOL: "5"`, `DIOM_MYSQL_POL: "5"`, "pools of 0"},
		"min over max":          {`scale.min: "1"`, `scale.min: "9"`, "9 to 5 replicas"},
	} {
		s, err := decodeStack([]byte(spoil(t, good, change[0], change[1])))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !slices.ContainsFunc(stackFaults(s, secrets), func(fault string) bool { return strings.Contains(fault, change[2]) }) {
			t.Errorf("%s passes: %q", name, stackFaults(s, secrets))
		}
	}
}
