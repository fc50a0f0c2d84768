package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"

	"diom.io/workflow/frontend"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/limit"
	"diom.io/workflow/shared/setting"
)

// Route is one entry of the table by which the gateway finds the function of a request.
type Route struct {
	Method, Pattern, Function string
	// Permission is what the function asks of the caller; "public" needs no token.
	Permission string
	Summary    string
	// MaxBody is the largest body in bytes; 0 means faas.DefaultMaxBody.
	MaxBody int64
	// Replayable routes keep an idempotency record: a request with an Idempotency-Key may be sent twice.
	Replayable bool
	// Asks marks a POST that changes nothing: it may be sent twice, too.
	Asks bool
}

// gateway is the handler and what it holds.
type gateway struct {
	app      *faas.App
	settings settings
	table    []Route
	routes   *http.ServeMux // entries and own pages
	byName   map[string]*neighbour
	names    []string // of the functions in the table, sorted

	user, address, login, route, search atomic.Pointer[limit.Limiter]

	allow atomic.Pointer[setting.Networks] // of the callers

	remote bool // functions are reached by URL
	status statusBoard
}

// Handler returns the gateway over the functions that next knows by name, in the same process; next
// returns nil for one that is not there. A nil next reaches them by Config.FunctionURLs. The error
// names the setting that is wrong.
func Handler(app *faas.App, next func(name string) http.Handler) (http.Handler, error) {
	return assemble(app, next)
}

// assemble makes a gateway over the generated table.
func assemble(app *faas.App, next func(name string) http.Handler) (*gateway, error) {
	s, err := loadSettings()
	if err != nil {
		return nil, err
	}
	s.console = frontend.Console()
	return newGateway(app, next, s, routes)
}

func newGateway(app *faas.App, next func(name string) http.Handler, s settings, table []Route) (*gateway, error) {
	g := &gateway{app: app, settings: s, table: table, byName: map[string]*neighbour{}, remote: next == nil}
	for i := range table {
		if name := table[i].Function; !slices.Contains(g.names, name) {
			g.names = append(g.names, name)
		}
	}
	slices.Sort(g.names)
	if g.remote {
		handlers, err := remotes(app, newTransport(), g.names)
		if err != nil {
			return nil, err
		}
		next = func(name string) http.Handler { return handlers[name] }
	}
	app.Access.Settings.OnChange(func(v *setting.Values) {
		allow := g.settings.Allow
		if v.IsSet(setting.AllowedNetworks) {
			allow = v.Networks(setting.AllowedNetworks)
		}
		g.allow.Store(&allow)
		if err := g.limit(v); err != nil {
			app.Telemetry.Log.Error("limits", "error", err.Error())
		}
	})
	if err := g.limit(app.Access.Settings.Known()); err != nil {
		return nil, err
	}
	for _, name := range g.names {
		g.byName[name] = newNeighbour(app, name, next(name))
	}
	return g, g.register()
}

// limit makes the limiters by the rates that are set, and else by the environment's. One whose rate stays stays, with
// what it has counted.
func (g *gateway) limit(v *setting.Values) error {
	var errs []error
	for _, l := range []struct {
		at   *atomic.Pointer[limit.Limiter]
		name string
		key  string
		rate limit.Rate
	}{
		{&g.user, "user", setting.LimitUser, g.settings.LimitUser}, {&g.address, "address", setting.LimitAddress, g.settings.LimitAddress},
		{&g.login, "login", setting.LimitLogin, g.settings.LimitLogin}, {&g.route, "route", setting.LimitRoute, g.settings.LimitRoute},
		{&g.search, "search", setting.LimitSearch, g.settings.LimitSearch},
	} {
		if v.IsSet(l.key) {
			l.rate = v.Rate(l.key)
		}
		if now := l.at.Load(); now != nil && now.Rate() == l.rate {
			continue
		}
		fresh, err := limit.New(g.app.Cache.Redis(), l.name, l.rate, g.settings.Replicas)
		if err == nil {
			l.at.Store(fresh)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// register fills the mux. Two patterns that no rule orders are an error, as net/http has it.
func (g *gateway) register() (err error) {
	defer func() {
		if conflict := recover(); conflict != nil {
			err = fmt.Errorf("routes: %v", conflict)
		}
	}()
	g.routes = http.NewServeMux()
	for i := range g.table {
		r := &g.table[i]
		e := &entry{Route: r, neighbour: g.byName[r.Function], maxBody: r.MaxBody, public: r.Permission == "public", login: checksPassword(r.Pattern)}
		if e.maxBody == 0 {
			e.maxBody = faas.DefaultMaxBody
		}
		g.routes.Handle(r.Method+" "+r.Pattern, e)
	}
	g.pages()
	return nil
}
