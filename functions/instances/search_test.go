package instances

import (
	"bytes"
	"database/sql"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/setting"
)

// A search and its file show what the list shows, and nobody else's.
func TestSearch(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(strings.Replace(faastest.Leave, `<process id="leave"`, `<process id="leave" xmlns:diom="https://diom.io/schema/bpmn/1.0" diom:searchVariables="days"`, 1))
	one, _ := d.Start(engine.Variables{"days": int64(3), "reason": "x"})
	two, _ := d.Start(engine.Variables{"days": int64(10)})
	zhangwei, lina, wuqiang := d.As("zhangwei"), d.As("lina"), d.As("wuqiang")
	const search, export = "/api/v1/instances:search", "/api/v1/instances:export"
	const three = `{"condition": {"variable": "days", "value": 3}}`
	rows := func(want ...string) func(*testing.T, faastest.Answer) {
		return func(t *testing.T, a faastest.Answer) {
			t.Helper()
			list, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(a.Body, []byte("\ufeff")))).ReadAll()
			var got []string
			for _, row := range list {
				got = append(got, strings.Join(row, " "))
			}
			if err != nil || fmt.Sprint(got) != fmt.Sprint(want) || a.Header.Get("Content-Type") != "text/csv" || a.Header.Get("Content-Disposition") != `attachment; filename="instances.csv"` {
				t.Errorf("%v: %q, want %q; %v", err, got, want, a.Header)
			}
		}
	}
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "one's own", Method: "POST", Path: search, Header: zhangwei, Body: three, Status: 200, JSON: fmt.Sprintf(`{"items": [{"id": %q}]}`, one)},
		{Name: "others'", Method: "POST", Path: search, Header: lina, Body: three, Status: 200, JSON: `{"items": []}`},
		{Name: "of everybody", Method: "POST", Path: search, Header: wuqiang, Body: three, Status: 200, JSON: fmt.Sprintf(`{"items": [{"id": %q}]}`, one)},
		{Name: "too wide", Method: "POST", Path: search, Header: wuqiang, Body: `{"condition": {"field": "startedAt", "operator": "gt", "value": "2020-01-01T00:00:00Z"}}`, Status: 422, Code: "search_too_wide"},
		{Name: "what is not named", Method: "POST", Path: search, Header: zhangwei, Body: `{"condition": {"variable": "reason", "value": "x"}}`, Status: 200, JSON: `{"items": []}`},
		{Name: "file", Method: "POST", Path: export, Header: zhangwei, Body: `{"format": "csv", "columns": ["id", "state"], "condition": {"variable": "days", "operator": "ge", "value": 3}}`, Status: 200,
			Check: rows("Id State", two.String()+" active", one.String()+" active")},
		{Name: "file of another", Method: "POST", Path: export, Header: lina, Body: `{"format": "csv", "columns": ["id"]}`, Status: 200, Check: rows("Id")},
		{Name: "no format", Method: "POST", Path: export, Header: lina, Body: `{}`, Status: 422, Code: "bad_search", JSON: `{"errors": [{"pointer": "/format"}]}`},
		{Name: "no column", Method: "POST", Path: export, Header: lina, Body: `{"format": "xlsx", "columns": ["color"]}`, Status: 422, Code: "bad_search", JSON: `{"errors": [{"pointer": "/columns"}]}`},
	})
	set := func(value string) {
		if err := d.App.DB.InTx(t.Context(), func(tx *sql.Tx) error {
			_, err := tx.ExecContext(t.Context(), `INSERT INTO workflow_setting (setting_key, value, version, updated_by, updated_at) VALUES ('export.max_rows', ?, 1, 'admin', '2026-01-01')`, value)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		for start := time.Now(); d.App.Access.Settings.Now(t.Context()).Int(setting.ExportRows) != 1 && time.Since(start) < 5*time.Second; time.Sleep(20 * time.Millisecond) {
			d.App.Access.Settings.Renew(t.Context())
		}
	}
	set("1")
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "at most", Method: "POST", Path: export, Header: zhangwei, Body: `{"format": "csv", "columns": ["id"]}`, Status: 200, Check: rows("Id", two.String())},
	})
}
