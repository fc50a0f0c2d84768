package page_test

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/page"
)

var list = page.List{Name: "tasks", Sorts: []string{"-createdAt", "priority"}, Filters: []page.Filter{
	{Name: "view", Values: []string{"todo", "done"}}, {Name: "of", Form: page.ID}, {Name: "open", Form: page.Flag}, {Name: "after", Form: page.Number}, {Name: "q"},
}}

func parse(t *testing.T, query, who string) (page.Request, error) {
	t.Helper()
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	return page.Parse(values, list, who)
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		query      string
		limit      int
		sort       string
		descending bool
		code       string
	}{
		{"", 20, "createdAt", true, ""}, {"limit=100&sort=createdAt", 100, "createdAt", false, ""}, {"sort=-priority&view=todo&count=true", 20, "priority", true, ""},
		{"limit=0", 0, "", false, "bad_limit"}, {"limit=101", 0, "", false, "bad_limit"}, {"limit=-1", 0, "", false, "bad_limit"}, {"limit=ten", 0, "", false, "bad_limit"},
		{"limit=99999999999999999999", 0, "", false, "bad_limit"}, {"sort=password", 0, "", false, "bad_sort"}, {"sort=--priority", 0, "", false, "bad_sort"},
		{"cursor=abc", 0, "", false, "bad_cursor"}, {"cursor=%20", 0, "", false, "bad_cursor"}, {"offset=3", 0, "", false, "unknown_parameter"}, {"limit=1&limit=2", 0, "", false, "repeated_parameter"},
		{"count=yes", 0, "", false, "bad_count"}, {"view=mine", 0, "", false, "bad_filter"}, {"of=1", 0, "", false, "bad_filter"}, {"open=1", 0, "", false, "bad_filter"},
		{"after=-1", 0, "", false, "bad_filter"}, {"after=9223372036854775808", 0, "", false, "bad_filter"},
		{"of=019a9cf3-5b5e-7000-8000-0000000000ff&open=false&after=9223372036854775807&q=%00", 20, "createdAt", true, ""}, {"view=&of=&open=&after=", 20, "createdAt", true, ""},
	} {
		r, err := parse(t, c.query, "lina")
		var wrong *page.Error
		if c.code != "" {
			if !errors.As(err, &wrong) || wrong.Code != c.code {
				t.Errorf("%s: %v, want %s", c.query, err, c.code)
			}
			continue
		}
		if err != nil || r.Limit != c.limit || r.Sort != c.sort || r.Descending != c.descending {
			t.Errorf("%s: %+v, %v", c.query, r, err)
		}
	}
}

// A list that sorts nothing has a limit and its filters alone; what is given of them is in the request.
func TestParseWithoutSorts(t *testing.T) {
	t.Parallel()
	history := page.List{Name: "history", Filters: []page.Filter{{Name: "after", Form: page.Number}, {Name: "x"}}}
	r, err := page.Parse(url.Values{"limit": {"5"}, "after": {"7"}, "x": {""}}, history, "lina")
	if diff := cmp.Diff(url.Values{"after": {"7"}}, r.Filters); err != nil || r.Limit != 5 || diff != "" {
		t.Errorf("%+v %v %s", r, err, diff)
	}
	for _, name := range []string{"sort", "cursor", "count"} {
		if _, err := page.Parse(url.Values{name: {"true"}}, history, "lina"); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

// fetch returns what a database would: the rows behind the cursor in the direction that is asked for,
// one more than the limit.
func fetch(all []int, r page.Request) []int {
	rows := slices.Clone(all)
	if !r.Ascending() {
		slices.Reverse(rows)
	}
	if len(r.After) > 0 {
		at := slices.IndexFunc(rows, func(n int) bool { return fmt.Sprint(n) == r.After[0] })
		rows = rows[at+1:]
	}
	return rows[:min(len(rows), r.Limit+1)]
}

func TestPagesForwardAndBack(t *testing.T) {
	t.Parallel()
	all := []int{1, 2, 3, 4, 5, 6, 7}
	read := func(cursor string) page.Page[int] {
		r, err := parse(t, "limit=3&cursor="+cursor, "lina")
		if err != nil {
			t.Fatal(err)
		}
		return page.Fill(r, fetch(all, r), func(n int) []string { return []string{fmt.Sprint(n)} })
	}
	first := read("")
	second := read(first.NextCursor)
	third := read(second.NextCursor)
	back := read(third.PrevCursor)
	again := read(back.PrevCursor)
	for i, c := range []struct {
		got  page.Page[int]
		want []int
		next bool
		prev bool
	}{
		{first, []int{7, 6, 5}, true, false}, {second, []int{4, 3, 2}, true, true}, {third, []int{1}, false, true},
		{back, []int{4, 3, 2}, true, true}, {again, []int{7, 6, 5}, true, false},
	} {
		if diff := cmp.Diff(c.want, c.got.Items); diff != "" || (c.got.NextCursor != "") != c.next || (c.got.PrevCursor != "") != c.prev {
			t.Errorf("page %d: %s next %q prev %q", i, diff, c.got.NextCursor, c.got.PrevCursor)
		}
	}
	if empty := page.Fill(page.Request{Limit: 3}, nil, func(int) []string { return nil }); empty.Items == nil {
		t.Error("an empty page is null in JSON")
	}
}

// A cursor belongs to its list, filters, sort and principal.
func TestForeignCursor(t *testing.T) {
	t.Parallel()
	r, err := parse(t, "view=todo&limit=1", "lina")
	if err != nil {
		t.Fatal(err)
	}
	cursor := page.Fill(r, []int{1, 2}, func(n int) []string { return []string{fmt.Sprint(n)} }).NextCursor
	if _, err := parse(t, "view=todo&cursor="+cursor, "lina"); err != nil {
		t.Errorf("its own: %v", err)
	}
	for who, query := range map[string]string{"zhaolei": "view=todo", "lina": "view=done"} {
		if _, err := parse(t, query+"&cursor="+cursor, who); err == nil {
			t.Errorf("%s %s: a foreign cursor was taken", who, query)
		}
	}
	if _, err := parse(t, "view=todo&sort=priority&cursor="+cursor, "lina"); err == nil {
		t.Error("another sort took the cursor")
	}
	other := list
	other.Name = "instances"
	if _, err := page.Parse(url.Values{"view": {"todo"}, "cursor": {cursor}}, other, "lina"); err == nil {
		t.Error("another list took the cursor")
	}
}

// FuzzCursor holds that no text makes Parse panic, and that what it takes has a key.
func FuzzCursor(f *testing.F) {
	f.Add("eyJzIjoiIiwiayI6WyIxIl19", "20", "-createdAt")
	f.Fuzz(func(t *testing.T, cursor, limit, sort string) {
		r, err := page.Parse(url.Values{"cursor": {cursor}, "limit": {limit}, "sort": {sort}}, list, "lina")
		if err == nil && (r.Limit < 1 || r.Limit > page.MaxLimit || cursor != "" && len(r.After) == 0) {
			t.Errorf("%+v", r)
		}
	})
}
