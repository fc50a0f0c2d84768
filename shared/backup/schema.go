package backup

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// schema is the text of everything in a database but its rows, as bytes: a routine's are in the character
// set of the client that made it.
type schema struct {
	Charset   string    `json:"charset"`
	Collation string    `json:"collation"`
	Tables    []table   `json:"tables"`
	Routines  []routine `json:"routines,omitempty"`
	Views     []routine `json:"views,omitempty"`
	Triggers  []routine `json:"triggers,omitempty"`
	Events    []routine `json:"events,omitempty"`
	sizes     []int64   // of the tables in bytes, about
	version   int64     // of the last migration
}

type table struct {
	Name    string   `json:"name"`
	Create  []byte   `json:"create"`
	Columns []column `json:"columns"`
	// Key are the columns of the primary key; none where it has none, or one of prefixes.
	Key []string `json:"key,omitempty"`
}

// routine is what the server keeps as a text: a view, procedure, function, package, trigger or event.
type routine struct {
	Kind   string `json:"kind"` // PROCEDURE, VIEW, …
	Name   string `json:"name"`
	Create []byte `json:"create"`
	// The session that it was made in, and is made in again. A view has no mode and no database collation,
	// only an event has a time zone.
	Mode      string `json:"mode,omitempty"`
	TimeZone  string `json:"timeZone,omitempty"`
	Client    string `json:"client"`
	Collation string `json:"collation"`
	Database  string `json:"databaseCollation,omitempty"`
}

// migrationTable is where the migrations write what they have done.
const migrationTable = "schema_migration"

// readSchema reads the schema of the server's database: ErrUnsupported, ErrRights.
func (s *server) readSchema(ctx context.Context, c *sql.Conn) (*schema, error) {
	var out schema
	rows, err := texts(ctx, c, "SELECT default_character_set_name, default_collation_name FROM information_schema.schemata WHERE schema_name = DATABASE()")
	if err != nil {
		return nil, err
	}
	if len(rows) != 1 {
		return nil, fmt.Errorf("database %s: %w", s.name, ErrRights)
	}
	out.Charset, out.Collation = rows[0][0], rows[0][1]
	if err := s.readTables(ctx, c, &out); err != nil {
		return nil, err
	}
	for _, kind := range []struct {
		into  *[]routine
		query string // kind and name
	}{
		{&out.Views, "SELECT 'VIEW', table_name FROM information_schema.views WHERE table_schema = DATABASE() ORDER BY table_name"},
		{&out.Routines, "SELECT routine_type, routine_name FROM information_schema.routines WHERE routine_schema = DATABASE() ORDER BY routine_type, routine_name"},
		{&out.Triggers, "SELECT 'TRIGGER', trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE() ORDER BY event_object_table, action_timing, event_manipulation, action_order"},
		{&out.Events, "SELECT 'EVENT', event_name FROM information_schema.events WHERE event_schema = DATABASE() ORDER BY event_name"},
	} {
		rows, err := texts(ctx, c, kind.query)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			r, err := readRoutine(ctx, c, row[0], row[1])
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", strings.ToLower(row[0]), row[1], err)
			}
			*kind.into = append(*kind.into, r)
		}
	}
	return &out, nil
}

func (s *server) readTables(ctx context.Context, c *sql.Conn, out *schema) error {
	rows, err := texts(ctx, c, "SELECT table_name, table_type, engine, data_length FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type <> 'VIEW' ORDER BY table_name")
	if err != nil {
		return err
	}
	for _, row := range rows {
		// Only a table of InnoDB is read as it was at one moment. A system-versioned one has rows that
		// cannot be written back, a sequence is no table at all.
		if engine := row[2]; row[1] != "BASE TABLE" || (engine != "InnoDB" && engine != "") {
			return fmt.Errorf("table %s (%s, %s): %w", row[0], row[1], engine, ErrUnsupported)
		}
		t, err := readTable(ctx, c, row[0])
		if err != nil {
			return fmt.Errorf("table %s: %w", row[0], err)
		}
		size, _ := strconv.ParseInt(row[3], 10, 64) // an estimate
		out.Tables, out.sizes = append(out.Tables, t), append(out.sizes, size)
		if row[0] == migrationTable {
			versions, err := texts(ctx, c, "SELECT MAX(version_id) FROM "+name(migrationTable))
			if err != nil {
				return err
			}
			out.version, _ = strconv.ParseInt(versions[0][0], 10, 64) // empty: no migration
		}
	}
	return nil
}

func readTable(ctx context.Context, c *sql.Conn, tableName string) (table, error) {
	t := table{Name: tableName}
	created, err := texts(ctx, c, "SHOW CREATE TABLE "+name(tableName))
	if err != nil {
		return t, err
	}
	t.Create = []byte(created[0][1])
	rows, err := texts(ctx, c, "SELECT column_name, data_type, extra, generation_expression FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ? ORDER BY ordinal_position", tableName)
	if err != nil {
		return t, err
	}
	for _, row := range rows {
		if strings.Contains(row[2], "VIRTUAL GENERATED") || strings.Contains(row[2], "STORED GENERATED") || (row[3] != "" && row[3] != "NULL") {
			continue // the server computes it
		}
		kind, known := kinds[strings.ToLower(row[1])]
		if !known {
			return t, fmt.Errorf("column %s of the type %s: %w", row[0], row[1], ErrUnsupported)
		}
		t.Columns = append(t.Columns, column{row[0], kind})
	}
	keys, err := texts(ctx, c, "SELECT column_name, sub_part FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = ? AND index_name = 'PRIMARY' ORDER BY seq_in_index", tableName)
	if err != nil {
		return t, err
	}
	for _, key := range keys {
		if key[1] != "" {
			t.Key = nil
			break
		}
		t.Key = append(t.Key, key[0])
	}
	return t, nil
}

// readRoutine reads the text and the session of one of them. The columns of SHOW CREATE differ by kind.
func readRoutine(ctx context.Context, c *sql.Conn, kind, routineName string) (routine, error) {
	r := routine{Kind: kind, Name: routineName}
	rows, err := texts(ctx, c, "SHOW CREATE "+kind+" "+name(routineName))
	if err != nil {
		return r, err
	}
	row := rows[0]
	var create string
	switch kind {
	case "VIEW": // name, text, client, collation
		create, r.Client, r.Collation = row[1], row[2], row[3]
	case "EVENT": // name, mode, time zone, text, client, collation, database collation
		r.Mode, r.TimeZone, create, r.Client, r.Collation, r.Database = row[1], row[2], row[3], row[4], row[5], row[6]
	default: // name, mode, text, client, collation, database collation
		r.Mode, create, r.Client, r.Collation, r.Database = row[1], row[2], row[3], row[4], row[5]
	}
	if create == "" {
		return r, fmt.Errorf("its text is hidden from this account: %w", ErrRights)
	}
	if kind == "VIEW" { // one that cannot be read could not be made again
		if _, err := texts(ctx, c, "SELECT 1 FROM "+name(routineName)+" LIMIT 0"); isError(err, errInvalidView) {
			return r, fmt.Errorf("it cannot be read: %w", ErrUnsupported)
		}
	}
	r.Create = []byte(create)
	return r, nil
}

var autoIncrement = regexp.MustCompile(` AUTO_INCREMENT=[0-9]+`)

// same reports whether two readings describe the same tables and routines; the next auto-increment goes on.
func (s *schema) same(other *schema) bool {
	tables := slices.EqualFunc(s.Tables, other.Tables, func(a, b table) bool {
		return a.Name == b.Name && autoIncrement.ReplaceAllString(string(a.Create), "") == autoIncrement.ReplaceAllString(string(b.Create), "")
	})
	return tables && slices.EqualFunc(s.routines(), other.routines(), func(a, b routine) bool {
		return a.Kind == b.Kind && a.Name == b.Name && string(a.Create) == string(b.Create)
	})
}

// routines are all of them, in the order in which they can be made: triggers and events last.
func (s *schema) routines() []routine {
	return slices.Concat(s.Routines, s.Views, s.Triggers, s.Events)
}

// names are kind and name of everything, sorted.
func (s *schema) names() []string {
	var list []string
	for _, t := range s.Tables {
		list = append(list, "table "+t.Name)
	}
	for _, r := range s.routines() {
		list = append(list, strings.ToLower(r.Kind)+" "+r.Name)
	}
	slices.Sort(list)
	return list
}
