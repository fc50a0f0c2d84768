package faults_test

import (
	"fmt"
	"net/http"
)

// designing is what designers and starters do with designs and templates beside making and changing them.
var designing = []operation{
	{
		name: "publish a design", essential: []string{"UPDATE workflow_process_design SET version"},
		prepare: func(f *fixture, point, key string) request {
			design := record{path: "/api/v1/designs", body: func(word string) map[string]any {
				content := fmt.Sprintf(`<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="faults"><process id=%q isExecutable="true">`+
					`<startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="e"/><endEvent id="e"/></process></definitions>`, word)
				return map[string]any{"kind": "bpmn", "key": word, "name": word, "content": content}
			}}
			return request{user: "admin", path: design.path + "/" + f.made(design, point) + "/publish", key: key, body: map[string]any{}, version: 1, status: http.StatusCreated}
		},
		effects: func(f *fixture, point string) (int, []string) {
			return f.judge.Count("SELECT COUNT(*) FROM workflow_process_design d JOIN workflow_definition f ON f.process_key = d.process_key "+
				"AND f.deployment_id = d.deployment_id WHERE d.process_key = ? AND d.published = d.version", wordOf(point)), nil
		},
	},
	{
		name: "use a template", essential: []string{"UPDATE workflow_template SET use_count"},
		prepare: func(f *fixture, point, key string) request {
			template := record{path: "/api/v1/templates", body: func(word string) map[string]any {
				return map[string]any{"name": word, "processKey": "leave", "values": map[string]any{"days": 3}}
			}}
			return request{user: "admin", path: template.path + "/" + f.made(template, point) + "/use", key: key, body: map[string]any{}, status: http.StatusOK}
		},
		effects: func(f *fixture, point string) (int, []string) {
			return f.judge.Count("SELECT COALESCE(SUM(use_count), 0) FROM workflow_template WHERE name = ?", wordOf(point)), nil
		},
	},
}
