package main

import (
	"context"
	"fmt"
	"strings"
)

const (
	variableBytes = 1 << 10
	sizeTarget    = 4 << 10
)

// measureSize is goal 11: bytes of the tables per waiting instance, from the difference between n and
// 2n instances, which leaves out what an empty table takes.
func measureSize(ctx context.Context, s *servers, o options) ([]Goal, error) {
	p, err := s.product(ctx, "size", nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = p.close() }() // the answer is known by then
	size, err := measureGrowth(ctx, s, p, o.instances)
	if err != nil {
		return nil, err
	}
	g := Goal{ID: 11, Name: "bytes per waiting instance, 1 KB of variables", Value: size["all tables"], Unit: "bytes", Target: "≤ 4096", Detail: size}
	g.OK = new(g.Value <= sizeTarget)
	return []Goal{g}, nil
}

// measureGrowth returns the bytes per instance by table, and of all tables.
func measureGrowth(ctx context.Context, s *servers, p *product, n int) (map[string]float64, error) {
	var sizes [2]map[string]int64
	for i := range sizes {
		say("goal 11: starting %d instances", n)
		if _, err := closedLoop(ctx, 8, n, func(int) error {
			_, err := p.start(ctx, waitingBody)
			return err
		}); err != nil {
			return nil, err
		}
		var err error
		if sizes[i], err = s.tableSizes(ctx, p.database); err != nil {
			return nil, err
		}
	}
	found := map[string]float64{}
	for table, after := range sizes[1] {
		if grown := float64(after-sizes[0][table]) / float64(n); grown != 0 {
			found[table] = grown
			found["all tables"] += grown
		}
	}
	return found, nil
}

// waitingBody starts an instance with 1 KB of variables: the JSON of the object, as text that does
// not compress to nothing.
var waitingBody = `{"businessKey":"LV-2026-000117","variables":` + variables() + `}`

func variables() string {
	var b strings.Builder
	b.WriteString(`{"days":3`)
	for i, seed := 0, uint32(1); b.Len() < variableBytes-1; i++ {
		fmt.Fprintf(&b, `,"field%02d":"`, i)
		for range 24 {
			seed = seed*1664525 + 1013904223
			b.WriteByte("abcdefghijklmnopqrstuvwxyz ,.0123"[seed>>27])
		}
		b.WriteByte('"')
	}
	return b.String() + `}`
}

// tableSizes returns the bytes of the leaf pages in use, data and indexes, of the tables of a database
// after ANALYZE. What InnoDB has reserved beyond them comes by 1 to 4 MB at a time for each index and
// says nothing of an instance.
func (s *servers) tableSizes(ctx context.Context, database string) (map[string]int64, error) {
	tables, err := s.sizes(ctx, "SELECT table_name, 0 FROM information_schema.tables WHERE table_schema = ? AND table_type = 'BASE TABLE'", database)
	if err != nil {
		return nil, err
	}
	for table := range tables {
		if _, err := s.admin.ExecContext(ctx, "ANALYZE TABLE "+database+"."+table); err != nil {
			return nil, err
		}
	}
	return s.sizes(ctx, "SELECT table_name, SUM(stat_value) * @@innodb_page_size FROM mysql.innodb_index_stats WHERE database_name = ? AND stat_name = 'n_leaf_pages' GROUP BY table_name", database)
}

func (s *servers) sizes(ctx context.Context, text, database string) (map[string]int64, error) {
	rows, err := s.admin.QueryContext(ctx, text, database)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[string]int64{}
	for rows.Next() {
		var table string
		var size int64
		if err := rows.Scan(&table, &size); err != nil {
			return nil, err
		}
		found[table] = size
	}
	return found, rows.Err()
}
