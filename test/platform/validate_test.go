package platform

import (
	"context"
	"errors"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	eventingv1 "knative.dev/eventing/pkg/apis/eventing/v1"
	sourcesv1 "knative.dev/eventing/pkg/apis/sources/v1"
	"knative.dev/pkg/apis"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// kinds are the types that the manifests may hold, by apiVersion and kind.
var kinds = map[string]func() any{
	"serving.knative.dev/v1 Service":     func() any { return &servingv1.Service{} },
	"eventing.knative.dev/v1 Broker":     func() any { return &eventingv1.Broker{} },
	"eventing.knative.dev/v1 Trigger":    func() any { return &eventingv1.Trigger{} },
	"sources.knative.dev/v1 PingSource":  func() any { return &sourcesv1.PingSource{} },
	"sources.knative.dev/v1 SinkBinding": func() any { return &sourcesv1.SinkBinding{} },
	"v1 Namespace":                       func() any { return &corev1.Namespace{} },
	"v1 ServiceAccount":                  func() any { return &corev1.ServiceAccount{} },
	"v1 ConfigMap":                       func() any { return &corev1.ConfigMap{} },
	"networking.k8s.io/v1 NetworkPolicy": func() any { return &networkingv1.NetworkPolicy{} },
	"policy/v1 PodDisruptionBudget":      func() any { return &policyv1.PodDisruptionBudget{} },
	"batch/v1 Job":                       func() any { return &batchv1.Job{} },
}

// validate decodes a document strictly and runs Knative's own defaults and validation on it where it is
// Knative's. Kubernetes' own kinds are decoded only: their validation is in the API server.
func validate(document []byte) error {
	var head struct{ APIVersion, Kind string }
	if err := yaml.Unmarshal(document, &head); err != nil {
		return err
	}
	fresh := kinds[head.APIVersion+" "+head.Kind]
	if fresh == nil {
		return fmt.Errorf("there is no kind %s in %s", head.Kind, head.APIVersion)
	}
	o := fresh()
	if err := decode(document, o); err != nil {
		return err
	}
	ctx := apis.WithinCreate(context.Background())
	if d, ok := o.(apis.Defaultable); ok {
		d.SetDefaults(ctx)
	}
	if v, ok := o.(apis.Validatable); ok {
		if err := v.Validate(ctx); err != nil {
			return err
		}
	}
	return nil
}

// decode is the API server's strict decoding: no key that is unknown, twice there, or written with other
// capitals, which encoding/json would let pass.
func decode(document []byte, into any) error {
	text, err := yaml.YAMLToJSONStrict(document)
	if err != nil {
		return err
	}
	strict, err := json.UnmarshalStrict(text, into)
	return errors.Join(append(strict, err)...)
}
