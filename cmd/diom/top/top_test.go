package top

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const first = `# TYPE diom_http_request_duration_seconds histogram
diom_http_request_duration_seconds_bucket{fn="tasks",route="/a",code="200",le="0.005"} 10
diom_http_request_duration_seconds_bucket{fn="tasks",route="/a",code="200",le="0.1"} 10
diom_http_request_duration_seconds_bucket{fn="tasks",route="/a",code="200",le="+Inf"} 10
diom_http_request_duration_seconds_sum{fn="tasks",route="/a",code="200"} 1
diom_http_request_duration_seconds_count{fn="tasks",route="/a",code="200"} 10
# TYPE diom_instances_started_total counter
diom_instances_started_total 5
# TYPE diom_incidents_open gauge
diom_incidents_open 7
`

// second is two seconds later: 90 fast calls, 8 slower ones, and two that failed.
const second = `# TYPE diom_http_request_duration_seconds histogram
diom_http_request_duration_seconds_bucket{fn="tasks",route="/a",code="200",le="0.005"} 100
diom_http_request_duration_seconds_bucket{fn="tasks",route="/a",code="200",le="0.1"} 108
diom_http_request_duration_seconds_bucket{fn="tasks",route="/a",code="200",le="+Inf"} 108
diom_http_request_duration_seconds_sum{fn="tasks",route="/a",code="200"} 2
diom_http_request_duration_seconds_count{fn="tasks",route="/a",code="200"} 108
diom_http_request_duration_seconds_bucket{fn="tasks",route="/a",code="503",le="0.005"} 2
diom_http_request_duration_seconds_bucket{fn="tasks",route="/a",code="503",le="0.1"} 2
diom_http_request_duration_seconds_bucket{fn="tasks",route="/a",code="503",le="+Inf"} 2
diom_http_request_duration_seconds_sum{fn="tasks",route="/a",code="503"} 0.1
diom_http_request_duration_seconds_count{fn="tasks",route="/a",code="503"} 2
# TYPE diom_instances_started_total counter
diom_instances_started_total 25
# TYPE diom_incidents_open gauge
diom_incidents_open 7
# TYPE diom_redis_down gauge
diom_redis_down 1
`

// What is shown is what happened between two scrapes, of all processes that answer; one that does not is named.
func TestRender(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) == 1 {
			_, _ = w.Write([]byte(first))
			return
		}
		_, _ = w.Write([]byte(second))
	}))
	t.Cleanup(server.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(gone.Close)
	urls := []string{server.URL, gone.URL}
	before := Scrape(t.Context(), urls)
	now := Scrape(t.Context(), urls)
	now.At = before.At.Add(2 * time.Second)
	view := Render(before, now)
	for _, want := range []string{
		"1 of 2 processes answer", gone.URL + ": status 404", "10.0/s started", "incidents 7", "Redis DOWN",
		"tasks   50.0   5ms   100ms     1.0",
	} {
		if !strings.Contains(view, want) {
			t.Errorf("%q is missing:\n%s", want, view)
		}
	}
	if again := Render(now, before); regexp.MustCompile(`-[0-9]`).MatchString(again) { // a process that began anew
		t.Errorf("something is negative:\n%s", again)
	}
}
