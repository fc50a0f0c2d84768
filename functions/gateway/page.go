package gateway

import (
	"cmp"
	_ "embed" // style
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/text/language"
	"maragu.dev/gomponents"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/webpage"
)

var (
	//go:embed style.css
	style []byte

	languages = language.NewMatcher([]language.Tag{language.English, language.SimplifiedChinese})
)

// page is one of the gateway's own answers.
type page func(*exchange, *http.Request)

// ServeHTTP makes a page something that a ServeMux keeps; the gateway itself calls it.
func (page) ServeHTTP(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }

// pages adds the gateway's own routes to the mux.
func (g *gateway) pages() {
	g.routes.Handle("GET /{$}", page(g.home))
	g.routes.Handle("GET /api", page(g.api))
	g.routes.Handle("GET /openapi.yaml", page(describe))
	g.routes.Handle("GET "+functionsPath, page(g.functions))
	g.routes.Handle("GET "+consolePath, page(g.tellConsole))
	g.routes.Handle("GET /assets/", page(g.asset))
	g.routes.Handle("GET /asyncapi.yaml", page(describeEvents))
	g.routes.Handle("GET "+streamPath, page(g.stream))
	g.routes.Handle("GET /assets/gateway.css", page(func(e *exchange, _ *http.Request) {
		e.Header().Set("Content-Type", "text/css; charset=utf-8")
		e.Header().Set("Cache-Control", "public, max-age=300")
		_, _ = e.Write(style) // the caller has gone away; nobody is left to tell
	}))
}

// view is what the pages show.
type view struct {
	Lang     string
	Text     map[string]string
	Base     string // the URL by which the caller reached us, without a final slash
	Demo     bool
	Password string
	Accounts []access.DemoAccount
	Status   []functionStatus
	Ready    bool
	Groups   []group
	Routes   int
	Path     string
}

// group is the routes of one function, for reading.
type group struct {
	Function string
	Routes   []Route
}

func (g *gateway) view(r *http.Request) view {
	v := view{Lang: "en", Text: english, Routes: len(g.table), Path: r.URL.Path, Demo: g.app.Config.Demo}
	if _, i := language.MatchStrings(languages, r.Header.Get("Accept-Language")); i == 1 {
		v.Lang, v.Text = "zh-CN", chinese
	}
	if v.Base = strings.TrimSuffix(g.app.Config.PublicURL, "/"); v.Base != "" {
		return v // what the caller says of the host does not count
	}
	v.Base = r.Header.Get("X-Forwarded-Proto") + "://" + r.Header.Get("X-Forwarded-Host") // clean has set both
	return v
}

// home leads on: what this is, whether it works, who may try it, the first steps. Where the console was built it is
// the console.
func (g *gateway) home(e *exchange, r *http.Request) {
	if g.settings.console != nil {
		g.console(e, r)
		return
	}
	v := g.view(r)
	v.Status, v.Ready = g.status.read(r.Context(), g)
	if v.Demo {
		v.Accounts, v.Password = access.DemoAccounts(), access.DemoPassword
	}
	render(e, http.StatusOK, "title", v, v.homePage())
}

// api lists the routes, as a page for browsers and as JSON for everybody else.
func (g *gateway) api(e *exchange, r *http.Request) {
	e.Header().Add("Vary", "Accept")
	if !wantsHTML(r) {
		body, err := json.Marshal(listing{g.listed()})
		if err != nil {
			g.fail(e, r, err)
			return
		}
		e.Header().Set("Content-Type", "application/json")
		_, _ = e.Write(body) // the caller has gone away; nobody is left to tell
		return
	}
	v := g.view(r)
	for _, name := range g.names {
		of := group{Function: name}
		for _, route := range g.table {
			if route.Function == name {
				of.Routes = append(of.Routes, route)
			}
		}
		slices.SortStableFunc(of.Routes, func(a, b Route) int { return cmp.Compare(a.Pattern, b.Pattern) })
		v.Groups = append(v.Groups, of)
	}
	render(e, http.StatusOK, "api", v, v.apiPage())
}

// listing is the answer of GET /api.
type listing struct {
	Items []listedRoute `json:"items"`
}

// listedRoute is a route in the answer of GET /api. Permission is public where no access token is needed.
type listedRoute struct {
	Method     string `json:"method"`
	Pattern    string `json:"pattern"`
	Function   string `json:"function"`
	Permission string `json:"permission"`
	Summary    string `json:"summary"`
}

func (g *gateway) listed() []listedRoute {
	list := make([]listedRoute, len(g.table))
	for i, r := range g.table {
		list[i] = listedRoute{r.Method, r.Pattern, r.Function, r.Permission, r.Summary}
	}
	return list
}

// noRoute answers what is not there: 405 where another method would do, else 404, as a page where a
// browser asks for one.
func (g *gateway) noRoute(e *exchange, r *http.Request) {
	if allowed := g.allowed(r); len(allowed) > 0 {
		g.refuseMethod(e, r, strings.Join(allowed, ", "))
		return
	}
	if g.settings.console != nil && wantsHTML(r) && consoles(r.URL.Path) {
		g.console(e, r)
		return
	}
	if wantsHTML(r) && !strings.HasPrefix(r.URL.Path, "/api/") {
		g.app.Telemetry.Metrics.Refused.WithLabelValues(faas.ErrNoRoute.Code).Inc()
		v := g.view(r)
		render(e, http.StatusNotFound, "missing", v, v.missingPage())
		return
	}
	g.fail(e, r, faas.ErrNoRoute)
}

func (g *gateway) allowed(r *http.Request) (methods []string) {
	other := *r
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		other.Method = method
		if _, pattern := g.routes.Handler(&other); pattern != "" {
			methods = append(methods, method)
		}
	}
	return methods
}

// refuseMethod writes 405, which is no kind of fault: no use case fails in that way.
func (g *gateway) refuseMethod(e *exchange, r *http.Request, allowed string) {
	const code = "method_not_allowed"
	g.app.Telemetry.Metrics.Refused.WithLabelValues(code).Inc()
	e.Header().Set("Allow", allowed)
	if r.Method == http.MethodOptions {
		e.WriteHeader(http.StatusNoContent)
		return
	}
	body, err := json.Marshal(faas.Problem{
		Type: "urn:diom:problem:" + code, Title: g.view(r).Text["methodNotAllowed"], Status: http.StatusMethodNotAllowed,
		Detail: "Allowed are " + allowed + ".", Instance: r.URL.Path, Code: code, TraceID: e.trace,
	})
	if err != nil {
		g.fail(e, r, err)
		return
	}
	e.Header().Set("Content-Type", "application/problem+json")
	e.WriteHeader(http.StatusMethodNotAllowed)
	_, _ = e.Write(body) // the caller has gone away; nobody is left to tell
}

// wantsHTML reports whether a browser asks for a page: it alone names text/html.
func wantsHTML(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && strings.Contains(r.Header.Get("Accept"), "text/html")
}

// render writes a page, whose title is a text by its key.
func render(e *exchange, status int, title string, v view, content []gomponents.Node) {
	name := v.Text["title"]
	if title != "title" {
		name = v.Text[title] + " · " + name
	}
	h := e.Header()
	h.Set("Content-Type", webpage.ContentType)
	h.Set("Content-Language", v.Lang)
	h.Add("Vary", "Accept-Language")
	e.WriteHeader(status)
	_, _ = e.Write(webpage.Page(v.Lang, name, content...)) // the caller has gone away; nobody is left to tell
}
