package faas

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/telemetry"
)

const benchBody = `{"name":"annual leave","count":3,"lines":[{"amount":1.5},{"amount":2}],"values":{"days":3}}`

// bare is what the pipeline is measured against: decode, encode, nothing else.
var bare = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	var in item
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.Header().Set(contentType, jsonType)
	_ = json.NewEncoder(w).Encode(in)
})

// BenchmarkPipeline compares the pipeline (token, permission, limits, trace, metric, log line) with a
// bare JSON handler over loopback HTTP; its rate should be 0.6 of the bare one or more.
func BenchmarkPipeline(b *testing.B) {
	f := Function{Name: "echo", Limits: Limits{MaxInflight: 100}, Routes: []Route{
		{Method: "POST", Pattern: "/things/{id}", Permission: access.Authenticated, Serve: echo},
	}}
	r := newRig(b, f, nil)
	r.app.Telemetry = telemetry.New(io.Discard, "INFO")
	r.app.Config.ExecTimeout = 30 * time.Second
	for name, handler := range map[string]http.Handler{"bare": bare, "pipeline": r.endpoint} {
		b.Run(name, func(b *testing.B) {
			server := httptest.NewServer(handler)
			defer server.Close()
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					request, _ := http.NewRequest(http.MethodPost, server.URL+"/things/7", strings.NewReader(benchBody))
					request.Header.Set("Authorization", "Bearer root")
					response, err := server.Client().Do(request)
					if err != nil || response.StatusCode != http.StatusOK {
						b.Error(err, response)
						return
					}
					_, _ = io.Copy(io.Discard, response.Body)
					_ = response.Body.Close()
				}
			})
		})
	}
}

// BenchmarkHandler is the same without the network.
func BenchmarkHandler(b *testing.B) {
	f := Function{Name: "echo", Routes: []Route{{Method: "POST", Pattern: "/things/{id}", Permission: access.Authenticated, Serve: echo}}}
	r := newRig(b, f, nil)
	r.app.Telemetry = telemetry.New(io.Discard, "INFO")
	for name, handler := range map[string]http.Handler{"bare": bare, "pipeline": r.endpoint} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				request := httptest.NewRequest(http.MethodPost, "/things/7", strings.NewReader(benchBody))
				request.Header.Set("Authorization", "Bearer root")
				handler.ServeHTTP(httptest.NewRecorder(), request)
			}
		})
	}
}
