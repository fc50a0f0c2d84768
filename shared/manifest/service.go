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

// serviceOf returns the Knative Service of a function; all but the gateway are reachable in the
// cluster only.
func serviceOf(f faas.Function) object {
	labels := labelsOf(f.Name)
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
				"serviceAccountName":           account,
				"timeoutSeconds":               int((exec(f) + margin).Seconds()),
				"automountServiceAccountToken": false,
				"enableServiceLinks":           false,
				"containers":                   []object{containerOf(f)},
				"volumes":                      []object{secretVolume(secrets(f)), {"name": "tmp", "emptyDir": object{}}},
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
		// What all functions share; an overlay may set more, and what stands above wins.
		"envFrom": []object{{"configMapRef": object{"name": settingsName}}},
		"resources": object{
			"limits":   object{"memory": memory(f), "cpu": cpu(f)},
			"requests": object{"memory": requestMemory(f), "cpu": requestCPU(f)},
		},
		"readinessProbe":  probe("/_/ready"),
		"livenessProbe":   probe("/_/health"),
		"securityContext": restricted(),
		"volumeMounts":    mounts(),
	}
}

// variables are the environment in the order of their names.
func variables(f faas.Function) []object {
	all := environment(f)
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

// restricted is what Kubernetes' restricted pod security standard asks of a container, and a root file
// system that nobody can write to.
func restricted() object {
	return object{
		"allowPrivilegeEscalation": false,
		"readOnlyRootFilesystem":   true,
		"runAsNonRoot":             true,
		"runAsUser":                65532,
		"capabilities":             object{"drop": []string{"ALL"}},
		"seccompProfile":           object{"type": "RuntimeDefault"},
	}
}

func mounts() []object {
	return []object{
		{"name": "secrets", "mountPath": "/var/openfaas/secrets", "readOnly": true},
		{"name": "tmp", "mountPath": "/tmp"},
	}
}

// secretVolume puts the secrets where OpenFaaS puts them: one file each, called like the secret.
func secretVolume(names []string) object {
	var sources []object
	for _, name := range names {
		sources = append(sources, secretSource(name, name))
	}
	return object{"name": "secrets", "projected": object{"sources": sources}}
}

// secretSource makes a file of the one entry of a secret, which is called like the secret.
func secretSource(name, file string) object {
	return object{"secret": object{"name": name, "items": []object{{"key": name, "path": file}}}}
}

func labelsOf(name string) map[string]string {
	return map[string]string{"app.kubernetes.io/part-of": part, "app.kubernetes.io/name": name}
}
