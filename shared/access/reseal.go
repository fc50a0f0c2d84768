package access

import (
	"context"
	"fmt"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/store"
)

// resealBatch is how many rows one transaction of a rotation changes.
const resealBatch = 100

// Resealed is what a rotation of the data keys has done with a column: values it looked at, those that it sealed anew,
// and those that it could not open.
type Resealed struct {
	Table    string `json:"table"`
	Values   int    `json:"values"`
	Resealed int    `json:"resealed"`
	Failed   int    `json:"failed"`
}

// Reseal seals every sealed value with the first of the live data keys that is sealed with another one, in batches, and
// returns the counts by column. It can be broken off and run again, and the product may serve meanwhile: every
// process that has both keys reads both. failed is told of each value that cannot be opened; it stays as it is.
func (s *Service) Reseal(ctx context.Context, failed func(Place, error)) ([]Resealed, error) {
	if s.data.byID[s.data.first] == nil {
		return nil, errNoDataKey
	}
	var done []Resealed
	for _, c := range store.SealedColumns() {
		r := resealing{Resealed: Resealed{Table: c.Table}, column: c, failed: failed}
		if err := s.resealColumn(ctx, &r); err != nil {
			return done, fmt.Errorf("%s: %w", c.Table, err)
		}
		done = append(done, r.Resealed)
	}
	return done, nil
}

// resealing is the rotation of one column.
type resealing struct {
	Resealed
	column store.SealedColumn
	failed func(Place, error)
}

func (s *Service) resealColumn(ctx context.Context, r *resealing) error {
	for after := (engine.ID{}); ; {
		values, err := s.store.SealedValues(ctx, r.column, after, resealBatch)
		if err != nil || len(values) == 0 {
			return err
		}
		after = values[len(values)-1].ID
		r.Values += len(values)
		earlier, later := s.resealed(values, r)
		n, err := s.store.ReplaceSealed(ctx, r.column, earlier, later)
		if err != nil {
			return err
		}
		r.Resealed.Resealed += n
	}
}

// resealed returns, of some values, those that another key has sealed, before and after.
func (s *Service) resealed(values []store.SealedValue, r *resealing) (earlier, later []store.SealedValue) {
	for _, v := range values {
		if id, _, ok := sealedWith(v.Sealed); ok && id == s.data.first {
			continue
		}
		place := Place{Table: r.column.Table, ID: v.ID, Field: r.column.Field}
		value, err := s.Open(place, v.Sealed)
		if err == nil {
			value, err = s.Seal(place, value)
		}
		if err != nil {
			r.Failed++
			r.failed(place, err)
			continue
		}
		earlier, later = append(earlier, v), append(later, store.SealedValue{ID: v.ID, Sealed: value})
	}
	return earlier, later
}
