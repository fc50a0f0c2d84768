package designs

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"diom.io/workflow/shared/design"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/store"
)

// studio is the function with the demo people; zhouming is a designer, zhangwei and lina are not.
type studio struct {
	*faastest.Demo
	t        *testing.T
	suite    faastest.Suite
	designer map[string]string
	starter  map[string]string
	n        int
}

func open(t *testing.T) *studio {
	t.Helper()
	d := faastest.OpenDemo(t, true)
	return &studio{
		Demo: d, t: t, suite: faastest.Suite{App: d.App, Function: Function, Handle: Handle},
		designer: d.As("zhouming"), starter: d.As("zhangwei"),
	}
}

// leave is the demo model under another key.
func leave(key string) string {
	return strings.Replace(faastest.Leave, `id="leave"`, `id="`+key+`"`, 1)
}

// design makes one of a process.
func (s *studio) design(key, content string) store.Design {
	s.t.Helper()
	d, err := s.App.Design.Create(s.t.Context(), s.Call("zhouming"), design.NewDesign{Kind: store.DesignBPMN, Key: key, Name: key, Content: content})
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

// save gives a design a content.
func (s *studio) save(d store.Design, content string) store.Design {
	s.t.Helper()
	d, err := s.App.Design.Update(s.t.Context(), s.Call("zhouming"), d.ID, design.Change{Content: &content}, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

// fresh makes a design for a call, whose path, body and key may say {made} and {n}.
func (s *studio) fresh(_ *testing.T, c *faastest.Call) {
	s.n++
	key := fmt.Sprintf("fresh%d", s.n)
	c.Path = strings.ReplaceAll(c.Path, "{made}", s.design(key, leave(key)).ID.String())
	s.number(nil, c)
}

func (s *studio) number(_ *testing.T, c *faastest.Call) {
	s.n++
	c.Body = strings.ReplaceAll(c.Body, "{n}", fmt.Sprint(s.n))
}

func matching(header map[string]string, tag string) map[string]string {
	header = maps.Clone(header)
	header["If-Match"] = tag
	return header
}

const designs = "/api/v1/designs"

func TestDesigns(t *testing.T) {
	t.Parallel()
	s := open(t)
	none := designs + "/" + engine.ID{1}.String()
	bad := func(name, body, pointer, code string) faastest.Call {
		return faastest.Call{Name: name, Method: "POST", Path: designs, Header: s.designer, Body: body, Status: 422, Code: "bad_design",
			JSON: fmt.Sprintf(`{"errors": [{"pointer": %q, "code": %q}]}`, pointer, code)}
	}
	s.suite.Run(t, []faastest.Call{
		{Name: "create", Method: "POST", Path: designs, Header: s.designer, Prepare: s.number, Body: `{"kind": "bpmn", "key": "k{n}", "name": "请假", "comment": "first"}`, Status: 201,
			JSON: `{"kind": "bpmn", "name": "请假", "state": "draft", "version": 1, "createdBy": "zhouming"}`,
			Check: func(t *testing.T, a faastest.Answer) {
				if a.Header.Get("Etag") != `"1"` {
					t.Errorf("%v", a.Header)
				}
			}},
		{Name: "list", Method: "GET", Path: designs + "?kind=bpmn&state=draft&limit=1", Header: s.designer, Status: 200, JSON: `{"items": [{"kind": "bpmn"}]}`},
		{Name: "list of a starter", Method: "GET", Path: designs, Header: s.starter, Status: 403, Code: "forbidden"},
		bad("kind", `{"kind": "x", "key": "a", "name": "a"}`, "/kind", "bad_kind"),
		bad("key", `{"kind": "dmn", "key": "a b", "name": "a"}`, "/key", "bad_key"),
		bad("name", `{"kind": "dmn", "key": "a", "name": " "}`, "/name", "required"),
		bad("category", `{"kind": "dmn", "key": "a", "name": "a", "categoryId": "x"}`, "/categoryId", "unknown_category"),
		bad("content", `{"kind": "dmn", "key": "a", "name": "a", "content": "\u0000"}`, "/content", "bad_text"),
		{Name: "unknown category", Method: "POST", Path: designs, Header: s.designer, Body: `{"kind": "dmn", "key": "a", "name": "a", "categoryId": "` + engine.ID{1}.String() + `"}`, Status: 422, Code: "unknown_category"},
		{Name: "read", Method: "GET", Path: designs + "/{made}", Header: s.designer, Prepare: s.fresh, Status: 200, JSON: `{"version": 1}`},
		{Name: "read unknown", Method: "GET", Path: none, Header: s.designer, Status: 404, Code: "design_not_found"},
		{Name: "save", Method: "PUT", Path: designs + "/{made}", Header: matching(s.designer, `"1"`), Prepare: s.fresh, Body: `{"content": "<a/>", "description": "x"}`, Status: 200, JSON: `{"version": 2, "content": "<a/>", "updatedBy": "zhouming"}`},
		{Name: "save unguarded", Method: "PUT", Path: designs + "/{made}", Header: s.designer, Prepare: s.fresh, Body: `{"content": ""}`, Status: 428, Code: "if_match_required"},
		{Name: "save stale", Method: "PUT", Path: designs + "/{made}", Header: matching(s.designer, `"9"`), Prepare: s.fresh, Body: `{"content": ""}`, Status: 412, Code: "stale"},
		{Name: "retire", Method: "PUT", Path: designs + "/{made}", Header: matching(s.designer, "*"), Prepare: s.fresh, Body: `{"deprecated": true}`, Status: 200, JSON: `{"state": "deprecated"}`},
		{Name: "save badly", Method: "PUT", Path: designs + "/{made}", Header: matching(s.designer, "*"), Prepare: s.fresh, Body: `{"name": ""}`, Status: 422, Code: "bad_design"},
		{Name: "delete", Method: "DELETE", Path: designs + "/{made}", Header: matching(s.designer, `"1"`), Prepare: s.fresh, Status: 204},
		{Name: "delete unguarded", Method: "DELETE", Path: designs + "/{made}", Header: s.designer, Prepare: s.fresh, Status: 428, Code: "if_match_required"},
		{Name: "delete stale", Method: "DELETE", Path: designs + "/{made}", Header: matching(s.designer, `"2"`), Prepare: s.fresh, Status: 412, Code: "stale"},
		{Name: "delete unknown", Method: "DELETE", Path: none, Header: matching(s.designer, `"1"`), Status: 404, Code: "design_not_found"},
		{Name: "versions", Method: "GET", Path: designs + "/{made}/versions", Header: s.designer, Prepare: s.fresh, Status: 200, JSON: `{"items": [{"version": 1, "action": "create", "savedBy": "zhouming"}]}`},
		{Name: "versions of nothing", Method: "GET", Path: none + "/versions", Header: s.designer, Status: 404, Code: "design_not_found"},
		{Name: "version", Method: "GET", Path: designs + "/{made}/versions/1", Header: s.designer, Prepare: s.fresh, Status: 200, JSON: `{"version": 1}`},
		{Name: "no version", Method: "GET", Path: designs + "/{made}/versions/7", Header: s.designer, Prepare: s.fresh, Status: 404, Code: "design_version_not_found"},
		{Name: "validate", Method: "POST", Path: designs + "/{made}/validate", Header: s.designer, Prepare: s.fresh, Body: `{}`, Status: 200, JSON: `{"warnings": []}`},
		{Name: "validate what is drawn", Method: "POST", Path: designs + "/{made}/validate", Header: s.designer, Prepare: s.fresh, Body: `{"content": "<a/>"}`, Status: 422, Code: "invalid_model"},
		{Name: "validate no text", Method: "POST", Path: designs + "/{made}/validate", Header: s.designer, Prepare: s.fresh, Body: `{"content": "\u0000"}`, Status: 422, Code: "bad_design"},
		{Name: "publish", Method: "POST", Path: designs + "/{made}/publish", Header: matching(s.designer, `"1"`), Prepare: s.fresh, Body: `{"comment": "go"}`, Status: 201, JSON: `{"definitions": [{"version": 1, "latest": true}], "design": {"version": 2}}`},
		{Name: "publish unguarded", Method: "POST", Path: designs + "/{made}/publish", Header: s.designer, Prepare: s.fresh, Body: `{}`, Status: 428, Code: "if_match_required"},
		{Name: "publish stale", Method: "POST", Path: designs + "/{made}/publish", Header: matching(s.designer, `"3"`), Prepare: s.fresh, Body: `{}`, Status: 412, Code: "stale"},
		{Name: "roll back to nothing", Method: "POST", Path: designs + "/{made}/rollback", Header: matching(s.designer, `"1"`), Prepare: s.fresh, Body: `{"version": 4}`, Status: 404, Code: "design_version_not_found"},
		{Name: "roll back", Method: "POST", Path: designs + "/{made}/rollback", Header: matching(s.designer, `"1"`), Prepare: s.fresh, Body: `{"version": 1}`, Status: 200, JSON: `{"version": 2}`},
		{Name: "diff", Method: "GET", Path: designs + "/{made}/diff?from=1&to=1", Header: s.designer, Prepare: s.fresh, Status: 200, JSON: `{"from": 1, "to": 1, "added": [], "removed": [], "changed": []}`},
		{Name: "shadow of nothing", Method: "POST", Path: designs + "/{made}/shadow-run", Header: s.designer, Prepare: s.fresh, Body: `{"instances": 5}`, Status: 200, JSON: `{"replayed": 0, "items": []}`},
		{Name: "too many shadows", Method: "POST", Path: designs + "/{made}/shadow-run", Header: s.designer, Prepare: s.fresh, Body: `{"instances": 101}`, Status: 422, Code: "bad_design"},
	})
}

// A model that cannot be deployed, or has nothing with the design's key, is refused by both.
func TestRefusedModels(t *testing.T) {
	t.Parallel()
	s := open(t)
	broken := s.design("broken", strings.Replace(leave("broken"), `targetRef="file"`, `targetRef="nowhere"`, 1)).ID.String()
	other := s.design("other", leave("else")).ID.String()
	form := func(key, content string) string {
		d, err := s.App.Design.Create(t.Context(), s.Call("zhouming"), design.NewDesign{Kind: store.DesignForm, Key: key, Name: key, Content: content})
		if err != nil {
			t.Fatal(err)
		}
		return d.ID.String()
	}
	var calls []faastest.Call
	for name, c := range map[string]struct{ id, code, rule string }{
		"flow to nowhere": {broken, "invalid_model", ""},
		"another key":     {other, "invalid_model", `{"errors": [{"code": "design_key"}]}`},
		"no form":         {form("a", "{"), "invalid_form", `{"errors": [{"code": "form_syntax"}]}`},
		"another form":    {form("b", `{"id": "x", "components": []}`), "invalid_form", `{"errors": [{"code": "design_key"}]}`},
		"key twice":       {form("c", `{"id": "c", "components": [{"id": "1", "key": "k", "type": "textfield"}, {"id": "2", "key": "k", "type": "textfield"}]}`), "invalid_form", `{"errors": [{"code": "form_key_twice"}]}`},
	} {
		for path, header := range map[string]map[string]string{"/validate": s.designer, "/publish": matching(s.designer, "*")} {
			calls = append(calls, faastest.Call{Name: name + path, Method: "POST", Path: designs + "/" + c.id + path, Header: header, Body: `{}`, Status: 422, Code: c.code, JSON: c.rule})
		}
	}
	s.suite.Run(t, calls)
	good := form("d", `{"id": "d", "components": [{"id": "1", "key": "k", "type": "textfield"}]}`)
	s.suite.Run(t, []faastest.Call{
		{Name: "form", Method: "POST", Path: designs + "/" + good + "/publish", Header: matching(s.designer, "*"), Body: `{}`, Status: 201, JSON: `{"definitions": [], "decisions": []}`},
		{Name: "shadow of a form", Method: "POST", Path: designs + "/" + good + "/shadow-run", Header: s.designer, Body: `{"instances": 1}`, Status: 409, Code: "design_not_a_process"},
	})
}

func TestCategories(t *testing.T) {
	t.Parallel()
	s := open(t)
	const path = "/api/v1/categories"
	fresh := func(t *testing.T, c *faastest.Call) {
		s.number(t, c)
		made, err := s.App.Design.CreateCategory(t.Context(), s.Call("zhouming"), design.NewCategory{Code: fmt.Sprintf("c%d", s.n), Name: "人事"})
		if err != nil {
			t.Fatal(err)
		}
		c.Path = strings.ReplaceAll(c.Path, "{made}", made.ID.String())
	}
	used := func(t *testing.T, c *faastest.Call) {
		fresh(t, c)
		id := c.Path[strings.LastIndex(c.Path, "/")+1:]
		if _, err := s.App.Design.Create(t.Context(), s.Call("zhouming"), design.NewDesign{Kind: "form", Key: id, Name: "x", CategoryID: id}); err != nil {
			t.Fatal(err)
		}
	}
	s.suite.Run(t, []faastest.Call{
		{Name: "create", Method: "POST", Path: path, Header: s.designer, Prepare: s.number, Body: `{"code": "a{n}", "name": "人事", "position": 2}`, Status: 201, JSON: `{"name": "人事", "position": 2, "version": 1}`},
		{Name: "bad code", Method: "POST", Path: path, Header: s.designer, Body: `{"code": "1", "name": "x"}`, Status: 422, Code: "bad_design"},
		{Name: "list", Method: "GET", Path: path + "?limit=1", Header: s.starter, Status: 200, JSON: `{"items": [{"name": "人事"}]}`},
		{Name: "create as a starter", Method: "POST", Path: path, Header: s.starter, Body: `{"code": "b", "name": "x"}`, Status: 403, Code: "forbidden"},
		{Name: "change", Method: "PUT", Path: path + "/{made}", Header: matching(s.designer, `"1"`), Prepare: fresh, Body: `{"name": "财务"}`, Status: 200, JSON: `{"name": "财务", "version": 2}`},
		{Name: "change unguarded", Method: "PUT", Path: path + "/{made}", Header: s.designer, Prepare: fresh, Body: `{}`, Status: 428},
		{Name: "change stale", Method: "PUT", Path: path + "/{made}", Header: matching(s.designer, `"5"`), Prepare: fresh, Body: `{}`, Status: 412},
		{Name: "delete", Method: "DELETE", Path: path + "/{made}", Header: matching(s.designer, `"1"`), Prepare: fresh, Status: 204},
		{Name: "delete used", Method: "DELETE", Path: path + "/{made}", Header: matching(s.designer, `"1"`), Prepare: used, Status: 409, Code: "category_in_use"},
		{Name: "read unknown", Method: "GET", Path: path + "/" + engine.ID{1}.String(), Header: s.starter, Status: 404, Code: "category_not_found"},
	})
}

// What a person keeps is nobody else's, but for a template that is made public; that stays its owner's.
func TestTemplatesAndDrafts(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.Deploy(faastest.Leave)
	other := s.As("lina")
	var id string
	keep := func(t *testing.T, a faastest.Answer) {
		var made struct{ ID string }
		if err := json.Unmarshal(a.Body, &made); err != nil {
			t.Fatal(err)
		}
		id = made.ID
	}
	use := func(_ *testing.T, c *faastest.Call) { c.Path = strings.ReplaceAll(c.Path, "{made}", id) }
	for _, kind := range []string{"template", "draft"} {
		path := "/api/v1/" + kind + "s"
		one := path + "/{made}"
		none := kind + "_not_found"
		s.suite.Run(t, []faastest.Call{
			{Name: "create", Method: "POST", Path: path, Header: s.starter, Body: `{"name": "年假", "processKey": "leave", "values": {"days": 3}}`, Status: 201, Check: keep, JSON: `{"outdated": false, "version": 1, "values": {"days": 3}}`},
			{Name: "unknown process", Method: "POST", Path: path, Header: s.starter, Body: `{"name": "x", "processKey": "nothing", "values": {}}`, Status: 404, Code: "definition_not_found"},
			{Name: "too large", Method: "POST", Path: path, Header: s.starter, Body: `{"name": "x", "processKey": "leave", "values": {"a": "` + strings.Repeat("x", 200<<10) + `", "b": "` + strings.Repeat("x", 200<<10) + `"}}`, Status: 413, Code: "values_too_large"},
			{Name: "list", Method: "GET", Path: path + "?processKey=leave&limit=1", Header: s.starter, Status: 200, JSON: `{"items": [{"name": "年假"}]}`},
			{Name: "list of another", Method: "GET", Path: path, Header: other, Status: 200, JSON: `{"items": []}`},
			{Name: "read", Method: "GET", Path: one, Header: s.starter, Prepare: use, Status: 200, JSON: `{"values": {"days": 3}}`},
			{Name: "read another's", Method: "GET", Path: one, Header: other, Prepare: use, Status: 404, Code: none},
			{Name: "administrator", Method: "GET", Path: one, Header: s.As("admin"), Prepare: use, Status: 404, Code: none},
			{Name: "change another's", Method: "PUT", Path: one, Header: matching(other, "*"), Prepare: use, Body: `{"name": "x"}`, Status: 404, Code: none},
			{Name: "delete another's", Method: "DELETE", Path: one, Header: matching(other, "*"), Prepare: use, Status: 404, Code: none},
			{Name: "change unguarded", Method: "PUT", Path: one, Header: s.starter, Prepare: use, Body: `{}`, Status: 428},
			{Name: "change stale", Method: "PUT", Path: one, Header: matching(s.starter, `"9999"`), Prepare: use, Body: `{}`, Status: 412},
			{Name: "change", Method: "PUT", Path: one, Header: matching(s.starter, "*"), Prepare: use, Body: `{"values": {"days": 3, "why": "x"}}`, Status: 200, JSON: `{"values": {"why": "x"}}`},
		})
		if kind == "template" {
			s.suite.Run(t, []faastest.Call{
				{Name: "make public", Method: "PUT", Path: one, Header: matching(s.starter, "*"), Prepare: use, Body: `{"public": true}`, Status: 200, JSON: `{"public": true}`},
				{Name: "list public", Method: "GET", Path: path + "?view=public", Header: other, Status: 200, JSON: `{"items": [{"owner": "zhangwei"}]}`},
				{Name: "use", Method: "POST", Path: one + "/use", Header: other, Prepare: use, Status: 200, JSON: `{"values": {"days": 3}}`},
				{Name: "change public", Method: "PUT", Path: one, Header: matching(other, "*"), Prepare: use, Body: `{"name": "x"}`, Status: 403, Code: "not_template_owner"},
				{Name: "delete public", Method: "DELETE", Path: one, Header: matching(other, "*"), Prepare: use, Status: 403, Code: "not_template_owner"},
			})
		}
		s.Deploy(faastest.Leave)
		s.suite.Run(t, []faastest.Call{{Name: "outdated", Method: "GET", Path: one, Header: s.starter, Prepare: use, Status: 200, JSON: `{"outdated": true}`}})
	}
}
