package login

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
)

// identityRoutes link the account of who has logged in with his accounts at OpenID providers.
func identityRoutes() []faas.Route {
	const all, one = "/api/v1/me/identities", "/api/v1/me/identities/{provider}"
	return []faas.Route{
		{
			Method: http.MethodGet, Pattern: all, Permission: access.Authenticated,
			Summary: "List the accounts elsewhere with which one's own is linked.", Answer: access.Identities{}, Serve: listIdentities,
		},
		{
			Method: http.MethodPost, Pattern: one, Permission: access.Authenticated, MaxBody: 8 << 10,
			Summary: "Begin to link one's account with one at an OpenID provider: where the browser goes.", Body: LinkBegin{}, Answer: LinkBegun{}, Serve: beginLink,
		},
		{
			Method: http.MethodDelete, Pattern: one, Permission: access.Authenticated, Status: http.StatusNoContent,
			Summary: "End the link of one's account with an OpenID provider.", Serve: unlink,
		},
	}
}

// LinkBegin is the body that begins to link an account. Return is the path of the product where the person wants to be
// then, / where it is absent.
type LinkBegin struct {
	Return string `json:"return"`
}

// LinkBegun says where the browser goes, with the cookie of this answer.
type LinkBegun struct {
	Location string `json:"location"`
}

func listIdentities(ctx context.Context, r *faas.Request) (any, error) {
	return vouching(ctx, r).Identities(ctx, r.Principal)
}

func beginLink(ctx context.Context, r *faas.Request) (any, error) {
	var body LinkBegin
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	begun, err := vouching(ctx, r).BeginLink(ctx, r.Principal, r.PathValue("provider"), body.Return)
	if err != nil {
		return nil, err
	}
	return faas.Answer{Header: cookieHeader(ticketOf(r, begun)), Body: LinkBegun{begun.Location}}, nil
}

func unlink(ctx context.Context, r *faas.Request) (any, error) {
	return nil, vouching(ctx, r).Unlink(ctx, r.Principal, r.PathValue("provider"))
}

func leaveElsewhere(ctx context.Context, r *faas.Request) (any, error) {
	to, err := vouching(ctx, r).Leave(ctx, r.PathValue("provider"))
	if err != nil {
		return failed(r, err)
	}
	return sent(to), nil
}
