package attacks

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"
	"sync"
	"testing"

	"diom.io/workflow/test/producttest"
)

// sqlPayloads end a literal, or make a sleep, a union, a second statement or a syntax error of it.
var sqlPayloads = []string{
	"' OR '1'='1", "' OR 1=1 -- ", "\\' OR 1=1 -- ", "') OR ('1'='1", "x' UNION SELECT username FROM sys_user -- ", "'; DROP TABLE sys_user; -- ",
	"' AND SLEEP(0)='0", "' || (SELECT password FROM sys_user LIMIT 1) || '", "\" OR \"\"=\"", "'\x00", "%' OR '%'='", "１' OR '1'='1",
}

// freeText reports whether a parameter takes any text, which then must find nothing.
func freeText(p parameter) bool {
	return p.schema["type"] == "string" && p.schema["enum"] == nil && p.schema["format"] == nil && p.name != "cursor"
}

// sqlInjection puts SQL into every filter, sort and cursor of every list, into paths, and into bodies.
var sqlInjection = class{"sql", func(r *rig) []attack {
	var all []attack
	for _, o := range r.operations {
		if o.method != http.MethodGet || !o.bearer || strings.HasSuffix(o.path, "/stream") {
			continue
		}
		for _, p := range o.query() {
			if p.schema["type"] == "string" {
				all = append(all, sqlQueries(o, p)...)
			}
		}
		if strings.Contains(o.path, "{") {
			all = append(all, request(o.name()+" path", call{"admin", o.method, o.fill(url.PathEscape("x' OR '1'='1")), nil}, refused()))
		}
	}
	for _, payload := range sqlPayloads {
		all = append(all,
			request("log-in as "+payload, call{"", "POST", "/api/v1/auth/login", object{"username": payload, "password": payload}}, refused(401, 422, 429)),
			request("key "+payload, call{"zhangwei", "POST", "/api/v1/processes/" + url.PathEscape(payload) + "/start", object{}}, refused()),
		)
	}
	return all
}, sqlTwin}

// sqlQueries are the payloads in one parameter. A column to sort by, a cursor and an id are refused; a free text finds
// no row.
func sqlQueries(o operation, p parameter) []attack {
	var all []attack
	for i, payload := range sqlPayloads {
		if !freeText(p) && i >= 3 {
			break // these are refused by their form: three will do
		}
		judge := refused()
		if freeText(p) {
			judge = func(a producttest.Answer) string {
				if n := len(items(a)); n > 0 {
					return fmt.Sprintf("%d rows", n)
				}
				return ""
			}
		}
		path := o.fill(nothing) + "?" + p.name + "=" + url.QueryEscape(payload)
		all = append(all, request(o.name()+" "+p.name+" "+payload, call{"admin", "GET", path, nil}, judge))
	}
	return all
}

// sqlTwin puts the first parameter into a statement as it comes, on the same database.
func sqlTwin(r *rig) string {
	return twinned(func(w http.ResponseWriter, q *http.Request) {
		value, _ := url.PathUnescape(path.Base(q.URL.Path))
		for _, values := range q.URL.Query() {
			value = values[0]
		}
		rows, err := r.judge.SQL.QueryContext(q.Context(), "SELECT username FROM sys_user WHERE username = '"+value+"'")
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		defer rows.Close()
		n := 0
		for rows.Next() {
			n++
		}
		if rows.Err() != nil {
			n = 0
		}
		fmt.Fprintf(w, `{"items":[%s]}`, strings.TrimSuffix(strings.Repeat("1,", n), ","))
	})(r)
}

var scripts = []string{
	"%3Cscript%3Ealert(1)%3C/script%3E",
	"<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"><svg/onload=alert(1)>", "javascript:alert(1)", "<iframe srcdoc='<script>alert(1)</script>'>",
	"</title><script>alert(1)</script>", "<a href=\"data:text/html;base64,PHNjcmlwdD4=\">x</a>", "{{constructor.constructor('alert(1)')()}}", "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
}

// scripted finds an answer in which a browser would run what it was sent.
func scripted(payload string) func(producttest.Answer) string {
	return func(a producttest.Answer) string {
		kind := a.Header.Get("Content-Type")
		policy := a.Header.Get("Content-Security-Policy")
		scripts := strings.ReplaceAll(policy, "style-src 'self' 'unsafe-inline';", "") // the console's diagrams set styles
		switch {
		case a.Header.Get("X-Content-Type-Options") != "nosniff":
			return "no nosniff"
		case policy == "" || strings.Contains(scripts, "unsafe-inline") || strings.Contains(scripts, "unsafe-eval"):
			return "Content-Security-Policy: " + policy
		case strings.HasPrefix(kind, "text/html") && strings.ContainsAny(payload, "<") && strings.Contains(string(a.Body), payload):
			return "a page holds " + payload
		case len(a.Body) > 0 && kind == "":
			return "a body without a type"
		}
		return ""
	}
}

// crossSite stores scripts in names and comments, reads them back, and has them reflected.
var crossSite = class{"xss", func(r *rig) []attack {
	var all []attack
	for i, s := range scripts {
		task := "/api/v1/tasks/" + r.ids["tasks"]
		judge := scripted(s)
		all = append(all,
			request("comment "+s, call{"wangfang", "POST", task + "/comments", object{"text": s}}, judge),
			request("comments "+s, call{"wangfang", "GET", task + "/comments", nil}, judge),
			request("user "+s, call{"admin", "PUT", "/api/v1/users/" + r.ids["users"], object{"displayName": s, "title": s}}, judge, "If-Match", "*"),
			request("group "+s, call{"admin", "POST", "/api/v1/groups", object{"key": fmt.Sprintf("xss%d", i), "name": s}}, judge),
			request("business key "+s, call{"zhangwei", "POST", "/api/v1/processes/prey/start", object{"businessKey": s, "variables": object{"x": s}}}, judge),
			request("path "+s, call{"", "GET", "/" + url.PathEscape(s), nil}, judge, "Accept", "text/html"),
			request("api path "+s, call{"admin", "GET", "/api/v1/settings/" + url.PathEscape(s), nil}, judge, "Accept", "text/html"),
			request("query "+s, call{"admin", "GET", "/api/v1/users?sort=" + url.QueryEscape(s), nil}, judge, "Accept", "text/html"),
			request("field "+s, call{"admin", "POST", "/api/v1/groups", object{s: 1}}, judge),
		)
	}
	return all
}, func(r *rig) string { return twinned(leaky())(r) }}

// leaky is a twin that keeps what it is sent and shows it in pages as it is: what was stored under a path, the path
// itself, the query, and the names of fields. Its headers are right, so that the page alone gives it away.
func leaky() http.HandlerFunc {
	var mutex sync.Mutex
	kept := map[string][]string{}
	return func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Content-Security-Policy", "default-src 'self'")
		var sent any
		_ = json.NewDecoder(q.Body).Decode(&sent) // a GET has none
		query, _ := url.QueryUnescape(q.URL.RawQuery)
		mutex.Lock()
		defer mutex.Unlock()
		kept[q.URL.Path] = append(kept[q.URL.Path], texts(sent)...)
		_, _ = fmt.Fprint(w, "<p>", q.URL.Path, "<p>", query, "<p>", strings.Join(kept[q.URL.Path], "<p>"))
	}
}

// texts are the names and the texts in JSON.
func texts(v any) (list []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case object:
		for name, value := range v {
			list = append(append(list, name), texts(value)...)
		}
	case []any:
		for _, value := range v {
			list = append(list, texts(value)...)
		}
	}
	return list
}

// TestScriptsAreCaughtWhereverTheyCome: the judge sees each script with a tag in the twin, stored or sent back, and none
// in an answer of JSON.
func TestScriptsAreCaughtWhereverTheyCome(t *testing.T) {
	t.Parallel()
	r := &rig{T: t, tokens: map[string]string{}, ids: map[string]string{"tasks": "1", "users": "1"}}
	twin := &target{r, crossSite.twin(r)}
	safe := &target{r, answering(http.StatusOK, `{"text": "<script>alert(1)</script>"}`, "X-Content-Type-Options", "nosniff", "Content-Security-Policy", "default-src 'none'")(r)}
	caught := 0
	for _, a := range crossSite.attacks(r) {
		found := a.run(twin)
		if strings.Contains(found, "a page holds") {
			caught++
		} else if strings.Contains(a.name, "<") {
			t.Errorf("%s: the judge finds %q in the twin", a.name, found)
		}
		if found := a.run(safe); found != "" {
			t.Errorf("%s: the judge finds %q in JSON", a.name, found)
		}
	}
	if caught < 50 {
		t.Errorf("%d are caught", caught)
	}
}

var breaks = []string{"%0d%0aX-Injected:%20yes", "%0aX-Injected:%20yes", "%0dX-Injected:%20yes", "%E5%98%8D%E5%98%8AX-Injected:%20yes", "%250d%250aX-Injected:%20yes", "%00%0d%0aX-Injected:%20yes"}

// headerInjection breaks lines in what may become a header of the answer.
var headerInjection = class{"header-injection", func(r *rig) []attack {
	var all []attack
	for _, b := range breaks {
		for _, place := range []string{"/x" + b, "/api/v1/settings/" + b, "/api/v1/users?q=" + b, "/api/v1/users?cursor=" + b, "/api/v1/processes/" + b + "/start-form", "/openapi.yaml?x=" + b, "/api/v1/task-links/" + b} {
			all = append(all, attack{place, func(t *target) string {
				return injected(raw(t.url, "GET "+place+" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+t.tokens["admin"]+"\r\nConnection: close\r\n\r\n"))
			}})
		}
	}
	return all
}, func(r *rig) string {
	return listening(r, func(head, _ string) string {
		line, _, _ := strings.Cut(head, "\r\n")
		decoded, _ := url.QueryUnescape(line)
		return "HTTP/1.1 302 Found\r\nLocation: " + decoded + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
	})
}}

func injected(answer string) string {
	head, _, _ := strings.Cut(answer, "\r\n\r\n")
	for line := range strings.SplitSeq(head, "\n") {
		if strings.HasPrefix(strings.ToLower(line), "x-injected") {
			return "a header of the attacker's: " + line
		}
	}
	if strings.HasPrefix(head, "HTTP/1.1 500") {
		return head
	}
	return ""
}

// climbs lead out of a directory.
var climbs = []string{
	"../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "..%252f", "....//", "%c0%ae%c0%ae/", "..;/", "/", "%2f", "file://",
}

// pathTraversal asks for a file of the attacker's choice wherever there is a name.
var pathTraversal = class{"path-traversal", func(r *rig) []attack {
	var all []attack
	judge := func(a producttest.Answer) string {
		if body := string(a.Body); strings.Contains(body, canary) || strings.Contains(body, "root:x:") || strings.Contains(body, "PRIVATE KEY") {
			return "a file: " + body
		}
		return ""
	}
	for _, c := range climbs {
		up := strings.Repeat(c, 12)
		if !strings.Contains(c, ".") {
			up = c
		}
		file := up + strings.TrimPrefix(r.canary, "/")
		for _, place := range []string{"/", "/static/", "/api/v1/settings/", "/api/v1/notification-templates/", "/api/v1/definitions/", "/api/v1/tasks/" + r.ids["tasks"] + "/attachments/"} {
			all = append(all, attack{place + file, func(t *target) string {
				answer, err := t.send("admin", "GET", place+file, nil)
				if err != nil || answer.Status >= http.StatusInternalServerError {
					return fmt.Sprint(answer.Status, err)
				}
				return judge(answer) // the path itself is told again
			}})
		}
		name := strings.NewReplacer("%2f", "/", "%2e", ".", "%5c", `\`).Replace(file)
		all = append(all, attack{"attachment " + name, func(t *target) string {
			body := "--b\r\nContent-Disposition: form-data; name=\"content\"; filename=\"" + name + "\"\r\n\r\nown\r\n--b--\r\n"
			answer, err := t.send("wangfang", "POST", "/api/v1/tasks/"+r.ids["tasks"]+"/attachments", body, "Content-Type", "multipart/form-data; boundary=b")
			if err != nil || exposed(answer) != "" {
				return fmt.Sprint(err, exposed(answer))
			}
			if held, err := os.ReadFile(r.canary); err != nil || string(held) != canary {
				return "the file was written"
			}
			if stored := at(answer, "name"); strings.ContainsAny(stored, `/\`) {
				return "the name is kept: " + stored
			}
			return ""
		}})
	}
	return all
}, twinned(func(w http.ResponseWriter, q *http.Request) {
	name, _ := url.PathUnescape(q.URL.Path)
	content, _ := os.ReadFile(path.Clean("/" + name[strings.Index(name, ".")+1:]))
	_, _ = w.Write(content)
})}
