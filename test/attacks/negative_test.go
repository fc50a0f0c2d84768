package attacks

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"diom.io/workflow/test/producttest"
)

// How many requests are sent: with SIZE=full all of them, N says another number.
const (
	fullNegative  = 200_000
	sliceNegative = 20_000
	senders       = 4
)

func numberOf(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

// wrongKinds are content types that no operation takes.
var wrongKinds = []string{"", "text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data", "application/json; charset=x", "a/b/c", "application/cloudevents+json"}

// negative makes the n-th hostile request of a seed: the same one whoever sends it.
func (r *rig) negative(seed uint64, n int) (o operation, path string, body any, headers []string) {
	random := rand.New(rand.NewPCG(seed, uint64(n)))
	s := &sample{r.document, random}
	o = r.operations[n%len(r.operations)] // each as often
	path = o.fill(wildcard(s, random))
	for _, p := range o.query() {
		if random.IntN(3) == 0 {
			path += separator(path) + p.name + "=" + url.QueryEscape(fmt.Sprint(s.hostile()))
		}
	}
	if random.IntN(6) == 0 {
		path += separator(path) + "undeclared=" + url.QueryEscape(fmt.Sprint(s.hostile()))
	}
	for _, name := range []string{"If-Match", "Idempotency-Key", "Accept-Language", "Accept", "If-None-Match", "Traceparent", "X-Timeout"} {
		if random.IntN(4) == 0 {
			headers = append(headers, name, header(s.hostile()))
		}
	}
	if o.method == http.MethodGet || o.method == http.MethodDelete {
		return o, path, nil, headers
	}
	if random.IntN(5) == 0 {
		headers = append(headers, "Content-Type", wrongKinds[random.IntN(len(wrongKinds))])
	}
	body = s.hostile()
	if o.body != nil {
		body = s.spoilt(o.body)
	}
	if random.IntN(10) == 0 { // cut, so that it is no JSON
		raw, _ := json.Marshal(body) // plain values
		body = string(raw[:random.IntN(len(raw)+1)])
	}
	return o, path, body, headers
}

func separator(path string) string {
	if strings.Contains(path, "?") {
		return "&"
	}
	return "?"
}

// wildcard is what stands in the path for an id or a key; half of the time it is the id of nothing.
func wildcard(s *sample, random *rand.Rand) string {
	text := fmt.Sprint(s.hostile())
	if random.IntN(2) == 0 || len(text) > 2000 || strings.Trim(text, "./ ") == "" {
		return nothing
	}
	return url.PathEscape(text)
}

// header is a value that a client can send.
func header(v any) string {
	text := fmt.Sprint(v)
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, text[:min(len(text), 2000)])
}

// lonely are operations that would end the session of the sender or wait for ever.
func lonely(o operation) bool {
	return strings.HasSuffix(o.path, "/stream") || strings.HasPrefix(o.path, "/auth/password") || strings.Contains(o.path, "/sessions") || strings.HasSuffix(o.path, "jobs:fetch")
}

// TestNegative sends thousands of requests that openapi.yaml forbids. None makes the product fail, and none is told
// how it is made.
func TestNegative(t *testing.T) {
	t.Parallel()
	number := sliceNegative
	if os.Getenv("SIZE") == "full" {
		number = fullNegative
	}
	number = numberOf("N", number)
	seed := uint64(numberOf("SEED", int(rand.Uint32())))
	r := openRig(t)
	var sent, failed, accepted atomic.Int64
	var group sync.WaitGroup
	for worker := range senders {
		group.Go(func() {
			for n := worker; n < number; n += senders {
				o, path, body, headers := r.negative(seed, n)
				who := "admin" // whose requests come furthest
				if lonely(o) {
					who = "a.b.c"
				}
				answer, err := r.product().send(who, o.method, path, body, headers...)
				sent.Add(1)
				if answer.Status < http.StatusBadRequest {
					accepted.Add(1)
				}
				if found := verdict(answer, err); found != "" && failed.Add(1) <= 20 {
					text, _ := json.Marshal(body) // plain values
					t.Errorf("SEED=%d request %d: %s %s %.300s %q: %s", seed, n, o.method, path, text, headers, found)
				}
			}
		})
	}
	group.Wait()
	r.logIsClean(t)
	t.Logf("negative: cases=%d failed=%d seed=%d accepted=%d", sent.Load(), failed.Load(), seed, accepted.Load())
}

func verdict(a producttest.Answer, err error) string {
	if err != nil {
		return "no answer: " + err.Error()
	}
	if found := exposed(a); found != "" {
		return found
	}
	// net/http itself refuses a head that is too long, and a version of a file that is another one.
	if a.Status >= http.StatusBadRequest && a.Status != http.StatusRequestHeaderFieldsTooLarge && (a.Status != http.StatusPreconditionFailed || len(a.Body) > 0) {
		if _, err := a.Problem(); err != nil {
			return err.Error()
		}
	}
	return ""
}

// TestNegativeFindsPlantedFailures: the verdict sees each kind of failure.
func TestNegativeFindsPlantedFailures(t *testing.T) {
	t.Parallel()
	problem := func(status int, detail string) producttest.Answer {
		body, _ := json.Marshal(object{"type": "t", "title": "t", "status": status, "code": "c", "traceId": "x", "detail": detail}) // plain values
		return producttest.Answer{Status: status, Header: http.Header{"Content-Type": {"application/problem+json"}}, Body: body}
	}
	for name, c := range map[string]struct {
		answer producttest.Answer
		found  bool
	}{
		"right":         {problem(400, "The value must be a string."), false},
		"failed":        {problem(500, "x"), true},
		"SQL":           {problem(400, "You have an error in your SQL syntax"), true},
		"stack":         {problem(422, "goroutine 12 [running]"), true},
		"file":          {problem(422, "shared/store/task.go:12"), true},
		"path":          {problem(422, "open /tmp/x/y"), true},
		"type":          {problem(422, "json: cannot unmarshal"), true},
		"no problem":    {producttest.Answer{Status: 400, Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte("no")}, true},
		"success":       {producttest.Answer{Status: 200, Body: []byte("{}")}, false},
		"unimplemented": {problem(501, "x"), false},
	} {
		if found := verdict(c.answer, nil); (found != "") != c.found {
			t.Errorf("%s: %q", name, found)
		}
	}
}
