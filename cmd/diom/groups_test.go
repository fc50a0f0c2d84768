package main

import (
	"net/http/httptest"
	"slices"
	"testing"

	"diom.io/workflow/shared/faas/faastest"
)

// A group serves each of its functions below its name, and no other.
func TestGroupsServe(t *testing.T) {
	t.Parallel()
	h, err := handler(faastest.OpenDemo(t, false).App, selected("web"))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{
		"/function/tasks/api/v1/tasks": 401, "/function/definitions/api/v1/definitions": 401, "/function/tasks/api/v1/definitions": 404,
		"/function/login/auth/login": 404, "/api/v1/tasks": 404, "/function/tasks": 307, "/": 404,
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", path, nil))
		if w.Code != want {
			t.Errorf("%s: %d, not %d", path, w.Code, want)
		}
	}
}

// Every function but the gateway is in one group, and in one only; no group has the name of a function.
func TestGroups(t *testing.T) {
	t.Parallel()
	var all []string
	for name, members := range groups {
		if slices.Contains(names(), name) {
			t.Errorf("%s is a function, too", name)
		}
		if got := selected(name); len(got) != len(members) {
			t.Errorf("%s: %d of %d functions are there", name, len(got), len(members))
		}
		all = append(all, members...)
	}
	all = append(all, gatewayName)
	slices.Sort(all)
	if want := slices.Sorted(slices.Values(names())); !slices.Equal(all, want) {
		t.Errorf("the groups have %q, the functions are %q", all, want)
	}
	if len(selected("nobody")) != 0 || len(selected("tick")) != 1 || len(selected(everything)) != len(functions) {
		t.Error("a name means something else")
	}
}
