package gateway

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/setting"
	"diom.io/workflow/shared/telemetry"
)

const (
	consolePath = "/api/v1/console"
	// consolePolicy lets the console load what the gateway serves, and styles that scripts set: diagrams and menus
	// are placed by them. Nothing is evaluated, and nothing comes from elsewhere.
	consolePolicy = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; " +
		"connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; form-action 'self'"
	forever = "public, max-age=31536000, immutable"
)

// consoleInfo is what the log-in page needs to know.
type consoleInfo struct {
	Version string `json:"version"`
	// Demo says that the demo company is loaded; Accounts and Password are given then alone.
	Demo     bool          `json:"demo"`
	Accounts []demoAccount `json:"accounts"`
	Password string        `json:"password,omitempty"`
	// Maintenance is there while the product only reads, or where something is announced about that.
	Maintenance *maintenance `json:"maintenance,omitempty"`
}

// maintenance says whether the product only reads, and what people are told.
type maintenance struct {
	On      bool   `json:"on"`
	Message string `json:"message"`
}

// demoAccount is a person of the demo company.
type demoAccount struct {
	Username    string   `json:"username"`
	DisplayName string   `json:"displayName"`
	Title       string   `json:"title"`
	Roles       []string `json:"roles"`
}

func (g *gateway) tellConsole(e *exchange, r *http.Request) {
	info := consoleInfo{Version: telemetry.Version(), Demo: g.app.Config.Demo, Accounts: []demoAccount{}}
	if now := g.app.Access.Settings.Now(r.Context()); now.Flag(setting.Maintenance) || now.Text(setting.MaintenanceText) != "" {
		info.Maintenance = &maintenance{now.Flag(setting.Maintenance), now.Text(setting.MaintenanceText)}
	}
	if info.Demo {
		info.Password = access.DemoPassword
		for _, a := range access.DemoAccounts() {
			info.Accounts = append(info.Accounts, demoAccount{a.Username, a.DisplayName, a.Title, a.Roles})
		}
	}
	body, err := json.Marshal(info) //nolint:gosec // the password of the demo's people is shown on its log-in page
	if err != nil {
		g.fail(e, r, err)
		return
	}
	e.Header().Set("Content-Type", "application/json")
	_, _ = e.Write(body) // the caller has gone away; nobody is left to tell
}

// notConsole begins the paths that are not the console's: what is missing there is missing.
var notConsole = []string{"api", "engine-rest", "assets", "_", "auth", "internal", "events"}

// consoles reports whether a path that no route has may be one of the console, which knows its own. The last part of
// those has no dot: it would be a file.
func consoles(p string) bool {
	begin, _, _ := strings.Cut(strings.TrimPrefix(p, "/"), "/")
	return !slices.Contains(notConsole, begin) && !strings.ContainsAny(path.Base(p), ".<>")
}

// console answers with the page of the console, whatever its path: the rest is done in the browser.
func (g *gateway) console(e *exchange, r *http.Request) {
	content, err := fs.ReadFile(g.settings.console, "index.html")
	if err != nil {
		g.fail(e, r, err)
		return
	}
	h := e.Header()
	h.Set("Content-Security-Policy", consolePolicy)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", tag(string(content)))
	http.ServeContent(e, r, "", time.Time{}, bytes.NewReader(content))
}

// asset answers with a file of the console, whose name changes with its content. Each was compressed when it was
// built; who takes no compressed one gets none, which no browser is.
func (g *gateway) asset(e *exchange, r *http.Request) {
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	e.Header().Add("Vary", "Accept-Encoding")
	for _, encoding := range []struct{ name, suffix string }{{"br", ".br"}, {"gzip", ".gz"}, {"", ""}} {
		if g.settings.console == nil || encoding.name != "" && !accepts(r, encoding.name) {
			continue
		}
		content, err := fs.ReadFile(g.settings.console, name+encoding.suffix)
		if err != nil {
			continue
		}
		h := e.Header()
		h.Set("Content-Type", contentType(name))
		h.Set("Cache-Control", forever)
		if encoding.name != "" {
			h.Set("Content-Encoding", encoding.name)
		}
		h.Set("Content-Length", strconv.Itoa(len(content)))
		if r.Method != http.MethodHead {
			_, _ = e.Write(content) // the caller has gone away; nobody is left to tell
		}
		return
	}
	g.fail(e, r, faas.ErrNoRoute)
}

// contentType does not ask the machine, which may say otherwise than another one.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".woff2":
		return "font/woff2"
	case ".woff":
		return "font/woff"
	case ".ttf":
		return "font/ttf"
	}
	if known := mime.TypeByExtension(path.Ext(name)); known != "" {
		return known
	}
	return "application/octet-stream"
}

// accepts reports whether the caller takes an encoding (RFC 9110 §12.5.3); a weight of 0 says no.
func accepts(r *http.Request, encoding string) bool {
	for _, line := range r.Header["Accept-Encoding"] {
		for part := range strings.SplitSeq(line, ",") {
			name, weight, _ := strings.Cut(part, ";")
			if !strings.EqualFold(strings.TrimSpace(name), encoding) {
				continue
			}
			q, weighted := strings.CutPrefix(strings.ReplaceAll(weight, " ", ""), "q=")
			value, err := strconv.ParseFloat(q, 64)
			return !weighted || err == nil && value > 0
		}
	}
	return false
}
