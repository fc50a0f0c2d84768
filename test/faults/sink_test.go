package faults_test

import (
	"cmp"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// sink is whom the product asks by HTTP. Events that come to / are remembered by their ids; at any other path it
// does what it is asked, and remembers by which id it was.
type sink struct {
	url   string
	mutex sync.Mutex
	seen  map[string]int
	asked []asked
	pause time.Duration // before each answer
}

// asked is a request at a path; id is what a receiver tells repetitions by.
type asked struct{ path, id, body string }

func newSink(t *testing.T) *sink {
	t.Helper()
	s := &sink{seen: map[string]int{}}
	server := httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// unwelcome begins the business keys of instances whose events the sink never takes, unready of those whose
// events it takes at the second time.
const (
	unwelcome = "unwelcome-"
	unready   = "unready-"
)

func (s *sink) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // it came to nothing
	}
	time.Sleep(s.pause)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	id := cmp.Or(r.Header.Get("Ce-Id"), r.Header.Get("Idempotency-Key"))
	s.seen[id]++
	key := r.Header.Get("Ce-Businesskey")
	switch {
	case strings.HasPrefix(key, unwelcome):
		w.WriteHeader(http.StatusUnprocessableEntity)
	case strings.HasPrefix(key, unready) && s.seen[id] == 1:
		w.WriteHeader(http.StatusServiceUnavailable)
	case r.URL.Path == "/":
		w.WriteHeader(http.StatusAccepted)
	default:
		s.asked = append(s.asked, asked{r.URL.Path, id, string(body)})
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"variables": {"done": true}}`)
	}
}

func (s *sink) has(id string) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.seen[id] > 0
}

// ids are those by which it was asked at a path for what a body says, and how often by each.
func (s *sink) ids(path, text string) map[string]int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	ids := map[string]int{}
	for _, a := range s.asked {
		if a.path == path && strings.Contains(a.body, text) {
			ids[a.id]++
		}
	}
	return ids
}
