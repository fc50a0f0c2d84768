// Package top shows what the processes of an installation do at the moment, from their metrics.
package top

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

const (
	patience = 3 * time.Second
	// maxScrape bounds what is read of one process.
	maxScrape = 32 << 20
)

// Sample is what all processes told at one moment.
type Sample struct {
	At        time.Time
	Processes int
	Failures  []error
	// families are those of each process that has answered.
	families []map[string]*dto.MetricFamily
}

// Scrape asks every URL at once.
func Scrape(ctx context.Context, urls []string) Sample {
	s := Sample{At: time.Now(), Processes: len(urls)}
	var mutex sync.Mutex
	var all sync.WaitGroup
	for _, url := range urls {
		all.Go(func() {
			families, err := scrape(ctx, url)
			mutex.Lock()
			defer mutex.Unlock()
			if err != nil {
				s.Failures = append(s.Failures, fmt.Errorf("%s: %w", url, err))
				return
			}
			s.families = append(s.families, families)
		})
	}
	all.Wait()
	return s
}

func scrape(ctx context.Context, url string) (_ map[string]*dto.MetricFamily, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", response.StatusCode)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return parser.TextToMetricFamilies(io.LimitReader(response.Body, maxScrape))
}

// each calls do with every series of a metric.
func (s Sample) each(name string, do func(*dto.Metric)) {
	for _, families := range s.families {
		for _, m := range families[name].GetMetric() {
			do(m)
		}
	}
}

// sum adds the values of a counter or gauge over all series.
func (s Sample) sum(name string) (total float64) {
	s.each(name, func(m *dto.Metric) { total += m.GetCounter().GetValue() + m.GetGauge().GetValue() })
	return total
}

// most is the largest value of a gauge.
func (s Sample) most(name string) (value float64) {
	s.each(name, func(m *dto.Metric) { value = max(value, m.GetGauge().GetValue()) })
	return value
}

func label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

// spread is a histogram, summed over series: how many, how long together, and how many up to each bound.
type spread struct {
	count   float64
	seconds float64
	failed  float64 // of these, those with a code of 5xx
	upTo    map[float64]float64
}

func (h *spread) add(m *dto.Metric, sign float64) {
	g := m.GetHistogram()
	h.count += sign * float64(g.GetSampleCount())
	h.seconds += sign * g.GetSampleSum()
	if strings.HasPrefix(label(m, "code"), "5") {
		h.failed += sign * float64(g.GetSampleCount())
	}
	for _, b := range g.GetBucket() {
		h.upTo[b.GetUpperBound()] += sign * float64(b.GetCumulativeCount())
	}
}

// between returns what a histogram has counted from one sample to the next, by a label; "" is all together. A process
// that began anew counts from zero.
func between(before, now Sample, name, by string) map[string]*spread {
	list := map[string]*spread{}
	take := func(s Sample, sign float64) {
		s.each(name, func(m *dto.Metric) {
			key := label(m, by)
			if list[key] == nil {
				list[key] = &spread{upTo: map[float64]float64{}}
			}
			list[key].add(m, sign)
		})
	}
	take(now, 1)
	take(before, -1)
	for key, h := range list {
		if h.count < 0 || h.seconds < 0 {
			list[key] = &spread{upTo: map[float64]float64{}}
		}
	}
	return list
}

// quantile is the least bound that so large a share stays below; 0 where nothing was counted, infinite past the last.
func (h *spread) quantile(share float64) float64 {
	if h == nil || h.count <= 0 {
		return 0
	}
	found := math.Inf(1)
	for bound, n := range h.upTo {
		if n >= share*h.count && bound < found {
			found = bound
		}
	}
	return found
}
