package platform

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"knative.dev/pkg/apis"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"
	"sigs.k8s.io/yaml"
)

// annotations are the autoscaler's that we use: Knative ignores a mistyped key.
var annotations = []string{"autoscaling.knative.dev/min-scale", "autoscaling.knative.dev/max-scale", "autoscaling.knative.dev/target"}

// validate decodes a Service strictly, runs Knative's own defaults and validation on it, and checks
// what those leave out.
func validate(content []byte) (servingv1.Service, error) {
	var s servingv1.Service
	if err := yaml.UnmarshalStrict(content, &s); err != nil {
		return s, err
	}
	ctx := apis.WithinCreate(context.Background())
	s.SetDefaults(ctx)
	if err := s.Validate(ctx); err != nil {
		return s, err
	}
	return s, lint(s)
}

func lint(s servingv1.Service) error {
	template := s.Spec.Template
	container := template.Spec.Containers[0]
	for key := range template.Annotations {
		if !slices.Contains(annotations, key) {
			return fmt.Errorf("annotation %s of the template", key)
		}
	}
	for key := range s.Annotations {
		if strings.HasPrefix(key, "autoscaling.") {
			return fmt.Errorf("annotation %s belongs to the template", key)
		}
	}
	if visibility := s.Labels["networking.knative.dev/visibility"]; (visibility == "cluster-local") == (s.Name == "gateway") || (visibility != "" && visibility != "cluster-local") {
		return fmt.Errorf("visibility %q", visibility)
	}
	if !slices.Equal(container.Args, []string{"serve", s.Name}) {
		return fmt.Errorf("args %v", container.Args)
	}
	for _, probe := range []string{container.ReadinessProbe.HTTPGet.Path, container.LivenessProbe.HTTPGet.Path} {
		if !strings.HasPrefix(probe, "/_/") {
			return fmt.Errorf("probe %s", probe)
		}
	}
	if template.Name != "" {
		return fmt.Errorf("the revision is named") // SinkBinding would inject nothing
	}
	return nil
}

func bases(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root(t), "knative", "base", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(path)] = string(content)
	}
	return files
}

func TestKnativeServicesAreValid(t *testing.T) {
	t.Parallel()
	files := bases(t)
	var base struct {
		Resources []string `json:"resources"`
	}
	if err := yaml.Unmarshal([]byte(files["kustomization.yaml"]), &base); err != nil {
		t.Fatal(err)
	}
	delete(files, "kustomization.yaml")
	if names := slices.Sorted(maps.Keys(files)); !slices.Equal(names, base.Resources) {
		t.Errorf("the base has %v, its kustomization %v", names, base.Resources)
	}
	stack := services(t)
	for name, content := range files {
		s, err := validate([]byte(content))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if s.Name+".yaml" != name {
			t.Errorf("%s holds %s", name, s.Name)
		}
		var secrets []string
		for _, source := range s.Spec.Template.Spec.Volumes[0].Projected.Sources {
			secrets = append(secrets, source.Secret.Name)
		}
		if want := stack.Functions[s.Name].Secrets; !slices.Equal(secrets, want) {
			t.Errorf("%s: secrets %v, on OpenFaaS %v", name, secrets, want)
		}
	}
}

func TestKnativeCheckersFindPlantedBugs(t *testing.T) {
	t.Parallel()
	good := bases(t)["complete-task.yaml"]
	for name, change := range map[string][2]string{
		"a mistyped key":        {"timeoutSeconds: 31", "timeoutSecond: 31"},
		"a long time-out":       {"timeoutSeconds: 31", "timeoutSeconds: 700"},
		"a bad quantity":        {"memory: 128Mi", "memory: 128Mib"},
		"min over max":          {`min-scale: "1"`, `min-scale: "9"`},
		"a mistyped annotation": {"dev/min-scale", "dev/minscale"},
		"a strange visibility":  {"cluster-local", "private"},
		"another function":      {"- complete-task", "- tasks"},
		"a host path":           {"emptyDir: {}", "hostPath: {path: /}"},
	} {
		spoiled := strings.Replace(good, change[0], change[1], 1)
		if spoiled == good {
			t.Errorf("%s: nothing to spoil", name)
		}
		if _, err := validate([]byte(spoiled)); err == nil {
			t.Errorf("%s passes", name)
		}
	}
}
