package manifest

const nameReferenceFile = "name-reference.yaml"

type kustomization struct {
	APIVersion         string               `json:"apiVersion"`
	Kind               string               `json:"kind"`
	Namespace          string               `json:"namespace"`
	Resources          []string             `json:"resources"`
	ConfigMapGenerator []configMapGenerator `json:"configMapGenerator"`
	Configurations     []string             `json:"configurations"`
}

type configMapGenerator struct {
	Name     string   `json:"name"`
	Literals []string `json:"literals"`
}

// kustomizationOf lists the resources and makes the ConfigMap of the settings that all functions share.
// kustomize puts a hash of its content into its name: a setting that changes makes new Revisions, which
// a ConfigMap that merely has another content does not.
func kustomizationOf(resources []string) kustomization {
	return kustomization{
		APIVersion: "kustomize.config.k8s.io/v1beta1", Kind: "Kustomization", Namespace: namespace, Resources: resources,
		ConfigMapGenerator: []configMapGenerator{{Name: settingsName, Literals: []string{
			"DIOM_ENV=production",
			"DIOM_FUNCTION_URL=http://{function}." + namespace + ".svc.cluster.local",
			"DIOM_LOG_LEVEL=INFO",
			"DIOM_TRUSTED_PROXIES=127.0.0.0/8,::1/128", // the queue-proxy; an overlay adds the network of the pods
			"DIOM_TZ=" + timeZone,
			"K_SINK=http://broker-ingress.knative-eventing.svc.cluster.local/" + namespace + "/" + broker,
		}}},
		Configurations: []string{nameReferenceFile},
	}
}

// nameReference tells kustomize where a Knative Service names a ConfigMap: it knows the workloads of
// Kubernetes alone.
func nameReference() object {
	return object{"nameReference": []object{{
		"kind": "ConfigMap", "version": "v1",
		"fieldSpecs": []object{{
			"path": "spec/template/spec/containers/envFrom/configMapRef/name", "group": "serving.knative.dev", "version": "v1", "kind": "Service",
		}},
	}}}
}
