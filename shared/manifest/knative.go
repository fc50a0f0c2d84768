package manifest

import (
	"maps"
	"slices"
	"strconv"

	"diom.io/workflow/shared/faas"
)

// image is resolved by ko: one image, cmd/diom, for all functions.
const image = "ko://diom.io/workflow/cmd/diom"

// object is a part of a Kubernetes manifest. Its types are in knative.dev/serving, which the nested
// module test/platform has and this one does not: there the files are decoded strictly and validated.
type object map[string]any

type kustomization struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Namespace  string   `json:"namespace"`
	Resources  []string `json:"resources"`
}

// serviceOf returns the Knative Service of a function; all but the gateway are reachable in the
// cluster only.
func serviceOf(f faas.Function) object {
	labels := map[string]string{"app.kubernetes.io/part-of": part, "app.kubernetes.io/name": f.Name}
	service := maps.Clone(labels)
	if f.Name != gateway {
		service["networking.knative.dev/visibility"] = "cluster-local"
	}
	return object{
		"apiVersion": "serving.knative.dev/v1",
		"kind":       "Service",
		"metadata":   object{"name": f.Name, "labels": service},
		"spec": object{"template": object{
			"metadata": object{"labels": labels, "annotations": scaling(f)},
			"spec": object{
				"timeoutSeconds":               int((exec(f) + margin).Seconds()),
				"automountServiceAccountToken": false,
				"enableServiceLinks":           false,
				"containers":                   []object{containerOf(f)},
				"volumes":                      []object{secretVolume(f), {"name": "tmp", "emptyDir": object{}}},
			},
		}},
	}
}

// scaling are the annotations of the autoscaler; they belong to the template, not to the Service. The
// target is soft: what is over it waits in no queue, and the function itself answers 429.
func scaling(f faas.Function) map[string]string {
	a := map[string]string{
		"autoscaling.knative.dev/min-scale": strconv.Itoa(f.Limits.Min),
		"autoscaling.knative.dev/max-scale": strconv.Itoa(replicas(f)),
	}
	if f.Limits.MaxInflight > 0 {
		a["autoscaling.knative.dev/target"] = strconv.Itoa(f.Limits.MaxInflight)
	}
	return a
}

func containerOf(f faas.Function) object {
	return object{
		"name":  "function",
		"image": image,
		"args":  []string{"serve", f.Name},
		"ports": []object{{"containerPort": port}},
		"env":   variables(f),
		// An overlay may set more for all functions; what stands above wins.
		"envFrom": []object{{"configMapRef": object{"name": "diom", "optional": true}}},
		"resources": object{
			"limits":   object{"memory": memory(f), "cpu": cpu(f)},
			"requests": object{"memory": requestMemory(f), "cpu": requestCPU(f)},
		},
		"readinessProbe": probe("/_/ready"),
		"livenessProbe":  probe("/_/health"),
		"securityContext": object{
			"allowPrivilegeEscalation": false,
			"readOnlyRootFilesystem":   true,
			"runAsNonRoot":             true,
			"runAsUser":                65532,
			"capabilities":             object{"drop": []string{"ALL"}},
			"seccompProfile":           object{"type": "RuntimeDefault"},
		},
		"volumeMounts": []object{
			{"name": "secrets", "mountPath": "/var/openfaas/secrets", "readOnly": true},
			{"name": "tmp", "mountPath": "/tmp"},
		},
	}
}

// variables are the environment in the order of their names.
func variables(f faas.Function) []object {
	all := environment(f)
	all["DIOM_ENV"] = "production"
	all["DIOM_FUNCTION_URL"] = "http://{function}.diom.svc.cluster.local" // $K_SINK, where a binding sets it, comes before it
	list := make([]object, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list = append(list, object{"name": name, "value": all[name]})
	}
	return list
}

// probe needs no port: Knative takes the container's.
func probe(path string) object {
	return object{"httpGet": object{"path": path}, "periodSeconds": 5, "timeoutSeconds": 3, "failureThreshold": 3}
}

// secretVolume puts the secrets where OpenFaaS puts them: one file each, called like the secret.
func secretVolume(f faas.Function) object {
	var sources []object
	for _, name := range secrets(f) {
		sources = append(sources, object{"secret": object{"name": name, "items": []object{{"key": name, "path": name}}}})
	}
	return object{"name": "secrets", "projected": object{"sources": sources}}
}
