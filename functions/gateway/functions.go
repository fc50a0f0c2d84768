package gateway

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"sync"

	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/telemetry"
)

const (
	functionsPath = "/api/v1/functions"
	maxInfo       = 1 << 20 // bytes of what a function says of itself
)

// functionList is the answer of GET /api/v1/functions.
type functionList struct {
	Items []functionInfo `json:"items"`
}

// functionInfo is what the gateway knows of a function: how many of its replicas answer that they are ready, which
// versions they run (one, unless an update is under way), whether it is not called because it has failed again and
// again, and its routes.
type functionInfo struct {
	Name        string   `json:"name"`
	Versions    []string `json:"versions"`
	Replicas    int      `json:"replicas"`
	Ready       int      `json:"ready"`
	BreakerOpen bool     `json:"breakerOpen"`
	Routes      []string `json:"routes"`
}

// functions answers with all functions: who may see it is who has logged in.
func (g *gateway) functions(e *exchange, r *http.Request) {
	principal, err := g.seer(r.Context(), bearer(r.Header))
	if err == nil {
		e.user = principal.Username
		err = g.limited(e, r, g.user.Load(), principal.Username)
	}
	if err != nil {
		g.fail(e, r, err)
		return
	}
	states, _ := g.status.read(r.Context(), g)
	versions := g.versions(r.Context())
	list := functionList{Items: make([]functionInfo, 0, len(states))}
	for _, s := range states {
		f := functionInfo{Name: s.Name, Versions: versions[s.Name], Replicas: s.Replicas, Ready: s.Ready, BreakerOpen: g.byName[s.Name].breaker.Open(), Routes: []string{}}
		for _, route := range g.table {
			if route.Function == s.Name {
				f.Routes = append(f.Routes, route.Method+" "+route.Pattern)
			}
		}
		list.Items = append(list.Items, f)
	}
	body, err := json.Marshal(list)
	if err != nil {
		g.fail(e, r, err)
		return
	}
	e.Header().Set("Content-Type", "application/json")
	_, _ = e.Write(body) // the caller has gone away; nobody is left to tell
}

// serveFunctions lists none where the gateway was told of none: without DIOM_FUNCTION_URL there is nobody to ask.
func serveFunctions(ctx context.Context, r *faas.Request) (any, error) {
	handler, err := serve(ctx, r)
	if err != nil {
		return functionList{Items: []functionInfo{}}, nil //nolint:nilerr // other routes tell
	}
	return handler, nil
}

// versions are those of the replicas of each function, sorted; a replica that does not answer has none.
func (g *gateway) versions(ctx context.Context) map[string][]string {
	all := map[string][]string{}
	if !g.remote {
		for _, name := range g.names {
			all[name] = []string{}
			if g.byName[name].handler != nil {
				all[name] = []string{telemetry.Version()}
			}
		}
		return all
	}
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	var mu sync.Mutex
	var group sync.WaitGroup
	for _, name := range g.names {
		all[name] = []string{}
		for _, base := range g.app.Config.FunctionURLs(name) {
			group.Go(func() {
				version := version(ctx, base)
				mu.Lock()
				defer mu.Unlock()
				if version != "" && !slices.Contains(all[name], version) {
					all[name] = append(all[name], version)
					slices.Sort(all[name])
				}
			})
		}
	}
	group.Wait()
	return all
}

// version asks a replica which version it is, "" where it does not say.
func version(ctx context.Context, base string) string {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/_/info", nil)
	if err != nil {
		return ""
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return ""
	}
	defer func() { _ = response.Body.Close() }()
	var info struct{ Version string }
	if json.NewDecoder(io.LimitReader(response.Body, maxInfo)).Decode(&info) != nil {
		return ""
	}
	return info.Version
}
