package main

import (
	"fmt"
	"slices"
)

// goals says what the rounds mean.
func (c *contest) goals() []Goal {
	ratios, whole, commit := c.each(func(r round) float64 { return r.Ratio }),
		c.each(func(r round) float64 { return r.Product.cpu("all") }),
		c.each(func(r round) float64 { return r.Commit.cpu("all") })
	two := Goal{ID: 2, Name: "whole instances/s, product ÷ raw SQL", Value: median(ratios), Unit: "ratio", Target: fmt.Sprintf("≥ %.2f", ratioTarget), Rounds: c.rounds, Detail: c.detail()}
	two.OK = new(two.Value >= ratioTarget)
	three := Goal{ID: 3, Name: "CPU of a whole instance ÷ CPU of a bare commit", Unit: "ratio", Target: fmt.Sprintf("≤ %d", cpuTarget)}
	if base := median(commit); base > 0 {
		three.Value = median(whole) / base
		three.OK = new(three.Value <= cpuTarget)
	} else {
		three.Why = "the servers' processes are not on this machine"
	}
	if why := c.doubt(); why != "" {
		two.OK, two.Why, three.OK, three.Why = nil, why, nil, why
	}
	return []Goal{two, three}
}

// doubt is why the figures are no verdict, or "".
func (c *contest) doubt() string {
	var shares []float64
	for _, r := range c.rounds {
		for _, t := range []turn{r.Product, r.Raw} {
			if t.CPU == nil {
				return "processor time could not be read"
			}
			shares = append(shares, t.CPU.Neighbours)
		}
	}
	if c.rig.processes["database"] == 0 {
		return "the servers' processes are not on this machine"
	}
	return busy(median(shares))
}

func (c *contest) each(of func(round) float64) []float64 {
	list := make([]float64, 0, len(c.rounds))
	for _, r := range c.rounds {
		list = append(list, of(r))
	}
	return list
}

func (t turn) cpu(process string) float64 {
	if t.CPU == nil {
		return 0
	}
	return t.CPU.PerOp[process]
}

func (t turn) share(of func(*spent) float64) float64 {
	if t.CPU == nil {
		return 0
	}
	return 100 * of(t.CPU)
}

// detail is what stands behind the ratio: medians over the rounds.
func (c *contest) detail() map[string]float64 {
	found := map[string]float64{"bytes on the wire an instance, product = raw": float64(c.bytes)}
	ratios := c.each(func(r round) float64 { return r.Ratio })
	found["ratio, smallest"], found["ratio, largest"] = slices.Min(ratios), slices.Max(ratios)
	found["ratio of CPU, raw ÷ product"] = median(c.each(func(r round) float64 { return r.Raw.cpu("all") / max(r.Product.cpu("all"), 1) }))
	found["ratio, raw instances ÷ bare commits"] = median(c.each(func(r round) float64 { return r.Raw.PerSecond / r.Commit.PerSecond }))
	for name, of := range map[string]func(round) turn{
		"product": func(r round) turn { return r.Product }, "raw": func(r round) turn { return r.Raw }, "bare commit": func(r round) turn { return r.Commit },
	} {
		rates := c.each(func(r round) float64 { return of(r).PerSecond })
		found[name+", a second"] = median(rates)
		found[name+", a second, smallest"], found[name+", a second, largest"] = slices.Min(rates), slices.Max(rates)
		for _, process := range []string{"database", "redis", "product", "load", "all"} {
			found[name+", CPU µs: "+process] = median(c.each(func(r round) float64 { return of(r).cpu(process) }))
		}
		found[name+", idle %"] = median(c.each(func(r round) float64 { return of(r).share(func(s *spent) float64 { return s.Idle }) }))
		found[name+", neighbours %"] = median(c.each(func(r round) float64 { return of(r).share(func(s *spent) float64 { return s.Neighbours }) }))
	}
	found["product, events unsent at the end of a turn"] = median(c.each(func(r round) float64 { return float64(r.Product.Backlog) }))
	return found
}
