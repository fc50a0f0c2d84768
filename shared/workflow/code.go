package workflow

import (
	"cmp"
	"context"
	"encoding/json"
	"path"
	"slices"
	"strings"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// ErrListeners: the deployment asks for something else.
var ErrListeners = fault.New(fault.Invalid, "bad_listeners", "What becomes of listeners that are code is refuse, ignore or job.")

// Code is what a site does with the code of models that were made for a Java engine.
type Code struct {
	// Listeners is refuse, ignore or job, where a deployment says nothing else; empty is refuse.
	Listeners string
	// Scripts are the languages that workers run, of jobs with the topic script:<language>.
	Scripts []string
}

// SetCode says what is done with code. It is called before the service is used.
func (s *Service) SetCode(c Code) {
	for i := range c.Scripts {
		c.Scripts[i] = strings.ToLower(strings.TrimSpace(c.Scripts[i]))
	}
	s.code = c
}

// The kinds of resources beside models: files that a model refers to, and what the deployment was asked
// for, which is needed whenever its models are read again.
const (
	kindDecision = "dmn"
	kindFile     = "file"
	kindOptions  = "options"

	optionsName = "diom-options.json"
)

// fileTypes are the files beside models that a deployment may have: scripts.
var fileTypes = []string{".juel", ".feel", ".groovy", ".js", ".py", ".rb", ".xsl", ".xslt", ".txt"}

// kindOf is the kind of a resource that a caller gives.
func kindOf(r store.Resource) string {
	name := strings.ToLower(r.Name)
	switch {
	case slices.Contains(fileTypes, path.Ext(name)):
		return kindFile
	case path.Ext(name) == ".dmn", strings.HasSuffix(name, ".dmn11.xml"):
		return kindDecision
	case path.Ext(name) == ".form":
		return kindForm
	}
	return store.ModelFile
}

// deploymentOptions is the content of the resource that keeps them.
type deploymentOptions struct {
	Listeners string `json:"listeners"`
}

// prepare gives the resources of a deployment their kinds, and keeps what it was asked for.
func (s *Service) prepare(d *store.Deployment, listeners string) error {
	policy := cmp.Or(listeners, s.code.Listeners, bpmn.ListenersRefused)
	if !slices.Contains([]string{bpmn.ListenersRefused, bpmn.ListenersIgnored, bpmn.ListenersAsJobs}, policy) {
		return ErrListeners.With(fault.Detail{Pointer: "/listeners", Code: ErrListeners.Code})
	}
	d.Resources = slices.Clone(d.Resources)
	for i, r := range d.Resources {
		if r.Kind == "" {
			d.Resources[i].Kind = kindOf(r)
		}
	}
	if policy == bpmn.ListenersRefused {
		return nil
	}
	content, err := json.Marshal(deploymentOptions{policy})
	d.Resources = append(d.Resources, store.Resource{Name: optionsName, Kind: kindOptions, Content: content})
	return err
}

// options are how the models of a deployment are read; scripts are the languages that are jobs.
func options(resources []store.Resource, scripts []string) (bpmn.Options, error) {
	o := bpmn.Options{Scripts: scripts}
	files := map[string][]byte{}
	for _, r := range resources {
		switch r.Kind {
		case kindFile:
			files[r.Name] = r.Content
		case kindOptions:
			var given deploymentOptions
			if err := json.Unmarshal(r.Content, &given); err != nil {
				return o, err
			}
			o.Listeners = given.Listeners
		}
	}
	o.Resource = func(name string) ([]byte, bool) {
		content, ok := files[name]
		return content, ok
	}
	return o, nil
}

// compile reads the model of a definition again. It was accepted once, so every script that is not
// evaluated here is a job, whatever the site binds today.
func (s *Service) compile(ctx context.Context, d store.Definition, content []byte) (*definition, error) {
	resources, err := s.store.DeploymentFiles(ctx, d.DeploymentID)
	if err != nil {
		return nil, err
	}
	o, err := options(resources, []string{bpmn.EveryScript})
	if err != nil {
		return nil, err
	}
	return compile(d, content, o)
}
