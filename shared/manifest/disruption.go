package manifest

import "diom.io/workflow/shared/faas"

// disruptionBudgets let a drained node take the pods of a function one by one. They say how many may be
// missing and not how many must stay: with one pod, or none, a drain is not held up. A function that has
// one replica at most needs none.
func disruptionBudgets(functions []faas.Function) []object {
	var list []object
	for _, f := range functions {
		if replicas(f) < 2 {
			continue
		}
		list = append(list, object{
			"apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
			"metadata": object{"name": f.Name, "labels": labelsOf(f.Name)},
			"spec": object{
				"maxUnavailable": 1,
				"selector":       object{"matchLabels": map[string]string{"serving.knative.dev/service": f.Name}},
			},
		})
	}
	return list
}
