package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
)

const (
	part           = "diom-workflow"
	gateway        = "gateway"
	port           = 8080
	healthInterval = 5 * time.Second
	defaultExec    = 30 * time.Second
	// margin is how much longer than the call itself a connection lives, so that the function answers
	// its own deadline and no proxy does.
	margin = time.Second
	// defaultPool is the size of each of the two pools of database connections of a replica.
	defaultPool = 5
	// MaxConnections is the setting max_connections that MySQL is asked to have; the functions take four
	// fifths of it at most, the rest is for people and backups.
	MaxConnections = 1000
)

func memory(f faas.Function) string { return cmp.Or(f.Limits.Memory, "128Mi") }
func cpu(f faas.Function) string    { return cmp.Or(f.Limits.CPU, "500m") }
func replicas(f faas.Function) int  { return cmp.Or(f.Limits.Max, maxReplicas) }
func pool(f faas.Function) int      { return cmp.Or(f.Limits.Pool, defaultPool) }

// connections is how many connections to MySQL all replicas of all functions may have: two pools each.
func connections(functions []faas.Function) int {
	sum := 0
	for _, f := range functions {
		sum += replicas(f) * 2 * pool(f)
	}
	return sum
}

func requestMemory(f faas.Function) string { return cmp.Or(f.Limits.RequestMemory, "32Mi") }
func requestCPU(f faas.Function) string    { return cmp.Or(f.Limits.RequestCPU, "50m") }

func exec(f faas.Function) time.Duration { return cmp.Or(f.Limits.Exec, defaultExec) }

// secrets are those that every function needs to open its App and to know its callers, and the
// function's own, sorted. Every one but the gateway may send events, which it signs.
func secrets(f faas.Function) []string {
	list := append([]string{"diom-mysql-dsn", "diom-redis-url", access.SecretPublic}, f.Secrets...)
	if f.Name != gateway {
		list = append(list, access.SecretInternal)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// environment are the settings of one replica, those of the OpenFaaS workload contract among them.
func environment(f faas.Function) map[string]string {
	e := map[string]string{
		"read_timeout":         seconds(exec(f) + margin),
		"write_timeout":        seconds(exec(f) + margin),
		"exec_timeout":         seconds(exec(f)),
		"healthcheck_interval": seconds(healthInterval),
		"GOMEMLIMIT":           memoryLimit(f),
		"DIOM_MYSQL_POOL":      strconv.Itoa(pool(f)),
	}
	if f.Name == gateway { // its share of the limits while Redis is down
		e["DIOM_GATEWAY_REPLICAS"] = strconv.Itoa(replicas(f))
	}
	if f.Limits.MaxInflight > 0 {
		e["max_inflight"] = strconv.Itoa(f.Limits.MaxInflight)
	}
	return e
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d/time.Second)) + "s" }

// memoryLimit leaves a tenth of the container's memory to what the Go heap does not count.
func memoryLimit(f faas.Function) string {
	m, _ := mebibytes(memory(f)) // check has parsed it
	return strconv.Itoa(m*9/10) + "MiB"
}

// mebibytes reads a Kubernetes quantity that ends in Mi or Gi.
func mebibytes(quantity string) (int, error) {
	digits, factor := strings.TrimSuffix(quantity, "Mi"), 1
	if g, ok := strings.CutSuffix(quantity, "Gi"); ok {
		digits, factor = g, 1024
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n <= 0 || digits == quantity {
		return 0, fmt.Errorf("memory %q: write it as 128Mi or 1Gi", quantity)
	}
	return n * factor, nil
}
