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

// feishu is the address book of Feishu by the interfaces contact/v3, fifty at a time.
type feishu struct {
	*api
	conf identity.Directory
}

func newFeishu(d identity.Directory) (Book, error) {
	a, err := newAPI(d)
	if err != nil {
		return nil, err
	}
	book := feishu{a, d}
	a.obtain = book.token
	a.authorize = func(r *http.Request, token string) { r.Header.Set("Authorization", "Bearer "+token) }
	a.judge = func(body []byte) (verdict, string) {
		var c struct {
			Code int `json:"code"`
		}
		switch err := json.Unmarshal(body, &c); {
		case err != nil:
			return refused, "the answer is no JSON"
		case c.Code == 0:
			return accepted, ""
		case slices.Contains([]int{99991661, 99991663, 99991668}, c.Code):
			return expired, "the token is not taken"
		case c.Code == 99991400:
			return limited, ""
		}
		return refused, "it says the error " + strconv.Itoa(c.Code)
	}
	return book, nil
}

func (b feishu) token(ctx context.Context) (string, time.Duration, error) {
	var answer struct {
		Token   string `json:"tenant_access_token"`
		Expires int    `json:"expire"` // seconds
	}
	err := b.fetchToken(ctx, request{
		method: http.MethodPost, path: "/open-apis/auth/v3/tenant_access_token/internal", body: map[string]any{"app_id": b.conf.Key, "app_secret": b.conf.Secret},
	}, &answer)
	return answer.Token, time.Duration(answer.Expires) * time.Second, err
}

const (
	feishuRoot = "0"
	feishuPage = "50"
)

// feishuPageOf is one page of a list.
type feishuPageOf[T any] struct {
	Data struct {
		More  bool   `json:"has_more"`
		Token string `json:"page_token"`
		Items []T    `json:"items"`
	} `json:"data"`
}

// pages reads a list to its end.
func pages[T any](ctx context.Context, b feishu, path string, query url.Values) ([]T, error) {
	var all []T
	query.Set("page_size", feishuPage)
	for last := ""; ; {
		var page feishuPageOf[T]
		if err := b.call(ctx, request{method: http.MethodGet, path: path, query: query}, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Data.Items...)
		if !page.Data.More {
			return all, nil
		}
		if page.Data.Token == "" || page.Data.Token == last {
			return nil, ErrUnavailable.Withf("The directory %s gives the same page again.", b.conf.Name)
		}
		last = page.Data.Token
		query.Set("page_token", last)
	}
}

type feishuDepartment struct {
	ID     string `json:"open_department_id"`
	Name   string `json:"name"`
	Parent string `json:"parent_department_id"`
	Head   string `json:"leader_user_id"`
	Status struct {
		Deleted bool `json:"is_deleted"`
	} `json:"status"`
}

type feishuUser struct {
	ID          string   `json:"user_id"`
	Name        string   `json:"name"`
	Title       string   `json:"job_title"`
	Email       string   `json:"email"`
	WorkEmail   string   `json:"enterprise_email"`
	Mobile      string   `json:"mobile"`
	Departments []string `json:"department_ids"`
	Status      struct {
		Frozen   bool `json:"is_frozen"`
		Resigned bool `json:"is_resigned"`
		Exited   bool `json:"is_exited"`
	} `json:"status"`
}

// Read lists the departments below the root and the people of each, and of the root.
func (b feishu) Read(ctx context.Context) (Snapshot, error) {
	root := cmp.Or(b.conf.Root, feishuRoot)
	types := func() url.Values {
		return url.Values{"department_id_type": {"open_department_id"}, "user_id_type": {"user_id"}}
	}
	query := types()
	query.Set("fetch_child", "true")
	departments, err := pages[feishuDepartment](ctx, b, "/open-apis/contact/v3/departments/"+url.PathEscape(root)+"/children", query)
	if err != nil {
		return Snapshot{}, err
	}
	var s Snapshot
	for _, d := range departments {
		if d.Status.Deleted {
			continue
		}
		if d.Parent == root || d.Parent == feishuRoot {
			d.Parent = ""
		}
		s.Departments = append(s.Departments, Department{ID: d.ID, Name: d.Name, ParentID: d.Parent, Head: d.Head})
	}
	people := gathered{}
	for _, id := range append([]string{root}, ids(s.Departments)...) {
		query := types()
		query.Set("department_id", id)
		users, err := pages[feishuUser](ctx, b, "/open-apis/contact/v3/users/find_by_department", query)
		if err != nil {
			return s, err
		}
		for _, u := range users {
			if err := people.add(u.person(b.conf, root)); err != nil {
				return s, err
			}
		}
	}
	s.People = people.list()
	return s, nil
}

func (u feishuUser) person(conf identity.Directory, root string) Person {
	email := cmp.Or(u.WorkEmail, u.Email)
	return Person{
		ID: u.ID, Username: called(conf.Usernames, u.ID, email, u.Mobile), DisplayName: u.Name, Email: email, Title: u.Title,
		Departments: slices.DeleteFunc(u.Departments, func(id string) bool { return id == root || id == feishuRoot }),
		Active:      !u.Status.Frozen && !u.Status.Resigned && !u.Status.Exited,
	}
}

func ids(list []Department) []string {
	out := make([]string, 0, len(list))
	for _, d := range list {
		out = append(out, d.ID)
	}
	return out
}
