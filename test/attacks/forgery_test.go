package attacks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"diom.io/workflow/shared/egress"
	"diom.io/workflow/test/producttest"
)

// inward are hosts that lead to this machine, its neighbours or a cloud's metadata, however they are spelt.
var inward = []string{
	"127.0.0.1", "127.1", "127.255.255.254", "0", "0.0.0.0", "2130706433", "0x7f000001", "0x7f.1", "017700000001", "0177.0.0.1", "localhost", "LOCALHOST.", "localhost.localdomain",
	"[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[::ffff:0:127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::7f00:1]",
	"[2002:7f00:1::]", "[2001::1]", "[fe80::1]", "[fe80::1%25lo]", "[fc00::1]", "[fd00:ec2::254]", "[fec0::1]", "[ff02::1]", "169.254.169.254", "[::ffff:a9fe:a9fe]",
	"2852039166", "0xa9fea9fe", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1", "192.0.0.192", "198.18.0.1", "224.0.0.1", "255.255.255.255", "①②⑦.⓪.⓪.①",
}

// outcome is how a client that others lead ends: 403 where a guard has seen it, 404 for a name that there is not, 200
// where it went where it was led, whoever answered there.
func outcome(c *http.Client, address string) (status int, reason string) {
	patience := 5 * time.Second
	if c.CheckRedirect == nil { // the twin: it need not wait for networks that there are not
		patience = 200 * time.Millisecond
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return http.StatusBadRequest, err.Error()
	}
	response, err := c.Do(request)
	switch {
	case err == nil:
		_ = response.Body.Close()
		return http.StatusOK, ""
	case errors.Is(err, egress.ErrForbidden) || errors.Is(err, egress.ErrURL):
		return http.StatusForbidden, ""
	case strings.Contains(err.Error(), "lookup ") || strings.Contains(err.Error(), "invalid URL") || strings.Contains(err.Error(), "idna") || strings.Contains(err.Error(), "unsupported protocol"):
		return http.StatusNotFound, err.Error()
	}
	return http.StatusOK, err.Error()
}

// requestForgery leads the product's own client, which connectors, pushes and webhooks share, to where it must not go.
// The twin is a client without the guard.
var requestForgery = class{"request-forgery", func(*rig) []attack {
	var all []attack
	led := func(name, address string) {
		all = append(all, attack{name, func(t *target) string {
			client := &http.Client{}
			if t.url == t.process.URL {
				guard, err := egress.New(nil)
				if err != nil {
					return err.Error()
				}
				client = guard.Client(true)
			}
			if status, reason := outcome(client, address); status == http.StatusOK {
				return "it connects: " + reason
			}
			return ""
		}})
	}
	for _, host := range inward {
		led(host, "http://"+host+":80/")
	}
	for _, address := range []string{"gopher://127.0.0.1:6379/_FLUSHALL", "file:///etc/passwd", "dict://127.0.0.1:11211/", "ftp://127.0.0.1/", "http://127.0.0.1:6379/", "http://127.0.0.1:22/", "http://user@127.0.0.1/", "http://127.0.0.1:80#@example.com/"} {
		led(address, address)
	}
	return append(all, rebinding()...)
}, func(*rig) string { return "http://127.0.0.1:1" }}

// rebinding leads by a redirect from where the client may go to where it may not.
func rebinding() []attack {
	var all []attack
	for _, status := range []int{301, 302, 303, 307, 308} {
		all = append(all, attack{fmt.Sprintf("redirect %d", status), func(t *target) string {
			var reached atomic.Bool
			inner := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Store(true) }))
			defer inner.Close()
			outer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
				http.Redirect(w, q, strings.Replace(inner.URL, "127.0.0.1", "127.0.0.2", 1), status)
			}))
			defer outer.Close()
			client := &http.Client{}
			if t.url == t.process.URL {
				guard, err := egress.New([]string{"127.0.0.1/32"}) // the first host is allowed, the second is not
				if err != nil {
					return err.Error()
				}
				client = guard.Client(true)
			}
			if status, reason := outcome(client, outer.URL); status == http.StatusOK || reached.Load() {
				return "it follows: " + reason
			}
			return ""
		}})
	}
	return all
}

// forgedTargets gives the product addresses to send to, and looks whether it does.
var forgedTargets = class{"forged-targets", func(*rig) []attack {
	var all []attack
	for i, host := range inward {
		all = append(all, attack{"webhook " + host, func(t *target) string {
			name := fmt.Sprintf("forged%d", i)
			hook := object{"name": name, "kind": "webhook", "url": "http://" + host + ":80/", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "types": []string{}}
			answer, err := t.send("admin", "POST", "/api/v1/channels", hook)
			if err != nil || exposed(answer) != "" {
				return fmt.Sprint(err, exposed(answer))
			}
			if answer.Status >= http.StatusBadRequest {
				return ""
			}
			id := at(answer, "id")
			tried, err := t.send("admin", "POST", "/api/v1/channels/"+id+"/test", object{})
			if _, e := t.send("admin", "DELETE", "/api/v1/channels/"+id, nil); err != nil || e != nil {
				return fmt.Sprint(err, e)
			}
			if reason := at(tried, "reason"); !strings.Contains(reason, "internal") && !strings.Contains(reason, "lookup") && tried.Status < http.StatusBadRequest {
				return fmt.Sprintf("it was sent: %d %s", tried.Status, tried.Body)
			}
			return ""
		}})
	}
	return all
}, answering(http.StatusOK, `{"id":"1","delivered":true,"status":200}`)}

// crossSiteRequests are those that another site's page makes with the browser's cookie.
var crossSiteRequests = class{"csrf", func(*rig) []attack {
	var all []attack
	for _, path := range []string{"/auth/refresh", "/auth/logout"} {
		for _, headers := range [][]string{
			{}, {"Origin", "https://evil.example"}, {"Origin", "null"}, {"Origin", "https://evil.example", "X-Requested-With", "x"}, {"Origin", "null", "X-Requested-With", "x"},
			{"Origin", "http://127.0.0.1.evil.example", "X-Requested-With", "x"}, {"Origin", "http://127.0.0.1:1", "X-Requested-With", "x"}, {"Origin", "//evil.example", "X-Requested-With", "x"},
			{"Origin", "https://evil.example", "X-Requested-With", "x", "X-Forwarded-Host", "evil.example"}, {"Referer", "https://evil.example/"},
			{"Origin", "https://evil.example", "Content-Type", "text/plain"}, {"Sec-Fetch-Site", "cross-site"},
		} {
			all = append(all, attack{fmt.Sprint(path, " ", headers), func(t *target) string {
				_, cookie := t.logIn()
				answer, err := t.send("", "POST", path, nil, append([]string{"Cookie", cookie}, headers...)...)
				if err != nil {
					return err.Error()
				}
				return refused(http.StatusForbidden)(answer)
			}})
		}
	}
	return all
}, answering(http.StatusOK, "{}")}

// logIn logs prey in and returns the answer and the refresh cookie. A twin's cookie is nobody's.
func (t *target) logIn() (producttest.Answer, string) {
	t.Helper()
	answer := t.must("", "POST", "/auth/login", object{"username": "prey", "password": demoPassword})
	cookie, _, _ := strings.Cut(answer.Header.Get("Set-Cookie"), ";")
	return answer, cookie
}

// age lets the moment pass in which two tabs may both exchange one token.
func (t *target) age() {
	t.Helper()
	if _, err := t.judge.SQL.ExecContext(t.Context(), "UPDATE sys_session SET rotated_at = rotated_at - INTERVAL 1 MINUTE WHERE rotated_at IS NOT NULL"); err != nil {
		t.Fatal(err)
	}
}

// sessionAttacks use refresh tokens twice, after the log-out, or bring them along.
var sessionAttacks = class{"sessions", func(*rig) []attack {
	refresh := func(t *target, cookie string) producttest.Answer {
		answer, err := t.send("", "POST", "/auth/refresh", nil, "Cookie", cookie, "X-Requested-With", "x")
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	next := func(a producttest.Answer) string {
		text, _, _ := strings.Cut(a.Header.Get("Set-Cookie"), ";")
		return text
	}
	unauthorized := refused(http.StatusUnauthorized)
	all := []attack{
		{"a refresh token again", func(t *target) string { _, c := t.logIn(); refresh(t, c); t.age(); return unauthorized(refresh(t, c)) }},
		{"the family of one that was stolen", func(t *target) string {
			_, stolen := t.logIn()
			fresh := next(refresh(t, stolen))
			t.age()
			refresh(t, stolen)
			return unauthorized(refresh(t, fresh))
		}},
		{"after the log-out", func(t *target) string {
			_, c := t.logIn()
			t.must("", "POST", "/auth/logout", nil, "Cookie", c, "X-Requested-With", "x")
			return unauthorized(refresh(t, c))
		}},
		{"the access token after all log-ins are ended", func(t *target) string {
			a, _ := t.logIn()
			t.must(at(a, "accessToken"), "POST", "/api/v1/sessions:revoke-all", object{"keepCurrent": false})
			answer, err := t.send(at(a, "accessToken"), "GET", "/auth/userinfo", nil)
			if err != nil {
				return err.Error()
			}
			return unauthorized(answer)
		}},
		{"fixation", func(t *target) string {
			answer := t.must("", "POST", "/auth/login", object{"username": "prey", "password": demoPassword}, "Cookie", "diom_refresh=fixed")
			if strings.Contains(next(answer), "=fixed") || next(answer) == "" {
				return "the log-in keeps the token of the attacker"
			}
			return ""
		}},
		{"the cookie's attributes", func(t *target) string {
			a, _ := t.logIn()
			for _, want := range []string{"HttpOnly", "SameSite=Strict", "Path=/auth"} {
				if !strings.Contains(a.Header.Get("Set-Cookie"), want) {
					return "no " + want
				}
			}
			return ""
		}},
	}
	for _, made := range []string{"", "x", "null", strings.Repeat("A", 43), strings.Repeat("A", 5000), "' OR 1=1 -- ", "../../etc", "%00", "{}"} {
		all = append(all, attack{fmt.Sprintf("a token of his own: %.20s", made), func(t *target) string {
			return refused(http.StatusUnauthorized, http.StatusRequestHeaderFieldsTooLarge)(refresh(t, "diom_refresh="+url.QueryEscape(made)))
		}})
	}
	return all
}, answering(http.StatusOK, `{"accessToken":"x"}`, "Set-Cookie", "diom_refresh=fixed")}
