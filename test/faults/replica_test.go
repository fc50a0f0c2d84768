package faults_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/test/faults/proxytest"
	"diom.io/workflow/test/producttest"
)

// TestKillOneOfTwoReplicas kills one of the two processes of a function between any two of its calls,
// behind the gateway. With an Idempotency-Key the caller notices nothing: the gateway asks the other
// process. Without one the caller is asked to try again.
func TestKillOneOfTwoReplicas(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	for _, c := range []struct {
		function string
		operation
	}{{"start-process", operations[0]}, {"complete-task", operations[1]}} {
		t.Run(c.function, func(t *testing.T) {
			series := replicas{fixture: f, operation: c.operation, t: t}
			series.begin(c.function)
			points := 0
			for _, keyed := range []bool{true, false} {
				for _, fate := range []proxytest.Fate{proxytest.Drop, proxytest.Lose} {
					n := 1
					for n <= size(3, 20) && series.attempt(n, fate, keyed) {
						n++
					}
					points += n - 1
				}
			}
			conclude(t, conclusion{command: "crash", runs: points, faults: []injected{{"killed-beside-another", points, 4}}})
		})
	}
	f.drain()
	f.verify()
}

// replicas is a function as two processes behind a gateway of its own; the first process reaches its
// servers through the proxies.
type replicas struct {
	*fixture
	operation
	t       *testing.T
	victim  *producttest.Process
	gateway *producttest.Client
}

func (s *replicas) begin(function string) {
	s.t.Helper()
	through := s.through()
	through.Function = function
	s.victim = producttest.Serve(s.t, through)
	direct := s.options
	direct.Function = function
	other := producttest.Serve(s.t, direct)
	direct.Function = "gateway"
	// The template stands for the functions that are not there.
	direct.Env = append(direct.Env, "DIOM_FUNCTION_URL="+function+"="+s.victim.URL+"|"+other.URL+",http://127.0.0.1:9/{function}")
	s.gateway = producttest.NewClient(producttest.Serve(s.t, direct).URL, callLimit)
}

// attempt kills the first process at its n-th request of a call. It returns false when the calls make
// fewer. The gateway takes turns, so that of two calls one comes to each process.
func (s *replicas) attempt(n int, fate proxytest.Fate, keyed bool) bool {
	s.t.Helper()
	for turn := range 3 {
		point := fmt.Sprintf("replica-%s-%t-%d-%d-%d", s.name, keyed, fate, n, turn)
		key := ""
		if keyed {
			key = point
		}
		r := s.prepare(s.fixture, point, key)
		time.Sleep(linger) // what the preparation set going has ended
		s.trap.Arm(n, fate, s.victim.Kill)
		var headers []string
		if keyed {
			headers = []string{"Idempotency-Key", key}
		}
		answer, err := s.gateway.With(s.tokens[r.user]).Send(http.MethodPost, r.path, r.body, headers...)
		time.Sleep(linger)
		sprung := s.trap.Disarm()
		if w := r.decently(answer, err); w != "" || err != nil {
			s.t.Errorf("%s at %q: %v %s", point, sprung, err, w)
		}
		acknowledged := r.acknowledged(answer, err)
		if keyed && !acknowledged {
			s.t.Errorf("%s at %q: the other process did not take over: %d %.300s", point, sprung, answer.Status, answer.Body)
		}
		effects, found := s.effects(s.fixture, point)
		if len(found) > 0 || effects > 1 || acknowledged && effects != 1 {
			s.t.Errorf("%s at %q: %d effects, acknowledged %t: %s", point, sprung, effects, acknowledged, strings.Join(found, "\n"))
		}
		if sprung != "" {
			for s.victim.Running() {
				time.Sleep(time.Millisecond)
			}
			s.victim.Start()
			time.Sleep(1100 * time.Millisecond) // for a second the gateway asks a dead process last
			return true
		}
	}
	return false
}
