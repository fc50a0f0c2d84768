package manifest

import (
	"bytes"

	"diom.io/workflow/shared/faas"
)

const (
	knativeBase  = "knative/base" // the directory whose files are all generated
	namespace    = "diom"
	broker       = "diom"
	account      = "diom"         // of the functions
	migrator     = "diom-migrate" // the Job and its account
	settingsName = "diom"         // the ConfigMap

	servingVersion  = "serving.knative.dev/v1"
	eventingVersion = "eventing.knative.dev/v1"
)

// knative returns the files of knative/base by their paths. Every function has a file of its own; the
// order of the resources is the order in which they are made.
func knative(functions []faas.Function) (map[string][]byte, error) {
	type file struct {
		name    string
		objects []object
	}
	list := []file{
		{"namespace.yaml", []object{namespaceOf()}},
		{"accounts.yaml", accounts()},
		{"network.yaml", networkPolicies()},
		{"migrate.yaml", []object{migration()}},
	}
	for _, f := range functions {
		list = append(list, file{f.Name + ".yaml", []object{serviceOf(f)}})
	}
	list = append(list,
		file{"disruption.yaml", disruptionBudgets(functions)},
		file{"broker.yaml", []object{brokerOf()}},
		file{"triggers.yaml", triggers(functions)},
		file{"schedules.yaml", pingSources(functions)},
	)
	files, names := map[string][]byte{}, make([]string, 0, len(list))
	for _, f := range list {
		if len(f.objects) == 0 {
			continue
		}
		text, err := documents(f.objects)
		if err != nil {
			return nil, err
		}
		files[knativeBase+"/"+f.name] = text
		names = append(names, f.name)
	}
	var err error
	if files[knativeBase+"/"+nameReferenceFile], err = encode(nameReference()); err != nil {
		return nil, err
	}
	files[knativeBase+"/kustomization.yaml"], err = encode(kustomizationOf(names))
	return files, err
}

// documents writes objects as one YAML file.
func documents(objects []object) ([]byte, error) {
	var b bytes.Buffer
	for i, o := range objects {
		text, err := encode(o)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteString("---\n")
			text = bytes.TrimPrefix(text, []byte(header))
		}
		b.Write(text)
	}
	return b.Bytes(), nil
}

// serviceReference names a Knative Service of ours, with a path at it or none.
func serviceReference(name, path string) object {
	o := object{"ref": object{"apiVersion": servingVersion, "kind": "Service", "name": name}}
	if path != "" {
		o["uri"] = path
	}
	return o
}
