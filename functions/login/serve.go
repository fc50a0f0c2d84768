package login

import (
	"context"
	"net/http"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
)

// Credentials is the body of a log-in.
type Credentials struct {
	Username string `json:"username" api:"required"`
	Password string `json:"password" api:"required"`
}

// Passwords is the body of a change of password.
type Passwords struct {
	CurrentPassword string `json:"currentPassword" api:"required"`
	NewPassword     string `json:"newPassword" api:"required"`
}

func login(ctx context.Context, r *faas.Request) (any, error) {
	var body Credentials
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	session, err := vouching(ctx, r).Login(ctx, access.Attempt{Username: body.Username, Password: body.Password, Address: faas.Address(r.HTTP())})
	if err != nil {
		return nil, err
	}
	return opened(r, session), nil
}

func refresh(ctx context.Context, r *faas.Request) (any, error) {
	if err := sameSite(r.HTTP()); err != nil {
		return nil, err
	}
	session, err := r.App.Access.Refresh(ctx, refreshJar.value(r))
	if err != nil {
		return nil, err
	}
	return opened(r, session), nil
}

func logout(ctx context.Context, r *faas.Request) (any, error) {
	if err := sameSite(r.HTTP()); err != nil {
		return nil, err
	}
	if err := r.App.Access.Logout(ctx, refreshJar.value(r)); err != nil {
		return nil, err
	}
	return faas.Answer{Status: http.StatusNoContent, Header: cookieHeader(refreshJar.cookie(r, "", -1))}, nil
}

func userinfo(_ context.Context, r *faas.Request) (any, error) {
	return access.ProfileOf(r.Principal), nil
}

func password(ctx context.Context, r *faas.Request) (any, error) {
	var body Passwords
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	session, err := r.App.Access.ChangePassword(ctx, r.Principal, body.CurrentPassword, body.NewPassword, faas.Address(r.HTTP()))
	if err != nil {
		return nil, err
	}
	return opened(r, session), nil
}

func jwks(_ context.Context, r *faas.Request) (any, error) {
	header := http.Header{}
	header.Set("Cache-Control", "public, max-age=300")
	return faas.Answer{Header: header, Body: r.App.Access.JWKS()}, nil
}
