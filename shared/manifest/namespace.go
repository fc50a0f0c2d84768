package manifest

// namespaceOf is the namespace. Privileged pods are refused; whatever else the restricted standard does
// not like, of the queue-proxy or of a mesh, is a warning.
func namespaceOf() object {
	labels := labelsOf(namespace)
	labels["pod-security.kubernetes.io/enforce"] = "baseline"
	labels["pod-security.kubernetes.io/warn"] = "restricted"
	labels["pod-security.kubernetes.io/audit"] = "restricted"
	return object{"apiVersion": "v1", "kind": "Namespace", "metadata": object{"name": namespace, "labels": labels}}
}

// accounts are those of the functions and of the migration. They have no rights, and no token is
// mounted: nothing of ours calls Kubernetes.
func accounts() []object {
	var list []object
	for _, name := range []string{account, migrator} {
		list = append(list, object{
			"apiVersion": "v1", "kind": "ServiceAccount",
			"metadata":                     object{"name": name, "labels": labelsOf(name)},
			"automountServiceAccountToken": false,
		})
	}
	return list
}
