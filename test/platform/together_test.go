package platform

import (
	"net/http"
	"strings"
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
	var urls []string
	for name, binary := range binaries {
		if name != "gateway" {
			urls = append(urls, name+"="+start(t, binary, s.Functions[name].Environment, common...))
		}
	}
	gateway := start(t, binaries["gateway"], s.Functions["gateway"].Environment, append(common, "DIOM_FUNCTION_URL="+strings.Join(urls, ","))...)

	anybody := producttest.NewClient(gateway, 10*time.Second)
	as := func(username string) *producttest.Client {
		return anybody.With(anybody.LogIn(t, username, "Diom-demo-1"))
	}
	deployed, err := as("zhouming").Deploy("leave", producttest.File{Name: "leave.bpmn", Content: []byte(faastest.Leave)})
	expect(t, "deploy", deployed, err, http.StatusCreated)
	begun, err := as("zhangwei").Send(http.MethodPost, "/api/v1/processes/leave/start", map[string]any{"variables": map[string]any{"days": 3}})
	expect(t, "start", begun, err, http.StatusCreated)
	traces.whole(t, begun.Header.Get("X-Request-Id"), "gateway", "start-process", "notify")
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
		if ended := strings.Contains(string(done.Body), `"state":"completed","starter"`); ended != (username == "lina") {
			t.Errorf("after %s: %s", username, done.Body)
		}
	}
	again, err := as("wangfang").Send(http.MethodGet, "/api/v1/instances?state=completed", nil)
	expect(t, "list", again, err, http.StatusOK)
	called(t, as("zhouming"), as("zhangwei"), as("wangfang"))
}

func expect(t *testing.T, what string, a producttest.Answer, err error, status int) {
	t.Helper()
	if err != nil || a.Status != status {
		t.Fatalf("%s: %v %d %s", what, err, a.Status, a.Body)
	}
}
