package definitions

import (
	"maps"
	"strings"
	"testing"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
)

func TestDefinitions(t *testing.T) {
	t.Parallel()
	d := faastest.OpenDemo(t, true)
	d.Deploy(faastest.Leave)
	latest, _, err := d.App.Store.LatestDefinition(t.Context(), "leave")
	if err != nil {
		t.Fatal(err)
	}
	zhouming, zhangwei := d.As("zhouming"), d.As("zhangwei")
	one, none := "/api/v1/definitions/"+latest.ID.String(), "/api/v1/definitions/"+engine.ID{1}.String()
	upload := func(who map[string]string, files ...string) (map[string]string, string) {
		body, contentType := faastest.Multipart(t, files...)
		header := maps.Clone(who)
		header["Content-Type"] = contentType
		return header, body
	}
	deploy := func(name string, status int, code, answer string, who map[string]string, files ...string) faastest.Call {
		header, body := upload(who, files...)
		return faastest.Call{Name: name, Method: "POST", Path: "/api/v1/deployments", Header: header, Body: body, Status: status, Code: code, JSON: answer}
	}
	for _, c := range [][2]string{{"hidden", `c:isStartableInTasklist="false"`}, {"managers", `c:candidateStarterUsers="zhouming"`}} {
		d.Deploy(strings.Replace(faastest.Leave, `id="leave"`, `id="`+c[0]+`" `+c[1], 1))
	}
	keys := func(want string) func(*testing.T, faastest.Answer) {
		return func(t *testing.T, a faastest.Answer) {
			got := ""
			for _, key := range []string{"leave", "hidden", "managers"} {
				if strings.Contains(string(a.Body), `"key":"`+key+`"`) {
					got += key + " "
				}
			}
			if got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
	}
	other := strings.ReplaceAll(faastest.Leave, `"leave"`, `"other"`)
	broken := strings.Replace(faastest.Leave, `targetRef="file"`, `targetRef="gone"`, 1)
	faastest.Suite{App: d.App, Function: Function, Handle: Handle}.Run(t, []faastest.Call{
		{Name: "list", Method: "GET", Path: "/api/v1/definitions?latest=true&key=leave&count=true", Header: zhangwei, Status: 200, JSON: `{"items": [{"key": "leave", "version": 1, "latest": true, "suspended": false}], "total": 1}`},
		{Name: "startable by an employee", Method: "GET", Path: "/api/v1/definitions?startable=true", Header: zhangwei, Status: 200, Check: keys("leave ")},
		{Name: "startable by a manager", Method: "GET", Path: "/api/v1/definitions?startable=true", Header: zhouming, Status: 200, Check: keys("leave managers ")},
		{Name: "get", Method: "GET", Path: one, Header: zhangwei, Status: 200, JSON: `{"key": "leave", "name": "请假", "deployedBy": "zhouming"}`},
		{Name: "xml", Method: "GET", Path: one + "/xml", Header: zhangwei, Status: 200, Check: func(t *testing.T, a faastest.Answer) {
			if string(a.Body) != faastest.Leave || a.Header.Get("Content-Type") != "application/xml" {
				t.Errorf("%s %s", a.Header.Get("Content-Type"), a.Body)
			}
		}},
		{Name: "diff", Method: "GET", Path: one + "/diff/" + latest.ID.String(), Header: zhangwei, Status: 200, JSON: `{"added": [], "removed": [], "changed": []}`},
		{Name: "diff with nothing", Method: "GET", Path: one + "/diff/" + engine.ID{1}.String(), Header: zhangwei, Status: 404, Code: "definition_not_found"},
		{Name: "unknown", Method: "GET", Path: none, Header: zhangwei, Status: 404, Code: "definition_not_found"},
		{Name: "suspend", Method: "POST", Path: one + "/suspend", Header: zhouming, Status: 200, JSON: `{"suspended": true}`},
		{Name: "resume", Method: "POST", Path: one + "/resume", Header: zhouming, Status: 200, JSON: `{"suspended": false}`},
		{Name: "suspend by an employee", Method: "POST", Path: one + "/suspend", Header: zhangwei, Status: 403},
		deploy("two files", 201, "", `{"definitions": [{"key": "leave"}, {"key": "other"}], "decisions": [], "forms": [], "warnings": []}`, zhouming, "leave.bpmn", faastest.Leave, "other.bpmn", other),
		deploy("by an employee", 403, "", "", zhangwei, "leave.bpmn", faastest.Leave),
		deploy("one of two broken", 422, "invalid_model", `{"errors": [{"element": "f2", "line": 4}]}`, zhouming, "leave.bpmn", faastest.Leave, "broken.bpmn", broken),
		deploy("one key twice", 422, "invalid_model", `{"errors": [{"rule": "duplicate_process_key", "element": "leave"}]}`, zhouming, "a.bpmn", faastest.Leave, "b.bpmn", faastest.Leave),
		deploy("one name twice", 422, "bad_resource_name", "", zhouming, "a.bpmn", faastest.Leave, "a.bpmn", other),
		deploy("not a model's name", 422, "bad_resource_name", "", zhouming, "a.exe", faastest.Leave),
		deploy("not XML", 400, "xml_not_well_formed", "", zhouming, "a.bpmn", "hello"),
		deploy("no file", 400, "no_resources", "", zhouming),
		{Name: "not multipart", Method: "POST", Path: "/api/v1/deployments", Header: zhouming, Body: "{}", Status: 400, Code: "bad_multipart"},
	})
}
