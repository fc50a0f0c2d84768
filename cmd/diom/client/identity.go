package client

import (
	"context"
	"encoding/json"
	"net/http"
)

const (
	sessionColumns = "id username device address createdAt:begun lastUsedAt:renewed current"
	tokenColumns   = "id username name prefix permissions expiresAt:expires revokedAt:revoked lastUsedAt:used"
	settingColumns = "key value default set version updatedBy:by"
)

// ofUser narrows a list to what is another's.
func ofUser() field {
	return field{name: "user", key: "user", query: true, usage: "those of the user with this `id`; for administrators"}
}

func loginSessions() noun {
	return noun{"session", "See and end log-ins", []command{
		{
			use: "list", short: "List your log-ins, or those of a user", example: "diom session list\ndiom session list --user " + exampleID,
			method: http.MethodGet, path: "/api/v1/sessions", pages: true, view: view("items", sessionColumns), fields: []field{ofUser()},
		},
		{
			use: "end <session>", short: "End a log-in", example: "diom session end " + exampleID,
			method: http.MethodDelete, path: "/api/v1/sessions/{session}", single: true,
		},
		{
			use: "end-all", short: "End all your log-ins, or those of a user", example: "diom session end-all --keep\ndiom session end-all --user " + exampleID,
			method: http.MethodPost, path: "/api/v1/sessions:revoke-all",
			fields: []field{
				{name: "user", key: "user", usage: "those of the user with this `id`; for administrators"},
				{name: "keep", key: "keepCurrent", kind: yes, usage: "but for the one that asks"},
			},
		},
	}}
}

func apiTokens() noun {
	return noun{"token", "Manage API tokens, by which machines act for you", []command{
		{
			use: "list", short: "List your API tokens, or those of a user", example: "diom token list",
			method: http.MethodGet, path: "/api/v1/api-tokens", pages: true, view: view("items", tokenColumns), fields: []field{ofUser()},
		},
		{
			use: "create <name>", short: "Make an API token; it is shown this once", example: "diom token create nightly --permission WORKFLOW_START --expires 2026-12-31T00:00:00Z",
			method: http.MethodPost, path: "/api/v1/api-tokens", single: true, view: view("", "id name token permissions expiresAt:expires"),
			fields: []field{
				{name: "name", key: "name"}, {name: "permission", key: "permissions", kind: texts, usage: "`code` of a permission that you have; may be repeated"},
				{name: "expires", key: "expiresAt", usage: "`time` at which it ends (RFC 3339); without it in 90 days"},
			},
		},
		{
			use: "revoke <token>", short: "End an API token, by its id", example: "diom token revoke " + exampleID,
			method: http.MethodDelete, path: "/api/v1/api-tokens/{token}", single: true,
		},
	}}
}

func settings() noun {
	const one = "/api/v1/settings/{setting}"
	return noun{"setting", "See and change what holds while the product runs", []command{
		{
			use: "list", short: "List the settings", example: "diom setting list",
			method: http.MethodGet, path: "/api/v1/settings", view: view("items", settingColumns),
		},
		{
			use: "show <setting>", short: "Show a setting", example: "diom setting show log.level",
			method: http.MethodGet, path: one, view: view("", settingColumns+" type minimum maximum values description"),
		},
		{
			use: "set <setting> <value>", short: "Change a setting everywhere; null takes the value away", example: "diom setting set log.level DEBUG\ndiom setting set password.min_length 12\ndiom setting set log.level null",
			method: http.MethodPut, path: one, view: view("", settingColumns), run: setSetting,
		},
	}}
}

// setSetting is diom setting set. Numbers, true, false and null are that; anything else is text.
func setSetting(ctx context.Context, in *invocation) error {
	if err := in.logIn(); err != nil {
		return err
	}
	text := in.argument["value"]
	var value any = text
	if word := json.RawMessage(text); json.Valid(word) {
		value = word
	}
	r, err := in.request(nil, map[string]any{"value": value})
	if err != nil {
		return err
	}
	r.header.Set("If-Match", "*")
	a, err := in.session.do(ctx, r)
	if err != nil {
		return err
	}
	return in.show(a)
}
