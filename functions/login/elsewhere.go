package login

import (
	"context"
	"net/http"
	"strings"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/signin"
)

// What a sign-in takes along, on the routes of providers alone.
const (
	secureTicket = "__Secure-diom_signin"
	plainTicket  = "diom_signin" // only over plain http on loopback
	ticketPath   = "/api/v1/auth/oidc/"
)

// returning is the query of a sign-in's beginning.
var returning = page.List{Filters: []page.Filter{{Name: "return", Summary: "the path of the product where the person wants to be then"}}}

// returned is the query of its end (RFC 6749 §4.1.2, RFC 9207).
var returned = page.List{Filters: []page.Filter{
	{Name: "code"}, {Name: "state"}, {Name: "iss", Summary: "the issuer, where the provider names it"}, {Name: "error", Summary: "why the provider has signed nobody in"},
}}

// elsewhereRoutes let people in whom others vouch for.
func elsewhereRoutes() []faas.Route {
	return []faas.Route{
		{
			Method: http.MethodGet, Pattern: "/api/v1/auth/methods", Permission: access.Public,
			Summary: "List the ways to sign in.", Answer: signin.Methods{}, Serve: methods,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/auth/oidc/{provider}/start", Permission: access.Public,
			Summary: "Send the browser to an OpenID provider.", List: returning, Status: http.StatusSeeOther, Serve: beginElsewhere,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/auth/oidc/{provider}/callback", Permission: access.Public,
			Summary: "Take the browser back from an OpenID provider, and open a session.", List: returned, Status: http.StatusSeeOther, Serve: endElsewhere,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/auth/oidc/{provider}/end", Permission: access.Public,
			Summary: "Send the browser to log out at an OpenID provider, too (RP-Initiated Logout 1.0).", Status: http.StatusSeeOther, Serve: leaveElsewhere,
		},
		{
			Method: http.MethodPost, Pattern: "/api/v1/auth/oidc/{provider}/logout", Permission: access.Public, MaxBody: 16 << 10,
			Summary: "End the log-ins of a person as his OpenID provider asks (Back-Channel Logout 1.0).", Body: LogoutToken{},
			Accepts: []string{"application/x-www-form-urlencoded"}, Status: http.StatusNoContent, Serve: backChannel,
		},
	}
}

// LogoutToken is the form by which a provider ends log-ins.
type LogoutToken struct {
	LogoutToken string `json:"logout_token" api:"required"`
}

// vouching returns who vouches for people here. Where the file that says so cannot be read, nobody does: those who have a
// password of ours must come in all the same.
func vouching(ctx context.Context, r *faas.Request) *signin.Service {
	s, err := faas.Hold(r.App, func() (*signin.Service, error) { return signin.New(r.App.Config, r.App.Access) })
	if err != nil {
		r.App.Telemetry.Log.ErrorContext(ctx, "nobody vouches for people", "error", err.Error())
		return signin.Nobody(r.App.Access)
	}
	return s
}

func methods(ctx context.Context, r *faas.Request) (any, error) {
	return vouching(ctx, r).Methods(), nil
}

// ticketJar holds what a sign-in takes along. It is Lax: a browser that comes back from elsewhere has it.
var ticketJar = jar{secureTicket, plainTicket, ticketPath, http.SameSiteLaxMode}

// sent answers by sending the browser on, with cookies.
func sent(location string, cookies ...*http.Cookie) faas.Answer {
	header := http.Header{"Location": {location}, "Cache-Control": {"no-store"}}
	for _, c := range cookies {
		header.Add("Set-Cookie", c.String())
	}
	return faas.Answer{Status: http.StatusSeeOther, Header: header}
}

func beginElsewhere(ctx context.Context, r *faas.Request) (any, error) {
	begun, err := vouching(ctx, r).Begin(ctx, r.PathValue("provider"), r.Given().Get("return"))
	if err != nil {
		return failed(r, err)
	}
	return sent(begun.Location, ticketOf(r, begun)), nil
}

// ticketOf is the cookie of a sign-in that has begun.
func ticketOf(r *faas.Request, begun signin.Begun) *http.Cookie {
	return ticketJar.cookie(r, begun.Cookie, int(signin.Life.Seconds()))
}

func endElsewhere(ctx context.Context, r *faas.Request) (any, error) {
	session, back, err := vouching(ctx, r).End(ctx, r.PathValue("provider"), r.Given(), ticketJar.value(r))
	if err != nil {
		return failed(r, err)
	}
	done := ticketJar.cookie(r, "", -1)
	if session.Refresh == "" { // an account is linked, in the session that there is
		return sent(back, done), nil
	}
	return sent(back, done, sessionCookie(r, session)), nil
}

// failed sends a browser to the first page with the code of what went wrong; others get the problem.
func failed(r *faas.Request, err error) (any, error) {
	f := fault.From(err)
	if f == nil || fault.KindOf(err) == fault.Internal || !strings.Contains(r.HTTP().Header.Get("Accept"), "text/html") {
		return nil, err
	}
	return sent("/?signInError="+f.Code, ticketJar.cookie(r, "", -1)), nil
}

func backChannel(ctx context.Context, r *faas.Request) (any, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	header := http.Header{"Cache-Control": {"no-store"}}
	return faas.Answer{Status: http.StatusNoContent, Header: header}, vouching(ctx, r).EndLogins(ctx, r.PathValue("provider"), signin.LogoutToken(body))
}
