package manifest

// The namespaces that a Knative installation has. Of the ingresses one is there.
var (
	servingNamespace  = []string{"knative-serving"}
	eventingNamespace = []string{"knative-eventing"}
	ingressNamespaces = []string{"contour-external", "contour-internal", "istio-system", "kourier-system"}
)

// networkPolicies close the namespace and open what the product needs. That only the gateway is reached
// from outside is not theirs to say: the ingress of Knative serves both sides, and the visibility label
// decides.
func networkPolicies() []object {
	return []object{
		policy("default-deny", object{}, object{"policyTypes": []string{"Ingress", "Egress"}}),
		// The queue-proxy before a function: requests, probes of the activator, metrics of the autoscaler. The
		// function's own port is for the queue-proxy alone; the kubelet's probes pass.
		policy("from-knative", ours(), object{
			"policyTypes": []string{"Ingress"},
			"ingress": []object{{
				"from":  []object{namespaces(servingNamespace), namespaces(eventingNamespace), namespaces(ingressNamespaces)},
				"ports": tcp(8012, 8013, 8022, 8112, 9090, 9091),
			}},
		}),
		policy("to-names", ours(), object{
			"policyTypes": []string{"Egress"},
			"egress": []object{{
				"to":    []object{namespaces([]string{"kube-system"})},
				"ports": append(tcp(53), object{"protocol": "UDP", "port": 53}),
			}},
		}),
		// Where MySQL and Redis are is for an overlay to say.
		policy("to-data", ours(), object{
			"policyTypes": []string{"Egress"},
			"egress":      []object{{"ports": tcp(3306, 6379)}},
		}),
		// The gateway reaches functions, receive-event too, through the cluster-local side of the ingress;
		// events go to the Broker.
		policy("to-knative", ours(), object{
			"policyTypes": []string{"Egress"},
			"egress": []object{{
				"to":    []object{namespaces(eventingNamespace), namespaces(ingressNamespaces)},
				"ports": tcp(8080, 8081, 8443, 8444),
			}},
		}),
		// The functions that push jobs, call URLs and send mail; shared/egress says which addresses.
		policy("to-receivers", object{"matchExpressions": []object{{
			"key": "app.kubernetes.io/name", "operator": "In", "values": []string{"jobs", "tick"},
		}}}, object{
			"policyTypes": []string{"Egress"},
			"egress": []object{{
				"to":    []object{{"ipBlock": object{"cidr": "0.0.0.0/0", "except": []string{"169.254.0.0/16"}}}},
				"ports": tcp(25, 80, 443, 465, 587),
			}},
		}),
	}
}

func policy(name string, pods, spec object) object {
	spec["podSelector"] = pods
	return object{
		"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
		"metadata": object{"name": name, "labels": labelsOf(name)},
		"spec":     spec,
	}
}

// ours selects the pods of the functions and of the migration.
func ours() object {
	return object{"matchLabels": map[string]string{"app.kubernetes.io/part-of": part}}
}

func namespaces(names []string) object {
	return object{"namespaceSelector": object{"matchExpressions": []object{{
		"key": "kubernetes.io/metadata.name", "operator": "In", "values": names,
	}}}}
}

func tcp(ports ...int) []object {
	list := make([]object, 0, len(ports))
	for _, p := range ports {
		list = append(list, object{"protocol": "TCP", "port": p})
	}
	return list
}
