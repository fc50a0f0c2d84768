package platform

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"

	receiveevent "diom.io/workflow/functions/receive-event"
	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/manifest"
	"diom.io/workflow/test/platform/lint"
)

// builds are the directories that kustomize can build, from the repository's root.
var builds = []string{
	"knative/base", "knative/overlays/dev", "knative/overlays/prod", "test/platform/testdata/sink-binding", "test/platform/testdata/image",
}

// build is `kustomize build`.
func build(t *testing.T, directory string) string {
	t.Helper()
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), path.Join(root(t), directory))
	if err != nil {
		t.Fatalf("%s: %v", directory, err)
	}
	text, err := made.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func documents(text string) []string { return strings.Split(text, "\n---\n") }

// set is what the product says of itself, with the objects of a text.
func set(t *testing.T, text string) lint.Set {
	t.Helper()
	objects, err := lint.Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s := lint.Set{Objects: objects, Consumers: consumers(t), Secrets: secretsOf(t, "docs/operations/knative.md"), Sinks: map[string][]string{}, Connections: manifest.MaxConnections}
	for _, d := range cloudevent.Catalogue() {
		s.Emitted = append(s.Emitted, d.Type)
	}
	for name, f := range services(t, "stack.yml").Functions {
		if f.Annotations != nil && (*f.Annotations)["schedule"] != "" {
			s.Scheduled = append(s.Scheduled, name)
		}
	}
	for _, r := range receiveevent.Function.Routes {
		if r.Platform {
			s.Sinks[receiveevent.Function.Name] = append(s.Sinks[receiveevent.Function.Name], r.Pattern)
		}
	}
	return s
}

var (
	entry = regexp.MustCompile(`"(io\.diom[^"]+)":\s*\{([^}]*)\}`)
	made  = regexp.MustCompile(`dist/secrets/(diom-[a-z0-9-]+)`)
)

// consumers are the functions that take each type of events: the generated table of receive-event.
func consumers(t *testing.T) map[string][]string {
	t.Helper()
	list := map[string][]string{}
	for _, m := range entry.FindAllStringSubmatch(string(read(t, manifest.ConsumersPath)), -1) {
		for name := range strings.SplitSeq(m[2], ",") {
			list[m[1]] = append(list[m[1]], strings.Trim(name, ` "`))
		}
	}
	if len(list) == 0 {
		t.Fatal("nobody consumes anything")
	}
	return list
}

// secretsOf are the secrets that instructions make: the files that their commands write.
func secretsOf(t *testing.T, document string) []string {
	t.Helper()
	var list []string
	for _, m := range made.FindAllStringSubmatch(string(read(t, document)), -1) {
		list = append(list, m[1])
	}
	return list
}

// TestKnativeIsValid: every document of the base, of each overlay and of the component.
func TestKnativeIsValid(t *testing.T) {
	t.Parallel()
	for _, directory := range builds {
		text := build(t, directory)
		list := documents(text)
		if len(list) < 30 {
			t.Errorf("%s: only %d documents", directory, len(list))
		}
		for _, document := range list {
			if err := validate([]byte(document)); err != nil {
				t.Errorf("%s: %v\n%s", directory, err, document)
			}
		}
		for _, finding := range lint.Check(set(t, text)) {
			t.Errorf("%s: %s", directory, finding)
		}
	}
}

// minScales are the least numbers of replicas in a build, by function.
func minScales(t *testing.T, text string) map[string]string {
	t.Helper()
	list := map[string]string{}
	for _, document := range documents(text) {
		var s struct {
			APIVersion, Kind string
			Metadata         struct{ Name string }
			Spec             struct {
				Template struct {
					Metadata struct{ Annotations map[string]string }
				}
			}
		}
		if err := yaml.Unmarshal([]byte(document), &s); err != nil {
			t.Fatal(err)
		}
		if s.Kind == "Service" {
			list[s.Metadata.Name] = s.Spec.Template.Metadata.Annotations["autoscaling.knative.dev/min-scale"]
		}
	}
	return list
}

// TestOverlaysScale: dev starts everything from zero, prod keeps two of what people wait for.
func TestOverlaysScale(t *testing.T) {
	t.Parallel()
	two := []string{"advance-token", "complete-task", "gateway", "login", "start-process", "tasks"}
	dev, prod := minScales(t, build(t, "knative/overlays/dev")), minScales(t, build(t, "knative/overlays/prod"))
	names := slices.Sorted(maps.Keys(services(t, "stack.yml").Functions))
	if !slices.Equal(names, slices.Sorted(maps.Keys(dev))) || !slices.Equal(names, slices.Sorted(maps.Keys(prod))) {
		t.Errorf("the functions are %v, of dev %v, of prod %v", names, dev, prod)
	}
	for _, name := range names {
		want := "0"
		if slices.Contains(two, name) {
			want = "2"
		}
		if dev[name] != "0" || prod[name] != want {
			t.Errorf("%s: %q in dev, %q in prod", name, dev[name], prod[name])
		}
	}
}

// TestSettingsMakeRevisions: an overlay's settings have another name, and every function follows it.
func TestSettingsMakeRevisions(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile(`configMapRef:\n\s+name: (diom-\w+)`)
	seen := map[string]string{}
	for _, directory := range builds[:4] {
		found := name.FindAllStringSubmatch(build(t, directory), -1)
		if len(found) != len(services(t, "stack.yml").Functions) {
			t.Errorf("%s: %d functions have settings", directory, len(found))
		}
		for _, m := range found {
			if m[1] != found[0][1] {
				t.Errorf("%s: %s and %s", directory, m[1], found[0][1])
			}
		}
		if other := seen[found[0][1]]; other != "" {
			t.Errorf("%s and %s have the same settings", directory, other)
		}
		seen[found[0][1]] = directory
	}
}

// TestImageIsSetOnce: `images` of a kustomization replaces ko's reference everywhere.
func TestImageIsSetOnce(t *testing.T) {
	t.Parallel()
	text := build(t, "test/platform/testdata/image")
	if strings.Contains(text, "ko://") || strings.Count(text, "image: registry.example/diom@sha256:0123") != len(services(t, "stack.yml").Functions)+1 {
		t.Error("an image stays")
	}
}

// TestNoFileIsForgotten: whatever lies under knative/ is part of a kustomization beside it.
func TestNoFileIsForgotten(t *testing.T) {
	t.Parallel()
	tree := os.DirFS(path.Join(root(t), "knative"))
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Base(name) == "kustomization.yaml" {
			return err
		}
		text, err := fs.ReadFile(tree, path.Join(path.Dir(name), "kustomization.yaml"))
		if err == nil && !slices.Contains(strings.Fields(string(text)), path.Base(name)) {
			t.Errorf("%s is in no kustomization", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
