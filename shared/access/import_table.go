package access

import (
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"

	"diom.io/workflow/shared/fault"
)

// importColumns are the columns of a table of users by what they may be called, in small letters.
var importColumns = map[string]string{
	"username": "username", "用户名": "username", "displayname": "displayName", "姓名": "displayName", "email": "email", "邮箱": "email",
	"title": "title", "职务": "title", "department": "department", "部门": "department", "roles": "roles", "角色": "roles",
	"groups": "groups", "用户组": "groups", "enabled": "enabled", "启用": "enabled",
}

// importLine is a row of a table behind its first one: what its cells hold that are not empty, by column.
type importLine struct {
	cells map[string]string
	line  int // of the file
}

// readImport reads a table of users. Errors: ErrImport with details.
func readImport(text string) ([]importLine, error) {
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
	r.FieldsPerRecord = -1
	head, err := r.Read()
	if err != nil {
		return nil, badTable(err)
	}
	columns, problems := importHead(head)
	if len(problems) > 0 {
		return nil, ErrImport.With(problems...)
	}
	var lines []importLine
	for {
		record, err := r.Read()
		switch {
		case errors.Is(err, io.EOF):
			return lines, nil
		case err != nil:
			return nil, badTable(err)
		case len(lines) == maxImported:
			return nil, ErrImport.With(fault.Detail{Pointer: "/csv", Code: "too_many", Detail: "A table has at most " + strconv.Itoa(maxImported) + " users: import it in parts."})
		}
		line, _ := r.FieldPos(0)
		if len(record) > len(columns) {
			return nil, ErrImport.With(fault.Detail{Pointer: "/rows/" + strconv.Itoa(len(lines)), Code: "bad_csv", Detail: "The row has more cells than there are columns.", Line: line})
		}
		lines = append(lines, importLine{importCells(columns, record), line})
	}
}

func importHead(head []string) (columns []string, problems []fault.Detail) {
	seen := map[string]bool{}
	for i, name := range head {
		column := importColumns[strings.ToLower(strings.TrimSpace(name))]
		if column == "" || seen[column] {
			problems = append(problems, fault.Detail{Pointer: "/columns/" + strconv.Itoa(i), Code: "unknown_column", Line: 1,
				Detail: "The first row names each column once: username, displayName, email, title, department, roles, groups, enabled."})
		}
		seen[column] = true
		columns = append(columns, column)
	}
	if !seen["username"] {
		problems = append(problems, fault.Detail{Pointer: "/columns", Code: "required", Detail: "There is no column username.", Line: 1})
	}
	return columns, problems
}

// importCells are the cells of a row that say something. An apostrophe before what a spreadsheet would take for a
// formula is none of the text: files of the product have it.
func importCells(columns, record []string) map[string]string {
	cells := map[string]string{}
	for i, cell := range record {
		if rest, quoted := strings.CutPrefix(cell, "'"); quoted && rest != "" && strings.ContainsRune("=+-@", rune(rest[0])) {
			cell = rest
		}
		if cell = strings.TrimSpace(cell); cell != "" {
			cells[columns[i]] = cell
		}
	}
	return cells
}

func badTable(err error) error {
	detail := fault.Detail{Pointer: "/csv", Code: "bad_csv", Detail: "The table is no CSV: it ends before its first row."}
	var wrong *csv.ParseError
	if errors.As(err, &wrong) {
		detail.Line, detail.Detail = wrong.Line, "The table is no CSV: "+wrong.Err.Error()+"."
	}
	return ErrImport.With(detail)
}

// importList are the names in a cell, which blanks, commas or semicolons part.
func importList(cell string) []string {
	return strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(" \t,;，；、", r) })
}

// importFlag is what a cell says of yes and no.
func importFlag(cell string) (is, known bool) {
	switch strings.ToLower(cell) {
	case "true", "yes", "1", "是":
		return true, true
	case "false", "no", "0", "否":
		return false, true
	}
	return false, false
}
