// Package foreign reads a database that another product has written: rows by the names of their columns, whichever
// of them there are. Everything is read as it was at one moment, and nothing can be written.
package foreign

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"diom.io/workflow/shared/database"
)

// What a query names and the database has not.
var (
	ErrNoTable  = errors.New("there is no such table")
	ErrNoColumn = errors.New("there is no such column")
)

// Source is one look at a foreign database.
type Source struct {
	tx     *sql.Tx
	zone   *time.Location
	tables map[string]table // by the name in lower case
}

// table is a table as it is there.
type table struct {
	name    string          // as it is written
	columns map[string]bool // by the name in upper case
}

// Read runs work on the database as it is now. zone is where a DATETIME of it is meant.
func Read(ctx context.Context, dsn string, zone *time.Location, work func(*Source) error) error {
	db, err := database.Open(dsn, database.Options{Pool: 1})
	if err != nil {
		return errors.New("the name of the source database is malformed") // the driver's words repeat it, password and all
	}
	err = db.InSnapshot(ctx, func(tx *sql.Tx) error {
		s := &Source{tx: tx, zone: zone, tables: map[string]table{}}
		columns, err := s.query(ctx, `SELECT table_name AS of_table, column_name AS name FROM information_schema.columns WHERE table_schema = DATABASE()`)
		if err != nil {
			return err
		}
		for _, row := range columns {
			key := strings.ToLower(row.Text("OF_TABLE"))
			if s.tables[key].columns == nil {
				s.tables[key] = table{row.Text("OF_TABLE"), map[string]bool{}}
			}
			s.tables[key].columns[strings.ToUpper(row.Text("NAME"))] = true
		}
		return work(s)
	})
	return errors.Join(err, db.Close())
}

// Has reports whether there is a table.
func (s *Source) Has(table string) bool { return s.tables[strings.ToLower(table)].name != "" }

// HasColumn reports whether there is a column of a table.
func (s *Source) HasColumn(table, column string) bool {
	return s.tables[strings.ToLower(table)].columns[strings.ToUpper(column)]
}

// Count returns how many rows a table has, or ErrNoTable.
func (s *Source) Count(ctx context.Context, table string) (int, error) {
	name, err := s.quoted(table)
	if err != nil {
		return 0, err
	}
	n := 0
	err = s.tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM `+name).Scan(&n)
	return n, database.Classify(err)
}

// quoted is the name of a table in a statement.
func (s *Source) quoted(table string) (string, error) {
	name := s.tables[strings.ToLower(table)].name
	if name == "" {
		return "", fmt.Errorf("%s: %w", table, ErrNoTable)
	}
	return "`" + strings.ReplaceAll(name, "`", "``") + "`", nil
}

// Query selects rows of a table: those in which Column is one of In, or all; of these the first Limit ones by
// Order, beyond After. Names are this product's own words, never input.
type Query struct {
	Table  string
	Column string
	In     []string
	Null   string // a column that has to be NULL
	Order  string // the column to sort by, which identifies a row where After and Limit are used
	After  string
	Limit  int
}

// Rows returns what a query selects, ErrNoTable or ErrNoColumn.
func (s *Source) Rows(ctx context.Context, q Query) ([]Row, error) {
	name, err := s.quoted(q.Table)
	if err != nil {
		return nil, err
	}
	for _, column := range []string{q.Column, q.Null, q.Order} {
		if column != "" && !s.HasColumn(q.Table, column) {
			return nil, fmt.Errorf("%s.%s: %w", q.Table, column, ErrNoColumn)
		}
	}
	if q.Column != "" && len(q.In) == 0 {
		return nil, nil
	}
	where, arguments := q.conditions()
	text := `SELECT * FROM ` + name
	if len(where) > 0 {
		text += ` WHERE ` + strings.Join(where, ` AND `)
	}
	if q.Order != "" {
		text += ` ORDER BY ` + q.Order
	}
	if q.Limit > 0 {
		text += ` LIMIT ` + strconv.Itoa(q.Limit)
	}
	rows, err := s.query(ctx, text, arguments...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", q.Table, err)
	}
	return rows, nil
}

// conditions are those of a query, with their arguments.
func (q Query) conditions() (where []string, arguments []any) {
	if q.Column != "" {
		where = append(where, q.Column+` IN (`+strings.TrimSuffix(strings.Repeat("?,", len(q.In)), ",")+`)`)
		for _, value := range q.In {
			arguments = append(arguments, value)
		}
	}
	if q.Null != "" {
		where = append(where, q.Null+` IS NULL`)
	}
	if q.After != "" {
		where = append(where, q.Order+` > ?`)
		arguments = append(arguments, q.After)
	}
	return where, arguments
}

func (s *Source) query(ctx context.Context, text string, arguments ...any) ([]Row, error) {
	rows, err := s.tx.QueryContext(ctx, text, arguments...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	var list []Row
	for rows.Next() {
		values := make([]any, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		row := Row{}
		for i, c := range columns {
			row[strings.ToUpper(c.Name())] = s.value(values[i], c.DatabaseTypeName())
		}
		list = append(list, row)
	}
	return list, database.Classify(rows.Err())
}

// value gives a DATETIME its zone: a TIMESTAMP has one.
func (s *Source) value(v any, kind string) any {
	at, ok := v.(time.Time)
	if !ok || kind == "TIMESTAMP" {
		return v
	}
	return time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), s.zone).UTC()
}

// Row is a row by the upper-case names of its columns. A column that is not there is as one that is NULL.
type Row map[string]any

// Text returns a column as text, empty for NULL.
func (r Row) Text(column string) string {
	switch v := r[column].(type) {
	case nil:
		return ""
	case []byte:
		return string(v)
	case time.Time:
		return v.Format(time.RFC3339Nano)
	default:
		return fmt.Sprint(v)
	}
}

// First returns the first of some columns that holds text: products rename their columns.
func (r Row) First(columns ...string) string {
	for _, c := range columns {
		if text := r.Text(c); text != "" {
			return text
		}
	}
	return ""
}

// Bytes returns a column of bytes.
func (r Row) Bytes(column string) []byte {
	v, _ := r[column].([]byte)
	return v
}

// Int returns a whole number, 0 for NULL. A BIT is one.
func (r Row) Int(column string) int64 {
	text := r.Text(column)
	if len(text) == 1 && text[0] < '0' {
		return int64(text[0])
	}
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}

// Is reports whether a column holds something.
func (r Row) Is(column string) bool { return r[column] != nil }

// Time returns a point in time, zero for NULL.
func (r Row) Time(column string) time.Time {
	at, _ := r[column].(time.Time)
	return at
}
