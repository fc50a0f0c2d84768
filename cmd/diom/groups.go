package main

import (
	"net/http"
	"slices"

	"diom.io/workflow/shared/faas"
)

// groups are functions that one process serves on machines without a platform, by the names and the ports of the
// plan of ports: gateway 8080, auth 8081, web 8082, workflow 8085. Together they are all functions.
var groups = map[string][]string{
	"auth":     {"login", "users"},
	"web":      {"definitions", "designs", "tasks", "instances"},
	"workflow": {"start-process", "complete-task", "jobs", "advance-token", "receive-event", "notify", "tick", "backup"},
}

// everything is the name of a process that serves all functions, for its log.
const everything = "diom"

// selected returns the functions that a name means, nil where it means none: a function, a group, or all.
func selected(name string) []faas.Function {
	if name == everything {
		return functions
	}
	var list []faas.Function
	for _, f := range functions {
		if f.Name == name || slices.Contains(groups[name], f.Name) {
			list = append(list, f)
		}
	}
	return list
}

// groupHandler serves each function below /function/<name>, as OpenFaaS does, for the gateway and the other groups:
// DIOM_FUNCTION_URL says where.
func groupHandler(app *faas.App, served []faas.Function) http.Handler {
	mux := http.NewServeMux()
	for _, f := range served {
		prefix := "/function/" + f.Name
		mux.Handle(prefix+"/", http.StripPrefix(prefix, faas.Handler(app, f)))
	}
	return mux
}
