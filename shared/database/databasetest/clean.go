package databasetest

import (
	"context"
	"slices"
	"strings"
)

// clean empties every table and puts the rows of the migrations back, in one transaction.
func (p *place) clean(ctx context.Context) error {
	seeded, err := p.tables(ctx, p.name+"_seed")
	if err != nil {
		return err
	}
	tables, err := p.tables(ctx, p.name)
	if err != nil {
		return err
	}
	var text strings.Builder
	// Foreign keys are off for this connection, so that no order of the tables is wrong.
	text.WriteString("SET foreign_key_checks = 0; BEGIN;")
	for _, table := range tables {
		text.WriteString("DELETE FROM " + p.table(table) + ";")
		if slices.Contains(seeded, table) {
			text.WriteString("INSERT INTO " + p.table(table) + " SELECT * FROM " + p.seed(table) + ";")
		}
	}
	text.WriteString("COMMIT")
	return p.exec(ctx, text.String())
}

func (p *place) tables(ctx context.Context, database string) ([]string, error) {
	rows, err := p.conn.QueryContext(ctx, "SHOW TABLES FROM `"+database+"`")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// exec runs statements of names that this package or a migration gave.
func (p *place) exec(ctx context.Context, text string) error {
	_, err := p.conn.ExecContext(ctx, text)
	return err
}

func (p *place) table(name string) string { return "`" + p.name + "`.`" + name + "`" }
func (p *place) seed(name string) string  { return "`" + p.name + "_seed`.`" + name + "`" }
