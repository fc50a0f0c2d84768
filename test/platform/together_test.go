package platform

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openfaas/go-sdk/stack"

	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/test/producttest"
)

// together runs every function as OpenFaaS builds it, the gateway in front, over a real MariaDB and
// Redis, and lets people take a process from its deployment to its end.
func together(t *testing.T, s stack.Services, binaries map[string]string) {
	dsn, redis, secrets := databasetest.DSN(t), databasetest.Redis(t), producttest.Secrets(t)
	producttest.Install(t, dsn, redis, secrets)
	traces := collectTraces(t)
	common := []string{
		"DIOM_SECRETS_DIR=" + secrets, "DIOM_MYSQL_DSN=" + dsn, "DIOM_REDIS_URL=" + redis, "DIOM_COOKIE_SECURE=false",
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + traces.URL, "OTEL_BSP_SCHEDULE_DELAY=200",
	}
	router := routeFunctions(t)
	for name, binary := range binaries {
		// As in stack.yml, of the platform's gateway the address alone is another.
		environment := maps.Clone(s.Functions[name].Environment)
		environment["DIOM_FUNCTION_URL"] = strings.Replace(environment["DIOM_FUNCTION_URL"], platformURL, router.URL, 1)
		router.to(t, name, start(t, binary, environment, common...))
	}

	anybody := producttest.NewClient(router.URL+"/function/gateway", 10*time.Second)
	as := func(username string) *producttest.Client {
		return anybody.With(anybody.LogIn(t, username, "Diom-demo-1"))
	}
	deployed, err := as("zhouming").Deploy("leave", producttest.File{Name: "leave.bpmn", Content: []byte(faastest.Leave)})
	expect(t, "deploy", deployed, err, http.StatusCreated)
	begun, err := as("zhangwei").Send(http.MethodPost, "/api/v1/processes/leave/start", map[string]any{"variables": map[string]any{"days": 3}})
	expect(t, "start", begun, err, http.StatusCreated)
	traces.whole(t, begun.Header.Get("X-Request-Id"), "gateway", "start-process", "notify")
	last := begun.Header.Get("X-Request-Id")
	for _, username := range []string{"wangfang", "lina"} {
		person, view := as(username), "todo"
		if username == "lina" {
			view = "claimable"
		}
		inbox, err := person.Send(http.MethodGet, "/api/v1/tasks?view="+view, nil)
		expect(t, "inbox of "+username, inbox, err, http.StatusOK)
		_, rest, _ := strings.Cut(string(inbox.Body), `"id":"`)
		id, _, _ := strings.Cut(rest, `"`)
		done, err := person.Send(http.MethodPost, "/api/v1/tasks/"+id+"/complete", map[string]any{"outcome": "approved"})
		expect(t, "complete by "+username, done, err, http.StatusOK)
		next := done.Header.Get("X-Request-Id")
		traces.whole(t, next, "gateway", "complete-task", "notify")
		traces.linked(t, next, last)
		last = next
		if ended := strings.Contains(string(done.Body), `"state":"completed","starter"`); ended != (username == "lina") {
			t.Errorf("after %s: %s", username, done.Body)
		}
	}
	again, err := as("wangfang").Send(http.MethodGet, "/api/v1/instances?state=completed", nil)
	expect(t, "list", again, err, http.StatusOK)
	called(t, as("zhouming"), as("zhangwei"), as("wangfang"))
}

// platformURL is where the gateway of OpenFaaS is in a cluster.
const platformURL = "http://gateway.openfaas.svc.cluster.local:8080"

// router is what functions see of the gateway of OpenFaaS: below /function/NAME is the function of that name.
type router struct {
	*httptest.Server
	functions sync.Map // of its handler, by the name of a function
}

func routeFunctions(t *testing.T) *router {
	t.Helper()
	r := &router{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		name, _, _ := strings.Cut(strings.TrimPrefix(request.URL.Path, "/function/"), "/")
		if handler, known := r.functions.Load(name); known {
			handler.(http.Handler).ServeHTTP(w, request)
			return
		}
		http.Error(w, "no function "+name, http.StatusNotFound)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *router) to(t *testing.T, name, address string) {
	t.Helper()
	target, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	r.functions.Store(name, http.StripPrefix("/function/"+name, httputil.NewSingleHostReverseProxy(target)))
}

func expect(t *testing.T, what string, a producttest.Answer, err error, status int) {
	t.Helper()
	if err != nil || a.Status != status {
		t.Fatalf("%s: %v %d %s", what, err, a.Status, a.Body)
	}
}
