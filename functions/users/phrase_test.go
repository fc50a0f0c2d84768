package users

import (
	"encoding/json"
	"fmt"
	"testing"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
)

// Everybody has phrases of his own, in his order, that go with his account.
func TestPhrases(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const path = "/api/v1/me/phrases"
	lina := b.as(t, "lina")
	put := func(name, body, pointer, code string) faastest.Call {
		return faastest.Call{Name: name, Method: "PUT", Path: path, Header: lina, Body: body, Status: 422, Code: "invalid_fields", JSON: fmt.Sprintf(`{"errors": [{"pointer": %q, "code": %q}]}`, pointer, code)}
	}
	list := func(n, length int) string {
		texts := make([]string, n)
		for i := range texts {
			texts[i] = fmt.Sprintf("%0*d", length, i)
		}
		raw, _ := json.Marshal(map[string]any{"items": texts})
		return string(raw)
	}
	stale := map[string]string{"Authorization": lina["Authorization"], "If-Match": `"99"`}
	b.suite.Run(t, []faastest.Call{
		{Name: "none yet", Method: "GET", Path: path, Header: b.as(t, "sunqi"), Status: 200, JSON: `{"items": [], "version": 1}`},
		{Name: "write", Method: "PUT", Path: path, Header: lina, Body: `{"items": ["同意", " 请补充材料 "]}`, Status: 200, JSON: `{"items": ["同意", "请补充材料"]}`},
		{Name: "read", Method: "GET", Path: path, Header: lina, Status: 200, JSON: `{"items": ["同意", "请补充材料"]}`},
		{Name: "another's", Method: "GET", Path: path, Header: b.as(t, "sunqi"), Status: 200, JSON: `{"items": []}`},
		{Name: "stale", Method: "PUT", Path: path, Header: stale, Body: `{"items": []}`, Status: 412, Code: "stale"},
		{Name: "as many as there may be", Method: "PUT", Path: path, Header: lina, Body: list(50, 200), Status: 200},
		put("too many", list(51, 2), "/items", "too_many"), put("too long", list(1, 201), "/items/0", "too_long"),
		put("twice", `{"items": ["a", "a "]}`, "/items/1", "repeated"), put("empty", `{"items": ["  "]}`, "/items/0", "required"),
		put("control characters", `{"items": ["a\u0007b"]}`, "/items/0", "bad_text"), put("nothing", `{}`, "/items", "required"),
		{Name: "nobody", Method: "GET", Path: path, Status: 401},
	})
	call := faastest.Call{}
	call.Path = "{made}"
	b.fresh(t, &call)
	id, err := engine.ParseID(call.Path)
	if err != nil {
		t.Fatal(err)
	}
	who := b.demo.Call("made1").Principal
	if _, err := b.app.Access.WritePhrases(t.Context(), who, access.WrittenPhrases{Items: []string{"x"}}, 0); err != nil {
		t.Fatal(err)
	}
	if err := b.app.Access.DeleteUser(t.Context(), b.admin, id); err != nil {
		t.Fatal(err)
	}
	if p, err := b.app.Access.Phrases(t.Context(), who); err != nil || len(p.Items) > 0 {
		t.Errorf("the phrases of a deleted account: %v %v", p, err)
	}
}
