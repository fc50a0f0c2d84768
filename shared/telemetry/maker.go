package telemetry

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// maker registers metrics and remembers their names.
type maker struct {
	registry prometheus.Registerer
	names    *[]string
}

func newMaker(r prometheus.Registerer) maker { return maker{registry: r, names: new([]string)} }

func (m maker) add(name string, c prometheus.Collector) {
	m.registry.MustRegister(c)
	*m.names = append(*m.names, name)
}

func (m maker) count(name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	m.add(name, c)
	return c
}

func (m maker) counts(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	m.add(name, c)
	return c
}

func (m maker) gauge(name, help string) prometheus.Gauge {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	m.add(name, g)
	return g
}

func (m maker) gauges(name, help string, labels ...string) *prometheus.GaugeVec {
	g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	m.add(name, g)
	return g
}

// times is a histogram of what takes from half a millisecond to ten seconds.
func (m maker) times(name, help string) prometheus.Histogram {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: name, Help: help, Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
	})
	m.add(name, h)
	return h
}

func (m maker) spread(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	m.add(name, h)
	return h
}

// Names returns the names of the product's own metrics, sorted.
func Names() []string {
	m := newMaker(prometheus.NewRegistry())
	newMetrics(m)
	slices.Sort(*m.names)
	return *m.names
}
