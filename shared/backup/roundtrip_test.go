package backup_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/database/databasetest"
)

// types is a column of every data type, with values that something loses where it is not careful.
var types = []struct{ column, values string }{
	{"TINYINT", "-128; 127; NULL"},
	{"TINYINT UNSIGNED", "255; 0; NULL"},
	{"SMALLINT", "-32768"},
	{"MEDIUMINT", "-8388608"},
	{"INT ZEROFILL", "42"},
	{"BIGINT UNSIGNED", "18446744073709551615; NULL"},
	{"BIGINT", "-9223372036854775808"},
	{"DECIMAL(65,30)", "-12345678901234567890123456789012345.123456789012345678901234567890; 0; NULL"},
	{"FLOAT", "3.14159274101257; 1.17549435e-38; -0e0; 3.40282347e38; 16777217; NULL"},
	{"FLOAT(9,3)", "123456.789"},
	{"DOUBLE", "0.1; 2.2250738585072014e-308; 1.7976931348623157e308; -0e0; 123456789.12345678; NULL"},
	{"DOUBLE(20,4)", "1234567890123.4567"},
	{"BIT(1)", "b'1'; b'0'; NULL"},
	{"BIT(64)", "b'1000000000000000000000000000000000000000000000000000000000000001'"},
	{"DATE", "'1000-01-01'; '0000-00-00'; '2021-02-31'; NULL"},
	{"TIME(6)", "'-838:59:59.000000'; '12:00:00.123456'; NULL"},
	{"DATETIME(3)", "'9999-12-31 23:59:59.999'; '0000-00-00 00:00:00'; NULL"},
	{"DATETIME(6)", "'2026-11-28 01:02:03.000001'"},
	{"TIMESTAMP(6) NULL", "'2038-01-19 03:14:07.999999'; '1970-01-01 00:00:01'; NULL"},
	{"YEAR", "1901; 0; 2155; NULL"},
	{"CHAR(20)", "'a  '; ''; '''quoted\\\\'; NULL"},
	{"VARCHAR(200)", "'trailing  '; '\\0\\n\\r\\Z\\t'; '\"`$%_ 请假 😀'; ''; NULL"},
	{"VARCHAR(50) CHARACTER SET latin1", "_latin1 X'8081828D9DA0FF'; 'é€'"},
	{"VARCHAR(50) CHARACTER SET gbk", "_gbk X'815CCEC4'; '请假\\\\'"},
	{"VARCHAR(50) CHARACTER SET utf16", "'😀 a'; ''"},
	{"VARCHAR(50) CHARACTER SET ucs2", "'请\\0'"},
	{"VARCHAR(50) CHARACTER SET utf8mb3", "'请假'"},
	{"VARCHAR(50) CHARACTER SET ascii", "'a'"},
	{"TINYTEXT", "'t'"},
	{"TEXT", "REPEAT('文字😀', 3000); ''; NULL"},
	{"MEDIUMTEXT", "'m'"},
	{"LONGTEXT", "'l'"},
	{"BINARY(8)", "X'00'; X'0102030000000000'; X'FFFFFFFFFFFFFFFF'; NULL"},
	{"VARBINARY(300)", "X'00'; X'27225C00FF0A0D1A'; X'20'; X''; NULL"},
	{"TINYBLOB", "X'00FF'"},
	{"BLOB", "X'EFBBBF00'; X''; NULL"},
	{"MEDIUMBLOB", "REPEAT(X'005C27FF', 100000)"},
	{"LONGBLOB", "REPEAT(X'00FF275C', 4194304)"}, // 16 MiB
	{"ENUM('a','','2','文')", "'a'; ''; '2'; '文'; 0; 3; NULL"},
	{"SET('a','b','3','文')", "''; 'a,3'; 'a,b,3,文'; NULL"},
	{"SET(" + members() + ")", "18446744073709551615; 9223372036854775809"},
	{"JSON", `'{"a": [1, 2.5, null, "\\u00e9 请 😀"], "b": ""}'; '[]'; NULL`},
	{"GEOMETRY", "ST_GeomFromText('POINT(1.5 -2)', 4326); ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1,2 2))'); NULL"},
	{"POLYGON", "ST_GeomFromText('POLYGON((0 0,0 3,3 3,3 0,0 0))')"},
	{"UUID", "'123e4567-e89b-12d3-a456-426655440000'; NULL"},
	{"INET6", "'2001:db8::ff00:42:8329'; '::'; NULL"},
	{"INET4", "'192.0.2.1'; NULL"},
	{"VARCHAR(20) INVISIBLE", "'unseen'"},
}

func members() string {
	list := make([]string, 64)
	for i := range list {
		list[i] = fmt.Sprintf("'m%d'", i)
	}
	return strings.Join(list, ",")
}

// everything fills a database with one table a type and with all else that a database may hold.
func everything(t testing.TB, c *sql.Conn) {
	t.Helper()
	run(t, c, "SET NAMES utf8mb4", "SET SESSION sql_mode = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO'", "SET SESSION time_zone = '+00:00'")
	for i, one := range types {
		run(t, c, fmt.Sprintf("CREATE TABLE type_%d (id INT AUTO_INCREMENT PRIMARY KEY, v %s)", i, one.column))
		for value := range strings.SplitSeq(one.values, "; ") {
			run(t, c, fmt.Sprintf("INSERT INTO type_%d (v) VALUES (%s)", i, value))
		}
	}
	run(t, c,
		"CREATE TABLE `od``d 名 \"t'` (`a``b` INT, `select` VARCHAR(10), `空 格` INT, PRIMARY KEY (`select`, `a``b`))",
		"INSERT INTO `od``d 名 \"t'` VALUES (1, 'x', NULL), (0, 'X', 2) ON DUPLICATE KEY UPDATE `空 格` = 3",
		"CREATE TABLE no_key (a INT, b TEXT)", "INSERT INTO no_key VALUES (1, 'x'), (1, 'x'), (NULL, NULL), (1, 'x')",
		"CREATE TABLE empty (id BIGINT PRIMARY KEY)",
		"CREATE TABLE zero (id INT AUTO_INCREMENT PRIMARY KEY)", "INSERT INTO zero VALUES (0), (7)",
		"CREATE TABLE generated (a INT PRIMARY KEY, b INT AS (a * 2) VIRTUAL, c VARCHAR(20) AS (CONCAT('n', a)) STORED, d DATETIME(3) DEFAULT NOW(3) ON UPDATE NOW(3), UNIQUE (c), KEY (b))",
		"INSERT INTO generated (a) VALUES (1), (2)",
		"CREATE TABLE prefix (a BLOB, b INT, PRIMARY KEY (a(4), b)) COMMENT 'a ''comment'' AUTO_INCREMENT=9'", "INSERT INTO prefix VALUES ('abcdefg', 1), ('abcdefg', 2)",
		"CREATE TABLE child (id INT PRIMARY KEY, parent INT NOT NULL)",
		"CREATE TABLE parent (id INT PRIMARY KEY, favourite INT, FOREIGN KEY (favourite) REFERENCES child (id))",
		"ALTER TABLE child ADD FOREIGN KEY (parent) REFERENCES parent (id) ON DELETE CASCADE",
		"INSERT INTO parent VALUES (1, NULL)", "INSERT INTO child VALUES (10, 1)", "UPDATE parent SET favourite = 10",
		"CREATE TABLE parts (id INT PRIMARY KEY, v INT) PARTITION BY HASH (id) PARTITIONS 3", "INSERT INTO parts VALUES (1, 1), (2, 2), (3, 3), (4, 4)",
		"CREATE TABLE checked (v INT CHECK (v > 0))", "SET SESSION check_constraint_checks = 0", "INSERT INTO checked VALUES (-1)",
		"CREATE TABLE latin (v VARCHAR(10)) CHARACTER SET latin1 COLLATE latin1_german1_ci COMMENT '文'", "INSERT INTO latin VALUES ('ü')",
		"CREATE TABLE audit (what VARCHAR(100))",
		"CREATE FUNCTION plus(a INT) RETURNS INT DETERMINISTIC RETURN a + 1",
		"CREATE PROCEDURE add_audit(IN what VARCHAR(100)) SQL SECURITY INVOKER COMMENT '文' BEGIN DECLARE x INT DEFAULT 1; INSERT INTO audit VALUES (CONCAT(what, ' -- 请 ; $$')); END",
		// The names are sorted: a view is made after the one that it reads.
		"CREATE VIEW zview AS SELECT id, plus(parent) AS next FROM child WHERE id > 1", "CREATE VIEW aview (x) AS SELECT id FROM zview",
		"CREATE TRIGGER child_second AFTER UPDATE ON child FOR EACH ROW INSERT INTO audit VALUES ('second')",
		"CREATE TRIGGER child_first AFTER UPDATE ON child FOR EACH ROW PRECEDES child_second INSERT INTO audit VALUES ('first')",
		"SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'",
		`CREATE TRIGGER "child ansi" BEFORE DELETE ON child FOR EACH ROW INSERT INTO "audit" VALUES ('a\')`,
		"SET SESSION sql_mode = ''", "SET SESSION time_zone = '+08:00'",
		"CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 02:00:00' ON COMPLETION PRESERVE DISABLE COMMENT '夜' DO CALL add_audit('event')",
	)
	// A routine from a client that speaks latin1: its text is no UTF-8.
	run(t, c, "SET NAMES latin1", "CREATE FUNCTION umlaut() RETURNS VARCHAR(10) CHARSET latin1 NO SQL RETURN '\xfc'", "SET NAMES utf8mb4")
	// A routine from when the database had another collation.
	var database string
	if err := c.QueryRowContext(t.Context(), "SELECT DATABASE()").Scan(&database); err != nil {
		t.Fatal(err)
	}
	run(t, c, "ALTER DATABASE `"+database+"` COLLATE latin1_swedish_ci", "CREATE FUNCTION older() RETURNS VARCHAR(10) NO SQL RETURN 'x'",
		"ALTER DATABASE `"+database+"` COLLATE utf8mb4_bin")
}

// state is everything that can be seen of a database.
func state(t testing.TB, c *sql.Conn) map[string][]string {
	t.Helper()
	run(t, c, "SET NAMES binary", "SET SESSION sql_mode = ''", "SET SESSION time_zone = '+00:00'")
	all := map[string][]string{"database": rows(t, c, "SELECT default_collation_name FROM information_schema.schemata WHERE schema_name = DATABASE()")}
	names := func(query string) []string {
		list := rows(t, c, query)
		for i, line := range list {
			list[i] = strings.TrimSuffix(strings.TrimPrefix(line, `n="`), `" `)
		}
		return list
	}
	for _, table := range names("SELECT HEX(table_name) n FROM information_schema.tables WHERE table_schema = DATABASE()") {
		table = unhex(t, c, table)
		all["create "+table] = rows(t, c, "SHOW CREATE TABLE "+table)
		content := rows(t, c, "SELECT * FROM "+table)
		slices.Sort(content)
		all["rows "+table] = content
	}
	for _, kind := range []string{"FUNCTION", "PROCEDURE"} {
		for _, one := range names("SELECT routine_name n FROM information_schema.routines WHERE routine_schema = DATABASE() AND routine_type = '" + kind + "'") {
			all[kind+one] = rows(t, c, "SHOW CREATE "+kind+" "+one)
		}
	}
	all["triggers"] = rows(t, c, "SELECT trigger_name, event_manipulation, event_object_table, action_order, action_statement, action_timing, sql_mode, definer, character_set_client, collation_connection, database_collation FROM information_schema.triggers WHERE trigger_schema = DATABASE() ORDER BY 1, 2, 3, 4")
	all["events"] = rows(t, c, "SHOW CREATE EVENT nightly")
	return all
}

func unhex(t testing.TB, c *sql.Conn, hexed string) string {
	t.Helper()
	var plain string
	if err := c.QueryRowContext(t.Context(), "SELECT CONCAT('`', REPLACE(UNHEX('"+hexed+"'), '`', '``'), '`')").Scan(&plain); err != nil {
		t.Fatal(err)
	}
	return plain
}

// Everything that was in a database is in the restored one, byte for byte.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	dsn := databasetest.Empty(t)
	source := open(t, dsn)
	everything(t, source)
	made := r.make(dsn)
	if made.Views != 2 || made.Routines != 4 || made.Triggers != 3 || made.Events != 1 || made.LargestValue != 16<<20 || !made.Encrypted {
		t.Errorf("%+v", made)
	}
	verified, err := r.Verify(t.Context(), made.ID, nil)
	if err != nil || verified.Rows() != made.Rows() {
		t.Fatalf("verify: %+v %v", verified, err)
	}
	target := open(t, r.restore("latest"))
	before, after := state(t, source), state(t, target)
	if len(before) < 60 {
		t.Errorf("only %d parts were compared", len(before))
	}
	if d := cmp.Diff(before, after); d != "" {
		t.Errorf("the restored database differs: %.4000s", d)
	}
	// What the server computes is computed again: triggers run, in their order.
	run(t, target, "UPDATE child SET parent = 1 WHERE id = 10", "CALL add_audit('x')")
	if got := rows(t, target, "SELECT what FROM audit"); len(got) != 3 || got[0] != `what="first" ` {
		t.Errorf("%q", got)
	}
	again := r.make(dsn)
	if again.ID == made.ID || again.Rows() != made.Rows() {
		t.Errorf("a second backup: %s, %d rows", again.ID, again.Rows())
	}
}
