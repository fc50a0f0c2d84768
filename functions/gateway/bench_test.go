package gateway

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/limit"
)

// BenchmarkGateway compares a call of a function through the gateway in the same process with the call
// alone; the difference is what the gateway costs.
func BenchmarkGateway(b *testing.B) {
	app, log := open(b, true, nil)
	var calls atomic.Int64
	functions := sample(&calls)
	alone := faas.Handler(app, functions[0])
	s := generous()
	s.LimitUser, s.LimitAddress = limit.Rate{Count: 100_000_000, Per: 1e9, Burst: 500_000_000}, limit.Rate{Count: 100_000_000, Per: 1e9, Burst: 500_000_000}
	g, err := newGateway(app, func(string) http.Handler { return alone }, s, tableOf(functions))
	if err != nil {
		b.Fatal(err)
	}
	name, value, _ := strings.Cut(token(b, app, "zhangwei"), ": ")
	for mode, h := range map[string]http.Handler{"alone": alone, "gateway": g} {
		b.Run(mode, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodGet, "/api/v1/things/7", nil)
				r.Header.Set(name, value)
				w := httptest.NewRecorder()
				if h.ServeHTTP(w, r); w.Code != http.StatusOK {
					b.Fatal(w.Body)
				}
				log.reset()
			}
		})
	}
}
