package manifest

import (
	"maps"
	"strconv"

	"diom.io/workflow/shared/faas"
)

// stack is stack.yml as OpenFaaS's schema has it (openfaas/go-sdk, stack/schema.go).
type stack struct {
	Version       string                   `json:"version"`
	Provider      stackProvider            `json:"provider"`
	Configuration stackConfiguration       `json:"configuration"`
	Functions     map[string]stackFunction `json:"functions"`
}

type stackProvider struct {
	Name    string `json:"name"`
	Gateway string `json:"gateway"`
}

type stackConfiguration struct {
	Copy []string `json:"copy"`
}

type stackFunction struct {
	Lang        string            `json:"lang"`
	Handler     string            `json:"handler"`
	Image       string            `json:"image"`
	Environment map[string]string `json:"environment"`
	Secrets     []string          `json:"secrets"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	Limits      resources         `json:"limits"`
	Requests    resources         `json:"requests"`
	ReadOnly    bool              `json:"readonly_root_filesystem"`
}

type resources struct {
	Memory string `json:"memory"`
	CPU    string `json:"cpu"`
}

// edition is what one edition of OpenFaaS is told of a function beside what all are.
type edition struct {
	labels      func(faas.Function) map[string]string
	annotations func(faas.Function) map[string]string
}

// community carries no label that only OpenFaaS Pro takes: CE refuses a deployment with one. It never
// scales to zero.
var community = edition{
	labels: func(f faas.Function) map[string]string {
		return map[string]string{
			"com.openfaas.scale.min": strconv.Itoa(min(max(1, f.Limits.Min), maxReplicas)),
			"com.openfaas.scale.max": strconv.Itoa(min(replicas(f), maxReplicas)),
		}
	},
	annotations: func(faas.Function) map[string]string { return nil },
}

func stackOf(functions []faas.Function, e edition) stack {
	s := stack{
		Version:  "1.0",
		Provider: stackProvider{Name: "openfaas", Gateway: "http://127.0.0.1:8080"},
		// With these beside handler.go the folder of a function is the whole module.
		Configuration: stackConfiguration{Copy: []string{"./shared", "./migrations", "./frontend/embed.go", "./frontend/dist", "./go.mod", "./go.sum"}},
		Functions:     map[string]stackFunction{},
	}
	for _, f := range functions {
		s.Functions[f.Name] = stackFunctionOf(f, e)
	}
	return s
}

func stackFunctionOf(f faas.Function, e edition) stackFunction {
	s := stackFunction{
		Lang:        "diom-go",
		Handler:     "./functions/" + f.Name,
		Image:       "${DIOM_REGISTRY:-ghcr.io/example}/diom-" + f.Name + ":${DIOM_TAG:-latest}",
		Environment: environment(f),
		Secrets:     secrets(f),
		Labels:      map[string]string{"app.kubernetes.io/part-of": part},
		Annotations: map[string]string{
			"com.openfaas.health.http.path": "/_/health",
			"com.openfaas.ready.http.path":  "/_/ready",
		},
		Limits:   resources{memory(f), cpu(f)},
		Requests: resources{requestMemory(f), requestCPU(f)},
		ReadOnly: true,
	}
	s.Environment["DIOM_ENV"] = "${DIOM_ENV:-production}"
	// The gateway reaches all functions by it, the others receive-event.
	s.Environment["DIOM_FUNCTION_URL"] = "http://gateway.openfaas.svc.cluster.local:8080/function/{function}"
	if f.Name == gateway {
		s.Environment["DIOM_TRUSTED_PROXIES"] = "${DIOM_TRUSTED_PROXIES:-}"
	}
	if f.Schedule != "" { // cron-connector wants exactly this topic
		schedule, _ := inUTC(f.Schedule) // check has tried it
		s.Annotations["topic"], s.Annotations["schedule"] = "cron-function", schedule
	}
	maps.Copy(s.Labels, e.labels(f))
	maps.Copy(s.Annotations, e.annotations(f))
	return s
}
