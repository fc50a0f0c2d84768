package faas

import (
	"context"
	"strings"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/setting"
)

const maintenancePause = 30 * time.Second

// ErrMaintenance: the product only reads at the moment (the setting maintenance.on).
var ErrMaintenance = fault.New(fault.Unavailable, "maintenance", "The product is being maintained and only reads for now. Nothing was changed; try again later.").Elsewhere().After(maintenancePause)

// maintained answers a route that changes something while the product only reads, with what the administrator
// tells people.
func (e *endpoint) maintained(ctx context.Context, route *Route) error {
	if e.app.Access == nil || !e.suspends(route) {
		return nil
	}
	now := e.app.Access.Settings.Now(ctx)
	if !now.Flag(setting.Maintenance) {
		return nil
	}
	if text := now.Text(setting.MaintenanceText); text != "" {
		return ErrMaintenance.Withf("%s", text)
	}
	return ErrMaintenance
}

// suspends reports whether a route waits while the product only reads. People log in and out, and settings can
// be changed, or nobody could end the maintenance; what functions tell one another ends what was begun before, and
// what a platform calls decides for itself.
func (e *endpoint) suspends(route *Route) bool {
	switch {
	case !route.changes(), route.Permission == access.Internal, e.function.Internal && route.Permission == access.Public:
		return false
	}
	for _, free := range []string{"/auth/", "/api/v1/auth/", "/api/v1/settings/", "/api/v1/sessions"} {
		if strings.HasPrefix(route.Pattern, free) {
			return false
		}
	}
	return true
}
