package backup

import (
	"fmt"
	"strconv"
	"strings"
)

// A column's kind says how its values are read so that nothing is lost, and written back. It is kept in
// the backup: its words do not change their meaning.
const (
	kindBytes  = "bytes"  // as stored
	kindText   = "text"   // text that the server must know to be text
	kindFloat  = "float"  // all digits, where the plain text has six
	kindNumber = "number" // the number of an ENUM or SET, not its words; a year is one too: 0 is not the text 0, which is 2000
)

type column struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
}

// kinds are those of the data types; another type is refused. Sessions speak the character set binary:
// bytes of a text come as they are stored, whatever its character set.
var kinds = kindsOf(map[string]string{
	kindBytes: "tinyint smallint mediumint int bigint decimal numeric bit date time datetime timestamp " +
		"char varchar tinytext text mediumtext longtext binary varbinary tinyblob blob mediumblob longblob " +
		"geometry point linestring polygon multipoint multilinestring multipolygon geometrycollection geomcollection",
	kindText:   "json uuid inet4 inet6",
	kindFloat:  "float double",
	kindNumber: "enum set year",
})

func kindsOf(words map[string]string) map[string]string {
	byType := map[string]string{}
	for kind, types := range words {
		for t := range strings.FieldsSeq(types) {
			byType[t] = kind
		}
	}
	return byType
}

// expression is the column in a select list.
func (c column) expression() string {
	switch c.Kind {
	case kindFloat: // a double, which is printed so that it is read as the same number; -0 stays -0
		return name(c.Name) + " * 1e0"
	case kindNumber:
		return "CAST(" + name(c.Name) + " AS UNSIGNED)"
	}
	return name(c.Name)
}

// placeholder is the column in a list of values.
func (c column) placeholder() string {
	if c.Kind == kindText {
		return "CONVERT(? USING utf8mb4)"
	}
	return "?"
}

// value is the argument for the placeholder.
func (c column) value(raw []byte) (any, error) {
	switch {
	case raw == nil:
		return nil, nil
	case c.Kind == kindNumber:
		n, err := strconv.ParseUint(string(raw), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, errRow)
		}
		return n, nil
	}
	return raw, nil
}

// query reads all rows, in the order of the primary key where there is one.
func (t table) query() string {
	list := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		list[i] = c.expression()
	}
	text := "SELECT " + strings.Join(list, ", ") + " FROM " + name(t.Name)
	if len(t.Key) == 0 {
		return text
	}
	key := make([]string, len(t.Key))
	for i, k := range t.Key {
		key[i] = name(k)
	}
	return text + " FORCE INDEX (PRIMARY) ORDER BY " + strings.Join(key, ", ")
}

// insert begins the statement that writes rows.
func (t table) insert() string {
	list := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		list[i] = name(c.Name)
	}
	return "INSERT INTO " + name(t.Name) + " (" + strings.Join(list, ", ") + ") VALUES "
}

// row is the list of placeholders of one row.
func (t table) row() string {
	list := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		list[i] = c.placeholder()
	}
	return "(" + strings.Join(list, ", ") + ")"
}
