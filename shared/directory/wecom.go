package directory

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"diom.io/workflow/shared/identity"
)

// weCom is the address book of WeCom: all departments at once, the people of each at once.
type weCom struct {
	*api
	conf identity.Directory
}

func newWeCom(d identity.Directory) (Book, error) {
	a, err := newAPI(d)
	if err != nil {
		return nil, err
	}
	book := weCom{a, d}
	a.obtain = book.token
	a.authorize = inQuery
	a.judge = func(body []byte) (verdict, string) {
		return judgeCode(body, []int{40014, 42001}, []int{45009, 45033, -1})
	}
	return book, nil
}

func (b weCom) token(ctx context.Context) (string, time.Duration, error) {
	var answer struct {
		Token   string `json:"access_token"`
		Expires int    `json:"expires_in"` // seconds
	}
	err := b.fetchToken(ctx, request{method: http.MethodGet, path: "/cgi-bin/gettoken", query: url.Values{"corpid": {b.conf.Key}, "corpsecret": {b.conf.Secret}}}, &answer)
	return answer.Token, time.Duration(answer.Expires) * time.Second, err
}

const weComRoot = "1"

// Read lists the departments below the root and the people of each.
func (b weCom) Read(ctx context.Context) (Snapshot, error) {
	root := cmp.Or(b.conf.Root, weComRoot)
	var answer struct {
		Departments []struct {
			ID     int      `json:"id"`
			Name   string   `json:"name"`
			Parent int      `json:"parentid"`
			Heads  []string `json:"department_leader"`
		} `json:"department"`
	}
	if err := b.call(ctx, request{method: http.MethodGet, path: "/cgi-bin/department/list", query: url.Values{"id": {root}}}, &answer); err != nil {
		return Snapshot{}, err
	}
	var s Snapshot
	people := gathered{}
	for _, d := range answer.Departments {
		id := strconv.Itoa(d.ID)
		if err := b.members(ctx, id, root, people); err != nil {
			return s, err
		}
		if id == root {
			continue // the company itself
		}
		made := Department{ID: id, Name: d.Name}
		if parent := strconv.Itoa(d.Parent); parent != root {
			made.ParentID = parent
		}
		if len(d.Heads) > 0 {
			made.Head = d.Heads[0]
		}
		s.Departments = append(s.Departments, made)
	}
	s.People = people.list()
	return s, nil
}

// weComActive and weComInvited are the states of people who work here: with and without the vendor's app.
const (
	weComActive  = 1
	weComInvited = 4
)

func (b weCom) members(ctx context.Context, department, root string, people gathered) error {
	var answer struct {
		Users []struct {
			ID          string `json:"userid"`
			Name        string `json:"name"`
			Title       string `json:"position"`
			Email       string `json:"email"`
			BizMail     string `json:"biz_mail"`
			Mobile      string `json:"mobile"`
			Departments []int  `json:"department"`
			Main        int    `json:"main_department"`
			Status      int    `json:"status"`
		} `json:"userlist"`
	}
	if err := b.call(ctx, request{method: http.MethodGet, path: "/cgi-bin/user/list", query: url.Values{"department_id": {department}}}, &answer); err != nil {
		return err
	}
	for _, u := range answer.Users {
		email := cmp.Or(u.BizMail, u.Email)
		p := Person{
			ID: u.ID, Username: called(b.conf.Usernames, u.ID, email, u.Mobile), DisplayName: u.Name, Email: email, Title: u.Title,
			Active: u.Status == weComActive || u.Status == weComInvited,
		}
		if u.Main > 0 {
			p.Departments = append(p.Departments, strconv.Itoa(u.Main))
		}
		for _, d := range u.Departments {
			if id := strconv.Itoa(d); !slices.Contains(p.Departments, id) {
				p.Departments = append(p.Departments, id)
			}
		}
		p.Departments = slices.DeleteFunc(p.Departments, func(id string) bool { return id == root })
		if err := people.add(p); err != nil {
			return err
		}
	}
	return nil
}
