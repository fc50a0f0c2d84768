package directory

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"diom.io/workflow/shared/identity"
)

// dingTalk is DingTalk's address book by the interfaces topapi/v2: departments one level at a time, people a hundred at a
// time for each department.
type dingTalk struct {
	*api
	conf identity.Directory
}

func newDingTalk(d identity.Directory) (Book, error) {
	a, err := newAPI(d)
	if err != nil {
		return nil, err
	}
	book := dingTalk{a, d}
	a.obtain = book.token
	a.authorize = inQuery
	a.judge = func(body []byte) (verdict, string) {
		return judgeCode(body, []int{40014, 42001, 33001}, []int{90002, 90006, 90018, 90023})
	}
	return book, nil
}

// inQuery puts a token where DingTalk and WeCom look for it.
func inQuery(r *http.Request, token string) {
	r.URL.RawQuery += "&access_token=" + url.QueryEscape(token)
}

// judgeCode reads the error of a body: some codes say that the token is over, some that it is asked too often. DingTalk
// wraps codes of its gateway in 88.
func judgeCode(body []byte, over, often []int) (verdict, string) {
	var c coded
	if err := json.Unmarshal(body, &c); err != nil {
		return refused, "the answer is no JSON"
	}
	code := c.Code
	if code == 88 {
		code, _ = strconv.Atoi(c.SubCode)
	}
	switch {
	case c.Code == 0:
		return accepted, ""
	case slices.Contains(over, code):
		return expired, "the token is not taken"
	case slices.Contains(often, code):
		return limited, ""
	}
	return refused, "it says the error " + strconv.Itoa(code)
}

func (b dingTalk) token(ctx context.Context) (string, time.Duration, error) {
	var answer struct {
		Token   string `json:"access_token"`
		Expires int    `json:"expires_in"` // seconds
	}
	err := b.fetchToken(ctx, request{method: http.MethodGet, path: "/gettoken", query: url.Values{"appkey": {b.conf.Key}, "appsecret": {b.conf.Secret}}}, &answer)
	return answer.Token, time.Duration(answer.Expires) * time.Second, err
}

const dingTalkRoot = 1

// Read walks the departments, level by level, and reads the people of each.
func (b dingTalk) Read(ctx context.Context) (Snapshot, error) {
	root, err := strconv.Atoi(cmp.Or(b.conf.Root, strconv.Itoa(dingTalkRoot)))
	if err != nil {
		return Snapshot{}, ErrUnavailable.Withf("The root of a DingTalk directory is a number.")
	}
	var s Snapshot
	people := gathered{}
	for next := []int{root}; len(next) > 0; next = next[1:] {
		heads, err := b.members(ctx, next[0], root, people)
		if err != nil {
			return s, err
		}
		if i := slices.IndexFunc(s.Departments, func(d Department) bool { return d.ID == strconv.Itoa(next[0]) }); i >= 0 && len(heads) > 0 {
			s.Departments[i].Head = heads[0]
		}
		below, err := b.below(ctx, next[0], root)
		if err != nil {
			return s, err
		}
		for _, d := range below {
			if slices.Contains(ids(s.Departments), d.ID) {
				return s, ErrUnavailable.Withf("The departments of the directory %s go round in a circle.", b.conf.Name)
			}
			s.Departments = append(s.Departments, d)
			id, _ := strconv.Atoi(d.ID) // it was a number
			next = append(next, id)
		}
	}
	s.People = people.list()
	return s, nil
}

func (b dingTalk) below(ctx context.Context, id, root int) ([]Department, error) {
	var answer struct {
		Result []struct {
			ID     int    `json:"dept_id"`
			Name   string `json:"name"`
			Parent int    `json:"parent_id"`
		} `json:"result"`
	}
	if err := b.call(ctx, request{method: http.MethodPost, path: "/topapi/v2/department/listsub", body: map[string]any{"dept_id": id}}, &answer); err != nil {
		return nil, err
	}
	list := make([]Department, 0, len(answer.Result))
	for _, d := range answer.Result {
		made := Department{ID: strconv.Itoa(d.ID), Name: d.Name}
		if id != root {
			made.ParentID = strconv.Itoa(id)
		}
		list = append(list, made)
	}
	return list, nil
}

type dingTalkUser struct {
	ID          string `json:"userid"`
	Name        string `json:"name"`
	Title       string `json:"title"`
	Email       string `json:"email"`
	OrgEmail    string `json:"org_email"`
	Mobile      string `json:"mobile"`
	Departments []int  `json:"dept_id_list"`
	Leader      bool   `json:"leader"`
}

func (b dingTalk) person(u dingTalkUser, root int) Person {
	email := cmp.Or(u.OrgEmail, u.Email)
	p := Person{ID: u.ID, Username: called(b.conf.Usernames, u.ID, email, u.Mobile), DisplayName: u.Name, Email: email, Title: u.Title, Active: true}
	for _, d := range u.Departments {
		if d != root {
			p.Departments = append(p.Departments, strconv.Itoa(d))
		}
	}
	return p
}

// members reads the people of one department and returns who heads it.
func (b dingTalk) members(ctx context.Context, id, root int, people gathered) (heads []string, err error) {
	for cursor, more := 0, true; more; {
		var answer struct {
			Result struct {
				More   bool           `json:"has_more"`
				Cursor int            `json:"next_cursor"`
				List   []dingTalkUser `json:"list"`
			} `json:"result"`
		}
		if err := b.call(ctx, request{method: http.MethodPost, path: "/topapi/v2/user/list", body: map[string]any{"dept_id": id, "cursor": cursor, "size": 100}}, &answer); err != nil {
			return nil, err
		}
		for _, u := range answer.Result.List {
			if err := people.add(b.person(u, root)); err != nil {
				return nil, err
			}
			if u.Leader {
				heads = append(heads, u.ID)
			}
		}
		if answer.Result.More && answer.Result.Cursor <= cursor {
			return nil, ErrUnavailable.Withf("The directory %s gives the same page again.", b.conf.Name)
		}
		cursor, more = answer.Result.Cursor, answer.Result.More
	}
	slices.Sort(heads)
	return heads, nil
}

// gathered are people by id: who belongs to several departments is found in each.
type gathered map[string]Person

// add keeps a person. Somebody without an id would look like somebody who has left.
func (g gathered) add(p Person) error {
	if p.ID == "" {
		return ErrUnavailable.Withf("The directory shows people without their ids: it wants another right.")
	}
	if _, found := g[p.ID]; !found {
		g[p.ID] = p
	}
	return nil
}

func (g gathered) list() []Person {
	out := make([]Person, 0, len(g))
	for _, p := range g {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Person) int { return cmp.Compare(a.ID, b.ID) })
	return out
}
