package faults_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/test/producttest"
)

// TestCrashOfSessions interrupts log-in and refresh at every request. Whatever happens, the repeat is
// answered: with a session, or with the demand to log in again where a token was used up; and what was
// handed out works.
func TestCrashOfSessions(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	login := request{path: "/api/v1/auth/login", status: http.StatusOK, body: map[string]string{"username": "lina", "password": access.DemoPassword}}
	points := map[string]int{}
	for _, how := range append(kills, disturbances...) {
		for n := 1; n <= size(7, 40); n++ {
			if !f.session("log-in", n, how, login) {
				break
			}
			points["log-in"]++
		}
		for n := 1; n <= size(7, 40); n++ {
			refresh := request{path: "/auth/refresh", status: http.StatusOK, cookie: f.logIn(login)}
			if !f.session("refresh", n, how, refresh) {
				break
			}
			points["refresh"]++
		}
	}
	conclude(t, conclusion{
		command: "crash", runs: points["log-in"] + points["refresh"], faults: []injected{{"log-ins", points["log-in"], 20}, {"refreshes", points["refresh"], 20}},
	})
}

// logIn returns the cookie of a new session.
func (f *fixture) logIn(login request) string {
	f.t.Helper()
	return cookieOf(f.must(login))
}

func cookieOf(a producttest.Answer) string {
	cookie, _, _ := strings.Cut(a.Header.Get("Set-Cookie"), ";")
	return cookie
}

// session interrupts a call at its n-th request and judges what it and its repeat were told; false when it
// makes fewer requests.
func (f *fixture) session(what string, n int, how interruption, r request) bool {
	f.t.Helper()
	time.Sleep(linger)
	x := f.interrupt(r, how, func(spring func()) { f.trap.Arm(n, how.fate, spring) })
	if x.sprung == "" {
		return false
	}
	if !how.kill && strings.HasPrefix(x.sprung, "*") {
		time.Sleep(aversion)
	}
	if x.second.err == nil && x.second.Status == http.StatusServiceUnavailable { // the dead process still holds the row
		x.second = f.insistOnce(r)
	}
	usedUp := x.second.err == nil && x.second.Status == http.StatusUnauthorized && r.cookie != ""
	if w := r.decently(x.first.Answer, x.first.err); w != "" {
		f.t.Errorf("%s %d, %s at %s: first: %s", what, n, how.name, x.sprung, w)
	}
	if !usedUp && !r.acknowledged(x.second.Answer, x.second.err) {
		f.t.Errorf("%s %d, %s: repeat: %v %d %.300s\n%s", what, n, how.name, x.second.err, x.second.Status, x.second.Body, f.process.Log())
		return true
	}
	var session struct {
		AccessToken string `json:"accessToken"`
	}
	if !usedUp {
		if err := json.Unmarshal(x.second.Body, &session); err != nil {
			f.t.Fatal(err)
		}
		a, err := f.client.With(session.AccessToken).Send(http.MethodGet, "/api/v1/tasks?limit=1", nil)
		if err != nil || a.Status != http.StatusOK {
			f.t.Errorf("%s %d, %s: the token is worth nothing: %v %d %.300s", what, n, how.name, err, a.Status, a.Body)
		}
	}
	return true
}
