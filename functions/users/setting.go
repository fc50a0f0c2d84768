package users

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/store"
)

// settingRoutes are what an administrator sets while the product runs, and the trail of what was done.
func settingRoutes() []faas.Route {
	return []faas.Route{
		{
			Method: http.MethodGet, Pattern: "/api/v1/settings", Permission: access.SysSetting,
			Summary: "List the settings.", Answer: access.Settings{}, Serve: listSettings,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/settings/{key}", Permission: access.SysSetting,
			Summary: "Read a setting.", Answer: access.Setting{}, Versioned: true, Serve: readSetting,
		},
		{
			Method: http.MethodPut, Pattern: "/api/v1/settings/{key}", Permission: access.SysSetting,
			Summary: "Change a setting everywhere within two seconds; null takes the value away.", Body: access.SettingChange{}, Answer: access.Setting{},
			Versioned: true, Guarded: true, Serve: changeSetting,
		},
		{
			Method: http.MethodGet, Pattern: "/api/v1/audit", Permission: access.SysAudit,
			Summary: "List what was administered, the newest first.", List: store.AuditList, Answer: page.Page[access.AuditEntry]{}, Serve: listAudit,
		},
	}
}

func listSettings(ctx context.Context, r *faas.Request) (any, error) {
	return r.App.Access.ListSettings(ctx)
}

func readSetting(ctx context.Context, r *faas.Request) (any, error) {
	s, err := r.App.Access.Setting(ctx, r.PathValue("key"))
	return faas.Tagged(0, s.Version, s, err)
}

func changeSetting(ctx context.Context, r *faas.Request) (any, error) {
	version, err := r.Match()
	if err != nil {
		return nil, err
	}
	var body access.SettingChange
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	body.From = cmp.Or(faas.Address(r.HTTP()), "unknown")
	s, err := r.App.Access.ChangeSetting(ctx, r.Principal, r.PathValue("key"), body, version)
	return faas.Tagged(0, s.Version, s, err)
}

func listAudit(ctx context.Context, r *faas.Request) (any, error) {
	list, err := r.List()
	if err != nil {
		return nil, err
	}
	q := list.Filters
	f := store.AuditFilter{Actor: q.Get("actor"), Action: q.Get("action"), ObjectType: q.Get("objectType"), ObjectID: q.Get("objectId"), Decision: q.Get("decision")}
	f.From, _ = time.Parse(time.RFC3339, q.Get("from")) // the list asks for times
	f.To, _ = time.Parse(time.RFC3339, q.Get("to"))
	return r.App.Access.AuditTrail(ctx, list, f)
}
