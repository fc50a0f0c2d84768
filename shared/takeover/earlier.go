package takeover

import (
	"context"
	"fmt"
	"strings"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/foreign"
)

// earlierTables are the tables of the earlier DIOM with the columns by which they are known: others of the same name
// are not read. A database may lack some of them.
var earlierTables = []struct {
	name    string
	columns []string
}{
	{permissionTable, []string{"ID", "PERMISSION_CODE"}},
	{roleTable, []string{"ID", "ROLE_CODE"}},
	{rolePermissionTable, []string{"ID", "ROLE_ID", "PERMISSION_ID"}},
	{userTable, []string{"ID", "USERNAME", "PASSWORD", "STATUS"}},
	{userRoleTable, []string{"ID", "USER_ID", "ROLE_ID"}},
	{designTable, []string{"ID", "PROCESS_KEY", "VERSION", "STATUS", "BPMN_XML"}},
	{designHistoryTable, []string{"ID", "DESIGN_ID", "BPMN_XML"}},
	{templateTable, []string{"ID", "TEMPLATE_NAME", "TEMPLATE_DATA"}},
	{draftTable, []string{"ID", "DRAFT_DATA"}},
	{notificationTable, []string{"ID", "USER_ID", "TITLE", "IS_READ"}},
}

const (
	permissionTable     = "sys_permission"
	roleTable           = "sys_role"
	rolePermissionTable = "sys_role_permission"
	userTable           = "sys_user"
	userRoleTable       = "sys_user_role"
	designTable         = "workflow_process_design"
	designHistoryTable  = "workflow_process_design_history"
	templateTable       = "workflow_template"
	draftTable          = "workflow_draft"
	notificationTable   = "workflow_notification"

	earlierPage = 200 // rows of one query
	modelPage   = 20  // models of one query
	fromEarlier = "diom"
)

// earlier is one move from the earlier DIOM.
type earlier struct {
	*run
	fit         map[string]bool         // the tables that can be read
	permissions map[string]*counterpart // by the id in the source
	codes       map[string]string       // of the permissions, by the id in the source
	roles       map[string]*earlierRole // by the id in the source
	lost        map[string]bool         // the names of the users that were left out
}

// EarlierDiom moves what the own tables of the earlier DIOM hold, which ran Camunda 7 inside: people with their rights,
// what was published, notifications. The instances are Camunda's: Camunda7 moves them, and goes before, so that
// notifications find their tasks. It returns ErrSourceUnknown where there is none of the tables.
func EarlierDiom(ctx context.Context, t Target, dsn string, zone *time.Location, o Options) (Counts, error) {
	counts := Counts{}
	err := foreign.Read(ctx, dsn, zone, func(s *foreign.Source) error {
		e := &earlier{
			run: newRun(t, s, o), fit: map[string]bool{}, permissions: map[string]*counterpart{}, codes: map[string]string{},
			roles: map[string]*earlierRole{}, lost: map[string]bool{},
		}
		e.counts = counts
		if err := e.recognize(); err != nil {
			return err
		}
		for _, part := range []func(context.Context) error{
			e.readPermissions, e.readRoles, e.grants, e.makeRoles, e.users, e.strayRoles, e.designs, e.notifications, e.unread,
		} {
			if err := part(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	return counts, err
}

// recognize finds out which of the tables there are.
func (e *earlier) recognize() error {
	var lines []Line
	for _, t := range earlierTables {
		l := Line{Kind: "table", ID: t.name, Outcome: Absent}
		if e.source.Has(t.name) {
			l.Outcome = LeftOut
			l.Problems = e.lacking(t.name, t.columns)
		}
		if e.fit[t.name] = l.Outcome == LeftOut && l.Problems == nil; !e.fit[t.name] {
			lines = append(lines, l)
		}
	}
	if len(lines) == len(earlierTables) {
		return ErrSourceUnknown.Withf("The source database has none of the tables of the earlier DIOM.")
	}
	for _, l := range lines {
		e.tell(l)
	}
	return nil
}

func (e *earlier) lacking(table string, columns []string) (problems []string) {
	for _, c := range columns {
		if !e.source.HasColumn(table, c) {
			problems = append(problems, "it has no column "+strings.ToLower(c)+": the earlier DIOM did not make it")
		}
	}
	return problems
}

// pages lets work see the rows of a table in the order of their ids; of one that cannot be read, none.
func (e *earlier) pages(ctx context.Context, table string, size int, work func([]foreign.Row) error) error {
	if !e.fit[table] {
		return nil
	}
	for after := ""; ; {
		rows, err := e.source.Rows(ctx, foreign.Query{Table: table, Order: "ID", After: after, Limit: size})
		if err != nil || len(rows) == 0 {
			return err
		}
		after = rows[len(rows)-1].Text("ID")
		if err := work(rows); err != nil {
			return fmt.Errorf("%s up to %s: %w", table, after, err)
		}
	}
}

// of returns rows of a table by the values of a column; of one that cannot be read, none.
func (e *earlier) of(ctx context.Context, table, column string, values []string) ([]foreign.Row, error) {
	if !e.fit[table] {
		return nil, nil
	}
	return e.source.Rows(ctx, foreign.Query{Table: table, Column: column, In: values, Order: "ID"})
}

// unread tells of what has no place here yet.
func (e *earlier) unread(ctx context.Context) error {
	for _, t := range []struct{ table, kind, problem string }{
		{designHistoryTable, "design history", "the history of designs comes with the designer"},
		{templateTable, "template", "templates of forms come with a later version"},
		{draftTable, "draft", "drafts of forms come with a later version"},
	} {
		if !e.fit[t.table] {
			continue
		}
		n, err := e.source.Count(ctx, t.table)
		if err != nil {
			return err
		}
		if n > 0 {
			e.tell(Line{Kind: t.kind, ID: t.table, Of: n, Outcome: LeftOut, Problems: []string{fmt.Sprintf("not taken: %d rows; %s", n, t.problem)}})
		}
	}
	return nil
}

// texts are the values of a column, without those that are NULL.
func texts(rows []foreign.Row, column string) (list []string) {
	for _, row := range rows {
		if text := row.Text(column); text != "" {
			list = append(list, text)
		}
	}
	return list
}

// oneLine is a text without line breaks and other control characters.
func oneLine(text string) string { return strings.Join(strings.FieldsFunc(text, isBlank), " ") }

func isBlank(r rune) bool { return r <= ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 }

// earlierID is the id that a row of the earlier DIOM, whose ids are numbers, has here.
func earlierID(kind, id string) engine.ID { return ident(kind, "diom:"+id) }
