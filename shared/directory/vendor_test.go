package directory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/identity"
)

// vendor is a fake of a vendor's API: what it answers by path and what it was asked, with tokens that end and limits.
type vendor struct {
	*httptest.Server
	kind   string
	answer map[string]string // by path and what tells requests apart

	mu       sync.Mutex
	tokens   int // how many were given out
	expireAt int // the request before which the token ends, 0: never
	limitAt  int // the request that is too many
	status   int // of an answer to what is too many, over HTTP; 0: in the body
	asked    []string
}

const appSecret = "the secret of the app"

// codes are what each vendor says of a token that is over, and of too many requests.
var codes = map[string][2]string{
	identity.KindDingTalk: {`{"errcode": 88, "sub_code": "40014"}`, `{"errcode": 88, "sub_code": "90018"}`},
	identity.KindWeCom:    {`{"errcode": 42001}`, `{"errcode": 45009}`},
	identity.KindFeishu:   {`{"code": 99991663}`, `{"code": 99991400}`},
}

func newVendor(t *testing.T, kind string, answer map[string]string) *vendor {
	t.Helper()
	v := &vendor{kind: kind, answer: answer}
	v.Server = httptest.NewServer(v)
	t.Cleanup(v.Close)
	return v
}

func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	var body map[string]any
	_ = json.NewDecoder(r.Body).Decode(&body)
	q := r.URL.Query()
	if strings.Contains(r.URL.Path, "token") {
		secret := q.Get("appsecret") + q.Get("corpsecret")
		if s, is := body["app_secret"].(string); is {
			secret = s
		}
		if secret != appSecret {
			_, _ = w.Write([]byte(`{"errcode": 40001, "code": 10014}`))
			return
		}
		v.tokens++
		_, _ = fmt.Fprintf(w, `{"errcode": 0, "code": 0, "access_token": "t%d", "tenant_access_token": "t%d", "expires_in": 7200, "expire": 7200}`, v.tokens, v.tokens)
		return
	}
	given := q.Get("access_token") + strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	key := r.URL.Path
	for _, name := range []string{"department_id", "page_token"} {
		if q.Has(name) {
			key += " " + q.Get(name)
		}
	}
	for _, name := range []string{"dept_id", "cursor"} {
		if body[name] != nil {
			key += " " + fmt.Sprint(body[name])
		}
	}
	v.asked = append(v.asked, key)
	switch n := len(v.asked); {
	case given != fmt.Sprintf("t%d", v.tokens), n == v.expireAt:
		_, _ = w.Write([]byte(codes[v.kind][0]))
		if n == v.expireAt {
			v.tokens += 100 // the one that was given is none any more
		}
	case n == v.limitAt && v.status != 0:
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(v.status)
	case n == v.limitAt:
		_, _ = w.Write([]byte(codes[v.kind][1]))
	case v.answer[key] == "":
		_, _ = w.Write([]byte(`{"errcode": 60011, "code": 41050}`))
	default:
		_, _ = w.Write([]byte(v.answer[key]))
	}
}

// vendors answer with the same company each: sales with the east below it and the head mei, who works in development,
// too; hua in the east; and old, where a vendor tells of those who are not active.
var vendors = map[string]map[string]string{
	identity.KindDingTalk: {
		"/topapi/v2/department/listsub 1":  `{"errcode": 0, "result": [{"dept_id": 11, "name": "销售", "parent_id": 1}, {"dept_id": 20, "name": "研发", "parent_id": 1}]}`,
		"/topapi/v2/department/listsub 11": `{"errcode": 0, "result": [{"dept_id": 12, "name": "华东", "parent_id": 11}]}`,
		"/topapi/v2/department/listsub 12": `{"errcode": 0, "result": []}`,
		"/topapi/v2/department/listsub 20": `{"errcode": 0, "result": []}`,
		"/topapi/v2/user/list 1 0":         `{"errcode": 0, "result": {"has_more": false, "list": []}}`,
		"/topapi/v2/user/list 11 0":        `{"errcode": 0, "result": {"has_more": true, "next_cursor": 1, "list": [{"userid": "mei", "name": "梅", "title": "总监", "org_email": "mei@corp.example", "dept_id_list": [11, 20], "leader": true}]}}`,
		"/topapi/v2/user/list 11 1":        `{"errcode": 0, "result": {"has_more": false, "list": []}}`,
		"/topapi/v2/user/list 12 0":        `{"errcode": 0, "result": {"has_more": false, "list": [{"userid": "hua", "name": "华", "dept_id_list": [12]}]}}`,
		"/topapi/v2/user/list 20 0":        `{"errcode": 0, "result": {"has_more": false, "list": [{"userid": "mei", "name": "梅", "title": "总监", "org_email": "mei@corp.example", "dept_id_list": [11, 20]}]}}`,
	},
	identity.KindWeCom: {
		"/cgi-bin/department/list": `{"errcode": 0, "department": [{"id": 1, "name": "公司", "parentid": 0}, {"id": 11, "name": "销售", "parentid": 1, "department_leader": ["mei"]}, {"id": 20, "name": "研发", "parentid": 1}, {"id": 12, "name": "华东", "parentid": 11}]}`,
		"/cgi-bin/user/list 1":     `{"errcode": 0, "userlist": [{"userid": "old", "name": "老", "status": 5, "department": [1]}]}`,
		"/cgi-bin/user/list 11":    `{"errcode": 0, "userlist": [{"userid": "mei", "name": "梅", "position": "总监", "biz_mail": "mei@corp.example", "status": 1, "department": [20, 11], "main_department": 11}]}`,
		"/cgi-bin/user/list 12":    `{"errcode": 0, "userlist": [{"userid": "hua", "name": "华", "status": 4, "department": [12]}]}`,
		"/cgi-bin/user/list 20":    `{"errcode": 0, "userlist": []}`,
	},
	identity.KindFeishu: {
		"/open-apis/contact/v3/departments/0/children":         `{"code": 0, "data": {"has_more": true, "page_token": "p2", "items": [{"open_department_id": "11", "name": "销售", "parent_department_id": "0", "leader_user_id": "mei"}]}}`,
		"/open-apis/contact/v3/departments/0/children p2":      `{"code": 0, "data": {"has_more": false, "items": [{"open_department_id": "20", "name": "研发", "parent_department_id": "0"}, {"open_department_id": "12", "name": "华东", "parent_department_id": "11"}]}}`,
		"/open-apis/contact/v3/users/find_by_department 0":     `{"code": 0, "data": {"has_more": false, "items": [{"user_id": "old", "name": "老", "department_ids": ["0"], "status": {"is_resigned": true}}]}}`,
		"/open-apis/contact/v3/users/find_by_department 11":    `{"code": 0, "data": {"has_more": true, "page_token": "q2", "items": [{"user_id": "mei", "name": "梅", "job_title": "总监", "enterprise_email": "mei@corp.example", "department_ids": ["11", "20"]}]}}`,
		"/open-apis/contact/v3/users/find_by_department 11 q2": `{"code": 0, "data": {"has_more": false, "items": []}}`,
		"/open-apis/contact/v3/users/find_by_department 12":    `{"code": 0, "data": {"has_more": false, "items": [{"user_id": "hua", "name": "华", "department_ids": ["12"]}]}}`,
		"/open-apis/contact/v3/users/find_by_department 20":    `{"code": 0, "data": {"has_more": false, "items": []}}`,
	},
}

func (v *vendor) book(t *testing.T, secret string) (Book, *[]time.Duration) {
	t.Helper()
	c := parse(t, fmt.Sprintf(`{"directories": [{"name": "hr", "kind": %q, "url": %q, "key": "app", "secret": %q}]}`, v.kind, v.URL, secret))
	b, err := Open(c, c.Directories[0])
	if err != nil {
		t.Fatal(err)
	}
	var pauses []time.Duration
	pause := func(ctx context.Context, d time.Duration) error { pauses = append(pauses, d); return ctx.Err() }
	switch b := b.(type) {
	case dingTalk:
		b.pause = pause
	case weCom:
		b.pause = pause
	case feishu:
		b.pause = pause
	}
	return b, &pauses
}

func TestVendors(t *testing.T) {
	t.Parallel()
	for kind, answers := range vendors {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			v := newVendor(t, kind, answers)
			b, _ := v.book(t, appSecret)
			s, err := b.Read(t.Context())
			if err != nil {
				t.Fatal(err, v.asked)
			}
			want := Snapshot{
				Departments: []Department{{ID: "11", Name: "销售", Head: "mei"}, {ID: "20", Name: "研发"}, {ID: "12", Name: "华东", ParentID: "11"}},
				People: []Person{
					{ID: "hua", Username: "hua", DisplayName: "华", Departments: []string{"12"}, Active: true},
					{ID: "mei", Username: "mei", DisplayName: "梅", Email: "mei@corp.example", Title: "总监", Departments: []string{"11", "20"}, Active: true},
				},
			}
			if kind != identity.KindDingTalk { // which tells of those who work there alone
				want.People = append(want.People, Person{ID: "old", Username: "old", DisplayName: "老", Departments: []string{}})
			}
			if diff := cmp.Diff(want, s); diff != "" {
				t.Error(diff)
			}
			if v.tokens != 1 {
				t.Errorf("%d tokens", v.tokens)
			}
			requests := len(v.asked)
			for n := 1; n <= requests; n++ { // whichever request meets a token that is over, or is one too many
				v.asked, v.expireAt, v.limitAt, v.status = nil, n, 0, 0
				b, pauses := v.book(t, appSecret)
				if again, err := b.Read(t.Context()); err != nil || cmp.Diff(s, again) != "" || len(*pauses) > 0 {
					t.Errorf("the token ends before request %d: %v, pauses %v", n, err, *pauses)
				}
				v.asked, v.expireAt, v.limitAt, v.status = nil, 0, n, map[bool]int{true: http.StatusTooManyRequests}[n%2 == 0]
				b, pauses = v.book(t, appSecret)
				if again, err := b.Read(t.Context()); err != nil || cmp.Diff(s, again) != "" || len(*pauses) != 1 || n%2 == 0 && (*pauses)[0] != 7*time.Second {
					t.Errorf("request %d is too many: %v, pauses %v", n, err, *pauses)
				}
			}
		})
	}
}

// What a vendor refuses fails as a whole: half a book would be a book without people. Nothing of it tells a secret.
func TestVendorsThatRefuse(t *testing.T) {
	t.Parallel()
	for kind, answers := range vendors {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			fails := func(name string, v *vendor, secret string) {
				t.Helper()
				b, _ := v.book(t, secret)
				_, err := b.Read(t.Context())
				if !errors.Is(err, ErrUnavailable) {
					t.Errorf("%s: %v", name, err)
				}
				for _, told := range []string{appSecret, "access_token", "t1", v.URL} {
					if err != nil && strings.Contains(err.Error(), told) {
						t.Errorf("%s tells %q: %v", name, told, err)
					}
				}
			}
			fails("another secret", newVendor(t, kind, answers), "another secret")
			for path := range answers {
				less := map[string]string{}
				for k, a := range answers {
					if k != path {
						less[k] = a
					}
				}
				fails("without "+path, newVendor(t, kind, less), appSecret)
			}
			nameless := map[string]string{}
			for k, a := range answers {
				nameless[k] = strings.NewReplacer(`"userid": "hua"`, `"userid": ""`, `"user_id": "hua"`, `"user_id": ""`).Replace(a)
			}
			fails("people without ids", newVendor(t, kind, nameless), appSecret)
			gone := newVendor(t, kind, answers)
			gone.Close()
			fails("nobody answers", gone, appSecret)
		})
	}
}

// An address that the file has not chosen is not reached: a redirect into the inner network, for one.
func TestVendorsDoNotLeadInside(t *testing.T) {
	t.Parallel()
	inner := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("reached") }))
	defer inner.Close()
	v := newVendor(t, identity.KindWeCom, nil)
	outer := httptest.NewServer(http.RedirectHandler(strings.Replace(inner.URL, "127.0.0.1", "localhost", 1)+"/token", http.StatusFound))
	defer outer.Close()
	v.URL = outer.URL
	b, _ := v.book(t, appSecret)
	if _, err := b.Read(t.Context()); !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
}
