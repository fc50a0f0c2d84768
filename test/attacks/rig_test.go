// Package attacks attacks a running product: with a corpus of attacks in classes, each of which is also sent to a
// twin that has the hole, so that a judge who sees nothing fails; with thousands of requests that openapi.yaml
// forbids; and with every permission crossed with what is one's own and another's.
package attacks

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/test/producttest"
)

func TestMain(m *testing.M) { os.Exit(producttest.Main(m)) }

const (
	callLimit = 30 * time.Second
	nothing   = "019a9cf3-5b5e-7000-8000-0000000000ff" // the id of nothing
	canary    = "canary-71f09d"                        // what a file holds that nobody may read
)

// rig is the product, and what an attacker finds in it.
type rig struct {
	*testing.T
	process    *producttest.Process
	judge      *producttest.Judge
	secrets    string
	tokens     map[string]string
	document   document
	operations []operation
	ids        map[string]string // by collection: something that is another's
	canary     string            // the path of a file
}

// target is where an attack is sent: the product, or a twin that has the hole.
type target struct {
	*rig
	url string
}

// openRig starts the product with the demo company, whose people log in.
func openRig(t *testing.T) *rig {
	t.Helper()
	dsn, redis, secrets := databasetest.DSN(t), databasetest.Redis(t), producttest.Secrets(t)
	producttest.Install(t, dsn, redis, secrets)
	process := producttest.Serve(t, producttest.Options{DSN: dsn, Redis: redis, Secrets: secrets, Env: []string{
		"DIOM_BCRYPT_COST=4", "DIOM_LIMIT_LOGIN=off", "DIOM_LIMIT_USER=off", "DIOM_LIMIT_ADDRESS=off", "DIOM_PUBLIC_URL=https://flow.example",
	}})
	r := &rig{
		T: t, process: process, judge: producttest.NewJudge(t, dsn), secrets: secrets, tokens: map[string]string{"": ""}, document: readDocument(t),
		ids: map[string]string{}, canary: t.TempDir() + "/canary",
	}
	r.operations = r.document.operations()
	if err := os.WriteFile(r.canary, []byte(canary), 0o600); err != nil {
		t.Fatal(err)
	}
	client := producttest.NewClient(process.URL, callLimit)
	for _, a := range access.DemoAccounts() {
		r.tokens[a.Username] = client.LogIn(t, a.Username, access.DemoPassword)
	}
	return r
}

func (r *rig) product() *target { return &target{r, r.process.URL} }

var transport = &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}

// send makes a request as somebody, "" as nobody.
func (t *target) send(who, method, path string, body any, headers ...string) (producttest.Answer, error) {
	t.Helper()
	token, known := t.tokens[who]
	if !known {
		token = who // a token of the attacker's own making
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client := producttest.Client{URL: t.url, Token: token, HTTP: &http.Client{Timeout: callLimit, Transport: transport, CheckRedirect: stay}}
	return client.Send(method, path, body, headers...)
}

// must makes a request that the attack needs and that succeeds.
func (t *target) must(who, method, path string, body any, headers ...string) producttest.Answer {
	t.Helper()
	answer, err := t.send(who, method, path, body, headers...)
	if err != nil || answer.Status >= http.StatusBadRequest {
		t.Fatalf("%s %s as %q: %d %.500s %v", method, path, who, answer.Status, answer.Body, err)
	}
	return answer
}

// attack is one attack. run returns what it has found, "" where the target holds.
type attack struct {
	name string
	run  func(*target) string
}

// class is attacks of one kind. twin starts a server with the hole and returns its URL.
type class struct {
	name    string
	attacks func(*rig) []attack
	twin    func(*rig) string
}

// call is one request of somebody, "" of nobody; who has no account is a token.
type call struct {
	who, method, path string
	body              any
}

// request is an attack of one request and the judgement of its answer.
func request(name string, c call, judge func(producttest.Answer) string, headers ...string) attack {
	return attack{name, func(t *target) string {
		answer, err := t.send(c.who, c.method, c.path, c.body, headers...)
		if err != nil {
			return "no answer: " + err.Error()
		}
		if found := exposed(answer); found != "" {
			return found
		}
		return judge(answer)
	}}
}

// internals are texts that tell how the product is made.
var internals = regexp.MustCompile(`goroutine \d+ \[|runtime error|panic:|\w+\.go:\d+|/(root|home|tmp|usr|opt|work)/[\w./-]+|SQLSTATE|` +
	`error in your SQL|Error \d{4} \(|(?i:mariadb|mysql)|redis:|dial tcp|sql: |json: cannot|(store|access|engine|faas|workflow|database)\.[A-Z]\w+|` +
	`reflect\.|strconv\.|interface \{\}|map\[string\]|invalid memory address|context deadline`)

// exposed finds a failure of the product in an answer, or its insides.
func exposed(a producttest.Answer) string {
	if a.Status >= http.StatusInternalServerError && a.Status != http.StatusNotImplemented {
		return fmt.Sprintf("status %d: %.300s", a.Status, a.Body)
	}
	if kind := a.Header.Get("Content-Type"); a.Status >= http.StatusBadRequest || strings.HasPrefix(kind, "application/problem") {
		if found := internals.Find(a.Body); found != nil {
			return fmt.Sprintf("the answer tells %q: %.300s", found, a.Body)
		}
	}
	return ""
}

// refused finds an attack that succeeded.
func refused(statuses ...int) func(producttest.Answer) string {
	return func(a producttest.Answer) string {
		for _, s := range statuses {
			if a.Status == s {
				return ""
			}
		}
		if len(statuses) == 0 && a.Status >= http.StatusBadRequest {
			return ""
		}
		return fmt.Sprintf("status %d, want %v: %.200s", a.Status, statuses, a.Body)
	}
}

// twinned serves a handler with a hole.
func twinned(h http.HandlerFunc) func(*rig) string {
	return func(r *rig) string {
		server := httptest.NewServer(h)
		r.Cleanup(server.Close)
		return server.URL
	}
}

// answering is a twin that takes whatever comes.
func answering(status int, body string, headers ...string) func(*rig) string {
	return twinned(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})
}
