package demo

import "time"

// span is a part of a working day, in hours.
type span struct{ from, to int }

var spans = []span{{9, 12}, {13, 18}}

// working returns the first moment from t on at which people work: Monday to Friday, 9 to 12 and 13 to 18.
func (h *history) working(t time.Time) time.Time {
	for t = t.In(h.location); ; t = time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, h.location) {
		if t.Weekday() == time.Saturday || t.Weekday() == time.Sunday {
			continue
		}
		for _, s := range spans {
			from, to := at(t, s.from), at(t, s.to)
			if t.Before(from) {
				return from
			}
			if t.Before(to) {
				return t
			}
		}
	}
}

// later returns the moment so much working time after t.
func (h *history) later(t time.Time, d time.Duration) time.Time {
	for t = h.working(t); ; t = h.working(t) {
		end := at(t, spans[0].to)
		if !t.Before(end) {
			end = at(t, spans[1].to)
		}
		if left := end.Sub(t); d >= left {
			d -= left
			t = end
			continue
		}
		return t.Add(d)
	}
}

// before returns the moment so much working time before the end of the history.
func (h *history) before(d time.Duration) time.Time {
	const slice = 5 * time.Minute
	t := h.Now.In(h.location).Truncate(time.Minute)
	for d > 0 {
		t = t.Add(-slice)
		if h.working(t).Equal(t) {
			d -= slice
		}
	}
	return t
}

// workday returns ten o'clock of the n-th working day before that of t.
func (h *history) workday(t time.Time, n int) time.Time {
	for t = at(t.In(h.location), 10); n > 0; {
		if t = t.AddDate(0, 0, -1); h.working(t).Equal(t) {
			n--
		}
	}
	return t
}

func at(t time.Time, hour int) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), hour, 0, 0, 0, t.Location())
}
