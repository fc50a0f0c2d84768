package definitions

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/store"
)

// A definition is listed under the category of the design with its key, as that is now.
func TestDefinitionsHaveTheCategoryOfTheirDesign(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(faastest.Leave)
	d.Deploy(strings.ReplaceAll(faastest.Leave, `"leave"`, `"other"`))
	now := time.Now().UTC().Truncate(time.Millisecond)
	c := store.Category{ID: engine.ID{7}, Code: "people", Name: "人事", Version: 1, CreatedAt: now, UpdatedAt: now}
	if err := d.App.Store.CreateCategory(t.Context(), c, nil, store.Recorded{}); err != nil {
		t.Fatal(err)
	}
	x := store.Design{
		ID: engine.ID{8}, Kind: store.DesignBPMN, Key: "leave", Name: "请假", CategoryID: c.ID, Content: faastest.Leave, Version: 1,
		CreatedBy: "zhouming", CreatedAt: now, UpdatedBy: "zhouming", UpdatedAt: now,
	}
	if err := d.App.Store.CreateDesign(t.Context(), x, "", nil, store.Recorded{}); err != nil {
		t.Fatal(err)
	}
	const path = "/api/v1/definitions?startable=true&"
	zhangwei, in := d.As("zhangwei"), fmt.Sprintf(`{"key": "leave", "categoryId": %q}`, c.ID)
	without := func(t *testing.T, a faastest.Answer) {
		t.Helper()
		if strings.Contains(string(a.Body), "categoryId") {
			t.Errorf("%s", a.Body)
		}
	}
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "with one", Method: "GET", Path: path + "key=leave", Header: zhangwei, Status: 200, JSON: `{"items": [` + in + `]}`},
		{Name: "without one", Method: "GET", Path: path + "key=other", Header: zhangwei, Status: 200, JSON: `{"items": [{"key": "other"}]}`, Check: without},
		{Name: "of one", Method: "GET", Path: path + "count=true&categoryId=" + c.ID.String(), Header: zhangwei, Status: 200, JSON: `{"items": [` + in + `], "total": 1}`},
		{Name: "of another", Method: "GET", Path: path + "categoryId=" + engine.ID{9}.String(), Header: zhangwei, Status: 200, JSON: `{"items": []}`},
		{Name: "of no id", Method: "GET", Path: path + "categoryId=people", Header: zhangwei, Status: 400, Code: "bad_filter"},
	})
}
