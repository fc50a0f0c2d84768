// Package access says who a caller is and what the caller may do: users, roles and permissions,
// passwords, access and refresh tokens, and the signatures of internal routes.
//
// A caller is a Principal, made by Service.Authenticate from an access token. The token proves the
// name; the rights come from the user's standing record, which is read again every second, so that a
// disabled user, a changed role or a changed password takes effect within two seconds.
package access

import (
	"slices"

	"diom.io/workflow/shared/engine"
)

// SuperAdmin is the code of the role that may do everything.
const SuperAdmin = "SUPER_ADMIN"

// Principal is an authenticated caller. Its slices are shared between requests: read them only.
type Principal struct {
	UserID      string // UUID
	Username    string // the name in assignee, starter and candidateUsers
	DisplayName string
	Department  string   // display name, may be empty
	Roles       []string // codes, sorted
	Groups      []string // keys, sorted
	Permissions []string // codes, sorted
	// Session is the log-in whose access token it is; zero where the caller came in another way.
	Session engine.ID
	// Token is how the API token begins that the caller came with, or "".
	Token string
	// MustChange says that the caller may do nothing before he has changed his password.
	MustChange bool

	identities []string
}

// Can reports whether the principal has permission. Public is everybody's, Authenticated everybody's
// who has a name, Internal nobody's: an internal route asks for a signature, not for a user.
func (p Principal) Can(permission Permission) bool {
	switch permission {
	case Public:
		return true
	case Authenticated:
		return p.Username != ""
	case Internal:
		return false
	}
	_, found := slices.BinarySearch(p.Permissions, string(permission))
	return found || p.IsSuper()
}

// IsSuper reports whether the principal is an administrator who may do everything.
// With an API token it is what the token says, whoever has it.
func (p Principal) IsSuper() bool { return p.Token == "" && slices.Contains(p.Roles, SuperAdmin) }

// SeesAll reports whether the principal may read every instance and task, not only its own.
func (p Principal) SeesAll() bool { return p.Can(WorkflowOperate) || p.Can(WorkflowAudit) }

// Identities returns the group keys and the role codes: what candidateGroups of a model is matched
// against.
func (p Principal) Identities() []string {
	if p.identities == nil {
		return identities(p.Groups, p.Roles)
	}
	return p.identities
}

// covers reports whether the principal has every one of permissions: nobody grants what he has not.
func (p Principal) covers(permissions []string) bool {
	for _, code := range permissions {
		if !p.Can(Permission(code)) {
			return false
		}
	}
	return true
}
