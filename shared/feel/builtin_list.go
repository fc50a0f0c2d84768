package feel

import (
	"slices"

	"github.com/cockroachdb/apd/v3"
)

// lists are the functions on lists (DMN §10.3.4.4).
var lists = map[string][]signature{
	"list contains":   {sig("list l, element a", listContains)},
	"count":           {sig("list l", func(_ *Run, a []Value) Value { return integer(int64(len(asList(a[0])))) })},
	"min":             {sig("list v*", func(r *Run, a []Value) Value { return r.extreme(asList(a[0]), -1) })},
	"max":             {sig("list v*", func(r *Run, a []Value) Value { return r.extreme(asList(a[0]), 1) })},
	"sum":             {sig("list v*", sum)},
	"mean":            {sig("list v*", mean)},
	"all":             {sig("list v*", func(r *Run, a []Value) Value { return r.fold(asList(a[0]), true, and) })},
	"any":             {sig("list v*", func(r *Run, a []Value) Value { return r.fold(asList(a[0]), false, or) })},
	"sublist":         {sig("list l, start position n, length n?", sublist)},
	"append":          {sig("list l, item a*", appendItems)},
	"concatenate":     {sig("list a*", concatenate)},
	"insert before":   {sig("list l, position n, newItem a", insertBefore)},
	"remove":          {sig("list l, position n", remove)},
	"list replace":    {sig("list l, position n, newItem a", replaceAt), sig("list l, match f, newItem a", replaceMatching)},
	"reverse":         {sig("list l", reverse)},
	"index of":        {sig("list l, match a", indexOf)},
	"union":           {sig("list a*", union)},
	"distinct values": {sig("list l", func(r *Run, a []Value) Value { return r.distinct(asList(a[0])) })},
	"flatten":         {sig("list l", func(r *Run, a []Value) Value { return r.flatten(asList(a[0])) })},
	"product":         {sig("list v*", product)},
	"median":          {sig("list v*", median)},
	"stddev":          {sig("list v*", stddev)},
	"mode":            {sig("list v*", mode)},
	"sort":            {sig("list l, precedes f?", sortList)},
}

func listContains(r *Run, a []Value) Value {
	return slices.ContainsFunc(asList(a[0]), func(e Value) bool { return r.Equal(e, a[1]) })
}

// extreme is the least (-1) or the greatest (1) element.
func (r *Run) extreme(l List, sign int) Value {
	if len(l) == 0 {
		return r.Fail("the list is empty")
	}
	best := l[0]
	for _, e := range l {
		c, ok := order(e, best)
		if !ok {
			return r.Fail("%s and %s have no order", kindOf(e), kindOf(best))
		}
		if c*sign > 0 {
			best = e
		}
	}
	return best
}

// figures are the numbers of a list; false, with a diagnostic, when it is empty or holds anything else.
func (r *Run) figures(v Value) ([]*apd.Decimal, bool) {
	l := asList(v)
	numbers := make([]*apd.Decimal, len(l))
	for i, e := range l {
		d, ok := e.(*apd.Decimal)
		if !ok {
			r.Fail("a %s is no number", kindOf(e))
			return nil, false
		}
		numbers[i] = d
	}
	if len(l) == 0 {
		r.Fail("the list is empty")
	}
	return numbers, len(l) > 0 && r.step(len(l))
}

func (r *Run) accumulate(v Value, f operation) Value {
	numbers, ok := r.figures(v)
	if !ok {
		return nil
	}
	var result Value = numbers[0]
	for _, d := range numbers[1:] {
		if result = r.compute(f, asNumber(result), d); result == nil {
			return nil
		}
	}
	return result
}

func sum(r *Run, a []Value) Value {
	if l := asList(a[0]); len(l) > 0 && !isNumber(l[0]) {
		return r.sumDurations(l)
	}
	return r.accumulate(a[0], decimals.Add)
}

func (r *Run) sumDurations(l List) Value {
	result := l[0]
	for _, e := range l[1:] {
		if kindOf(e) != kindOf(result) {
			return r.Fail("a %s and a %s have no sum", kindOf(result), kindOf(e))
		}
		result = r.add(result, e)
	}
	switch result.(type) {
	case Months, Span:
		return result
	}
	return r.Fail("a %s is no number", kindOf(l[0]))
}

func product(r *Run, a []Value) Value { return r.accumulate(a[0], decimals.Mul) }

func mean(r *Run, a []Value) Value {
	total, ok := sum(r, a).(*apd.Decimal)
	if !ok {
		return nil
	}
	return r.divide(total, integer(int64(len(asList(a[0])))))
}

// fold is three-valued; an element that is no boolean counts as null.
func (r *Run) fold(l List, start bool, f func(a, b Value) Value) Value {
	var result Value = start
	for _, e := range l {
		result = f(result, e)
	}
	if result == nil {
		return r.Fail("an element is no boolean")
	}
	return result
}

// begin turns a position from 1, or from the end, into an index; false when it is not in the list.
func begin(position int64, n int) (int, bool) {
	if position < 0 {
		position += int64(n) + 1
	}
	return int(position) - 1, position >= 1 && position <= int64(n)
}

func sublist(r *Run, a []Value) Value {
	l := asList(a[0])
	position, ok := r.position(a[1])
	start, within := begin(position, len(l))
	if !ok || !within {
		return r.Fail("sublist: the position is not in the list")
	}
	end := len(l)
	if a[2] != nil {
		length, ok := r.position(a[2])
		if !ok || length < 1 || length > int64(len(l)-start) {
			return r.Fail("sublist: the length is not within the list")
		}
		end = start + int(length)
	}
	return r.list(slices.Clone(l[start:end]))
}

func appendItems(r *Run, a []Value) Value {
	return r.list(append(slices.Clone(asList(a[0])), asList(a[1])...))
}

func concatenate(r *Run, a []Value) Value {
	all := List{}
	for _, e := range asList(a[0]) {
		l, ok := accept('l', e)
		if !ok {
			return r.Fail("concatenate: null is no list")
		}
		if all = append(all, asList(l)...); !r.grow(16 * len(asList(l))) {
			return nil
		}
	}
	return all
}

func insertBefore(r *Run, a []Value) Value {
	l := asList(a[0])
	position, ok := r.position(a[1])
	at, within := begin(position, len(l))
	if !ok || !within {
		return r.Fail("insert before: the position is not in the list")
	}
	return r.list(slices.Insert(slices.Clone(l), at, a[2]))
}

func remove(r *Run, a []Value) Value {
	l := asList(a[0])
	position, ok := r.position(a[1])
	at, within := begin(position, len(l))
	if !ok || !within {
		return r.Fail("remove: the position is not in the list")
	}
	return r.list(slices.Delete(slices.Clone(l), at, at+1))
}

func replaceAt(r *Run, a []Value) Value {
	l := slices.Clone(asList(a[0]))
	position, ok := r.position(a[1])
	at, within := begin(position, len(l))
	if !ok || !within {
		return r.Fail("list replace: the position is not in the list")
	}
	l[at] = a[2]
	return r.list(l)
}

func replaceMatching(r *Run, a []Value) Value {
	l := slices.Clone(asList(a[0]))
	f, _ := a[1].(*Function)
	for i, e := range l {
		yes, ok := r.Invoke(f, []Value{e, a[2]}, nil).(bool)
		if !ok {
			return r.Fail("list replace: the function gives no boolean")
		}
		if yes {
			l[i] = a[2]
		}
	}
	return r.list(l)
}

func reverse(r *Run, a []Value) Value {
	l := slices.Clone(asList(a[0]))
	slices.Reverse(l)
	return r.list(l)
}

func indexOf(r *Run, a []Value) Value {
	found := List{}
	for i, e := range asList(a[0]) {
		if r.Equal(e, a[1]) {
			found = append(found, integer(int64(i)+1))
		}
	}
	return r.list(found)
}

func union(r *Run, a []Value) Value {
	all, ok := concatenate(r, a).(List)
	if !ok {
		return nil
	}
	return r.distinct(all)
}

func (r *Run) distinct(l List) Value {
	found := List{}
	for _, e := range l {
		if !slices.ContainsFunc(found, func(other Value) bool { return r.Equal(e, other) }) {
			found = append(found, e)
		}
	}
	return r.list(found)
}

func (r *Run) flatten(l List) Value {
	flat := List{}
	var walk func(l List, depth int) bool
	walk = func(l List, depth int) bool {
		if depth > maxWalk || !r.step(1+len(l)) {
			return false
		}
		for _, e := range l {
			inner, ok := e.(List)
			if !ok {
				flat = append(flat, e)
			} else if !walk(inner, depth+1) {
				return false
			}
		}
		return true
	}
	if !walk(l, 0) {
		return r.Fail("flatten: the list nests too deep")
	}
	return r.list(flat)
}

func sorted(numbers []*apd.Decimal) []*apd.Decimal {
	return slices.SortedFunc(slices.Values(numbers), func(a, b *apd.Decimal) int { return a.Cmp(b) })
}

func median(r *Run, a []Value) Value {
	numbers, ok := r.figures(a[0])
	if !ok {
		return nil
	}
	numbers = sorted(numbers)
	n := len(numbers)
	if n%2 == 1 {
		return numbers[n/2]
	}
	total, ok := r.compute(decimals.Add, numbers[n/2-1], numbers[n/2]).(*apd.Decimal)
	if !ok {
		return nil
	}
	return r.divide(total, integer(2))
}

// stddev is that of a sample: at least two numbers.
func stddev(r *Run, a []Value) Value {
	numbers, ok := r.figures(a[0])
	if !ok || len(numbers) < 2 {
		return r.Fail("stddev: there are fewer than two numbers")
	}
	average, ok := mean(r, a).(*apd.Decimal)
	if !ok {
		return nil
	}
	var total Value = integer(0)
	for _, d := range numbers {
		distance := asNumber(r.compute(decimals.Sub, d, average))
		if distance == nil {
			return nil
		}
		square := asNumber(r.compute(decimals.Mul, distance, distance))
		if square == nil {
			return nil
		}
		if total = r.compute(decimals.Add, asNumber(total), square); total == nil {
			return nil
		}
	}
	variance, ok := r.divide(asNumber(total), integer(int64(len(numbers)-1))).(*apd.Decimal)
	if !ok {
		return nil
	}
	return r.root(variance)
}

// mode lists the most frequent numbers in ascending order; none of an empty list.
func mode(r *Run, a []Value) Value {
	if len(asList(a[0])) == 0 {
		return List{}
	}
	numbers, ok := r.figures(a[0])
	if !ok {
		return nil
	}
	found, best, run := List{}, 0, 0
	numbers = sorted(numbers)
	for i, d := range numbers {
		if i > 0 && d.Cmp(numbers[i-1]) == 0 {
			run++
		} else {
			run = 1
		}
		if run > best {
			found, best = List{}, run
		}
		if run == best {
			found = append(found, d)
		}
	}
	return found
}

// sortList merges, so that equal elements keep their order; without a function it sorts by <.
func sortList(r *Run, a []Value) Value {
	f, _ := a[1].(*Function)
	failed := false
	precedes := func(x, y Value) bool {
		if f == nil {
			c, ok := order(x, y)
			failed = failed || !ok
			return c < 0
		}
		yes, ok := r.Invoke(f, []Value{x, y}, nil).(bool)
		failed = failed || !ok
		return yes
	}
	l := slices.Clone(asList(a[0]))
	slices.SortStableFunc(l, func(x, y Value) int {
		switch {
		case failed || r.err != nil:
			return 0
		case precedes(x, y):
			return -1
		case precedes(y, x):
			return 1
		}
		return 0
	})
	if failed {
		return r.Fail("sort: the elements have no order")
	}
	return r.list(l)
}
