package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/page"
)

// list is a kind of list: what to read, in which order, and how.
type list[T any] struct {
	columns string // what follows SELECT, up to and with FROM and its joins
	count   string // the same table for a count
	sort    order
	scan    func(*sql.Rows) (T, error)
	key     func(T) []string // of a row, as the order wants it
}

// order is the keyset of a list: a column, and an id that makes it unique. unique alone means that
// column is unique by itself; its values are texts unless it is the id.
type order struct {
	column string
	id     string
	unique bool
}

// byID orders by an id, which is the time of creation.
func byID(column string) order { return order{column: column, id: column, unique: true} }

// byName orders by a unique text.
func byName(column string) order { return order{column: column, unique: true} }

// errCursor: the key inside a cursor is not one of the list's; a forged cursor is the caller's fault.
var errCursor = fault.New(fault.Malformed, "bad_cursor", "The cursor is not one of this list, filter and sort.")

// maxCount bounds what a count costs; a longer list says so by having exactly this many.
const maxCount = 10_000

// read returns one page in one round trip, two with a count. A page is shown: it may come from the replica.
func (l list[T]) read(ctx context.Context, s *Store, q query, r page.Request) (page.Page[T], error) {
	ctx = database.ToShow(ctx)
	var total *int
	if r.Count {
		total = new(int)
		text := `SELECT COUNT(*) FROM (SELECT 1 FROM ` + l.count + q.text() + ` LIMIT ?) AS counted`
		if err := s.DB.QueryRow(ctx, []any{total}, text, append(append([]any(nil), q.arguments...), maxCount)...); err != nil {
			return page.Page[T]{}, fmt.Errorf("count of %s: %w", l.count, err)
		}
	}
	text, err := l.statement(&q, r)
	if err != nil {
		return page.Page[T]{}, err
	}
	rows, err := s.DB.Query(ctx, text, q.arguments...)
	items, err := collect(rows, err, l.scan)
	if err != nil {
		return page.Page[T]{}, fmt.Errorf("list of %s: %w", l.count, err)
	}
	p := page.Fill(r, items, l.key)
	p.Total = total
	return p, nil
}

// statement returns the text of a page and completes the arguments of q.
func (l list[T]) statement(q *query, r page.Request) (string, error) {
	compare, direction := ">", ""
	if !r.Ascending() {
		compare, direction = "<", " DESC"
	}
	if err := q.after(r.After, l.sort, compare); err != nil {
		return "", err
	}
	by := l.sort.column + direction
	if !l.sort.unique {
		by += ", " + l.sort.id + direction
	}
	q.arguments = append(q.arguments, r.Limit+1)
	return `SELECT ` + l.columns + q.text() + " ORDER BY " + by + " LIMIT ?", nil
}

// query gathers the conditions of a list. Every piece of text is a constant of this package.
type query struct {
	conditions []string
	arguments  []any
}

func (q *query) where(condition string, arguments ...any) {
	q.conditions = append(q.conditions, condition)
	q.arguments = append(q.arguments, arguments...)
}

func (q *query) equal(column, value string) {
	if value != "" {
		q.where(column+" = ?", value)
	}
}

func (q *query) equalID(column string, id engine.ID) {
	if !id.IsZero() {
		q.where(column+" = ?", id[:])
	}
}

func (q *query) text() string {
	if len(q.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(q.conditions, " AND ")
}

// after continues behind the row that key names.
func (q *query) after(key []string, o order, compare string) error {
	switch {
	case len(key) == 0:
		return nil
	case o.unique && o.id == "":
		q.where(o.column+" "+compare+" ?", key[0])
		return nil
	}
	id, err := engine.ParseID(key[len(key)-1])
	switch {
	case err != nil || !o.unique && len(key) != 2:
		return errCursor
	case o.unique:
		q.where(o.id+" "+compare+" ?", id[:])
	default:
		q.where("("+o.column+" "+compare+" ? OR ("+o.column+" = ? AND "+o.id+" "+compare+" ?))", key[0], key[0], id[:])
	}
	return nil
}

// found reports whether a read finds a row; text selects the number 1.
func (s *Store) found(ctx context.Context, text string, arguments ...any) (bool, error) {
	var one int
	err := s.DB.QueryRow(ctx, []any{&one}, text, arguments...)
	return err == nil, absent(err, nil)
}

// collect reads all rows with scan.
func collect[T any](rows *sql.Rows, err error, scan func(*sql.Rows) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var items []T
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, database.Classify(rows.Err())
}

// into returns a scan of the columns into the fields of a T.
func into[T any](fields func(*T) []any) func(*sql.Rows) (T, error) {
	return func(rows *sql.Rows) (T, error) {
		var item T
		err := rows.Scan(fields(&item)...)
		return item, err
	}
}
