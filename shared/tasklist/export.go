package tasklist

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
	"diom.io/workflow/shared/setting"
	"diom.io/workflow/shared/sheet"
	"diom.io/workflow/shared/store"
)

// Export is a search whose rows are wanted as a file: format is csv or xlsx, columns are names of the list's
// columns in the order that is wanted, all of them where there are none. The file ends with the row that the setting
// export.max_rows allows.
type Export struct {
	Parameters map[string]string `json:"parameters"`
	Condition  *Condition        `json:"condition"`
	Sort       string            `json:"sort"`
	Format     sheet.Format      `json:"format" api:"required"`
	Columns    []string          `json:"columns"`
}

// File is a file that is made while it is sent.
type File struct {
	Format sheet.Format
	Name   string
	// Write writes the rest of it; an error leaves it broken off.
	Write func(context.Context, io.Writer) error
}

// column is a column of an export.
type column[T any] struct {
	name    string
	title   [2]string // in English and Chinese
	content func(T) any
}

var taskExport = []column[store.Task]{
	{"id", [2]string{"Id", "编号"}, func(t store.Task) any { return t.ID }},
	{"name", [2]string{"Task", "任务"}, func(t store.Task) any { return t.Name }},
	{"processKey", [2]string{"Process", "流程"}, func(t store.Task) any { return t.ProcessKey }},
	{"instanceId", [2]string{"Instance", "流程实例"}, func(t store.Task) any { return t.InstanceID }},
	{"state", [2]string{"State", "状态"}, func(t store.Task) any { return string(t.State) }},
	{"assignee", [2]string{"Assignee", "处理人"}, func(t store.Task) any { return text(t.Assignee) }},
	{"owner", [2]string{"Owner", "所有者"}, func(t store.Task) any { return text(t.Owner) }},
	{"candidateUsers", [2]string{"Candidates", "候选人"}, func(t store.Task) any { return strings.Join(t.CandidateUsers, ", ") }},
	{"candidateGroups", [2]string{"Candidate groups", "候选组"}, func(t store.Task) any { return strings.Join(t.CandidateGroups, ", ") }},
	{"priority", [2]string{"Priority", "优先级"}, func(t store.Task) any { return t.Priority }},
	{"dueAt", [2]string{"Due", "截止时间"}, func(t store.Task) any { return t.DueAt }},
	{"createdAt", [2]string{"Created", "创建时间"}, func(t store.Task) any { return t.CreatedAt }},
	{"endedAt", [2]string{"Ended", "结束时间"}, func(t store.Task) any { return t.EndedAt }},
	{"endedBy", [2]string{"Ended by", "办理人"}, func(t store.Task) any { return text(t.EndedBy) }},
}

var instanceExport = []column[store.Instance]{
	{"id", [2]string{"Id", "编号"}, func(i store.Instance) any { return i.ID }},
	{"processKey", [2]string{"Process", "流程"}, func(i store.Instance) any { return i.ProcessKey }},
	{"processVersion", [2]string{"Version", "版本"}, func(i store.Instance) any { return i.ProcessVersion }},
	{"businessKey", [2]string{"Business key", "业务编号"}, func(i store.Instance) any { return text(i.BusinessKey) }},
	{"state", [2]string{"State", "状态"}, func(i store.Instance) any { return string(i.State) }},
	{"starter", [2]string{"Starter", "发起人"}, func(i store.Instance) any { return i.Starter }},
	{"startedAt", [2]string{"Started", "发起时间"}, func(i store.Instance) any { return i.StartedAt }},
	{"endedAt", [2]string{"Ended", "结束时间"}, func(i store.Instance) any { return i.EndedAt }},
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// ExportTasks returns the file of a search of tasks; its first page has been read. Errors: those of SearchTasks.
func (s *Service) ExportTasks(ctx context.Context, p access.Principal, e Export, chinese bool) (*File, error) {
	return export(ctx, s, taskExport, exported[store.Task]{e, "tasks", chinese, func(ctx context.Context, in Search) (page.Page[store.Task], error) { return s.SearchTasks(ctx, p, in) }})
}

// ExportInstances returns the file of a search of instances; its first page has been read. Errors: those of
// SearchInstances.
func (s *Service) ExportInstances(ctx context.Context, p access.Principal, e Export, chinese bool) (*File, error) {
	return export(ctx, s, instanceExport, exported[store.Instance]{e, "instances", chinese, func(ctx context.Context, in Search) (page.Page[store.Instance], error) {
		return s.SearchInstances(ctx, p, in)
	}})
}

// exported is an export with what it reads.
type exported[T any] struct {
	Export
	name    string
	chinese bool
	read    func(context.Context, Search) (page.Page[T], error)
}

func export[T any](ctx context.Context, s *Service, all []column[T], e exported[T]) (*File, error) {
	columns, problems := chosen(all, e.Columns)
	if e.Format != sheet.CSV && e.Format != sheet.XLSX {
		problems = append(problems, fault.Detail{Pointer: "/format", Code: "bad_format", Detail: "The formats are csv and xlsx."})
	}
	if len(problems) > 0 {
		return nil, ErrSearch.With(problems...)
	}
	first, err := e.read(ctx, e.search())
	if err != nil {
		return nil, err
	}
	left := s.settings.Now(ctx).Int(setting.ExportRows)
	return &File{Format: e.Format, Name: e.name + "." + string(e.Format), Write: func(ctx context.Context, to io.Writer) error {
		w, err := sheet.New(to, e.Format, s.location)
		if err == nil {
			err = w.Row(titles(columns, e.chinese)...)
		}
		if err == nil {
			err = e.pages(ctx, w, columns, first, left)
		}
		if err != nil {
			return err
		}
		return w.Close()
	}}, nil
}

// pages writes the rows of a page and of those behind it, left rows at most.
func (e exported[T]) pages(ctx context.Context, w *sheet.Writer, columns []column[T], p page.Page[T], left int) error {
	in := e.search()
	for {
		if err := rows(w, columns, p.Items[:min(left, len(p.Items))]); err != nil {
			return err
		}
		if left -= len(p.Items); left <= 0 || p.NextCursor == "" {
			return nil
		}
		in.Cursor = p.NextCursor
		var err error
		if p, err = e.read(ctx, in); err != nil {
			return err
		}
	}
}

// search is what an export asks for.
func (e Export) search() Search {
	return Search{Parameters: e.Parameters, Condition: e.Condition, Sort: e.Sort, Limit: page.MaxLimit}
}

// chosen are the columns of names, all of them where there are none.
func chosen[T any](all []column[T], names []string) (columns []column[T], problems []fault.Detail) {
	if len(names) == 0 {
		return all, nil
	}
	for _, name := range names {
		i := slices.IndexFunc(all, func(c column[T]) bool { return c.name == name })
		if i < 0 || len(columns) == len(all) {
			return nil, []fault.Detail{{Pointer: "/columns", Code: "unknown_column", Detail: "The list has no such column: " + name + "."}}
		}
		columns = append(columns, all[i])
	}
	return columns, nil
}

func titles[T any](columns []column[T], chinese bool) []any {
	row := make([]any, len(columns))
	for i, c := range columns {
		row[i] = c.title[0]
		if chinese {
			row[i] = c.title[1]
		}
	}
	return row
}

func rows[T any](w *sheet.Writer, columns []column[T], items []T) error {
	row := make([]any, len(columns))
	for _, item := range items {
		for i, c := range columns {
			row[i] = c.content(item)
		}
		if err := w.Row(row...); err != nil {
			return err
		}
	}
	return w.Flush()
}

// Options are what a Service works with beside the store: the zone of the times in files, and the live settings
// (nil is what holds where nothing is set).
type Options struct {
	Location *time.Location
	Settings *setting.Live
}
