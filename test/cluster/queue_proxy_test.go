package cluster

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	corev1 "k8s.io/api/core/v1"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"
	"sigs.k8s.io/yaml"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/test/producttest"
)

// queueAddress is where the queue-proxy takes requests.
const queueAddress = "http://127.0.0.1:8012"

func knativeServices(t *testing.T) (all []servingv1.Service) {
	t.Helper()
	for _, document := range build(t, "knative/base") {
		var kind struct{ APIVersion string }
		if err := yaml.Unmarshal(document, &kind); err != nil {
			t.Fatal(err)
		}
		if kind.APIVersion != "serving.knative.dev/v1" {
			continue
		}
		var s servingv1.Service
		if err := yaml.UnmarshalStrict(document, &s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

// queued is a function behind the queue-proxy, with what its Service of knative/base says.
type queued struct {
	function *producttest.Process
	client   *producttest.Client
	tokens   map[string]string

	dsn, redis, secrets string
}

func queue(t *testing.T, name string, concurrency int) *queued {
	t.Helper()
	isolated(t)
	var service *servingv1.Service
	for _, s := range knativeServices(t) {
		if s.Name == name {
			service = &s
		}
	}
	if service == nil {
		t.Fatalf("there is no Service %s", name)
	}
	dsn, redis, secrets := databasetest.DSN(t), databasetest.Redis(t), producttest.Secrets(t)
	producttest.Install(t, dsn, redis, secrets)
	container := service.Spec.Template.Spec.Containers[0]
	var env []string
	for _, v := range container.Env {
		env = append(env, v.Name+"="+v.Value)
	}
	q := &queued{tokens: producttest.Tokens(t, dsn, redis, secrets, "zhouming", "wuqiang"), dsn: dsn, redis: redis, secrets: secrets}
	q.function = producttest.Serve(t, producttest.Options{Function: name, DSN: dsn, Redis: redis, Secrets: secrets, Env: env})
	port := q.function.URL[strings.LastIndexByte(q.function.URL, ':')+1:]
	proxy := producttest.Command(t, probe, tool(t, "queue-proxy"))
	proxy.SetEnv(proxyEnv(t, service, container, port, concurrency)...)
	proxy.Start()
	t.Cleanup(proxy.Kill) // after SIGTERM it would sleep for 30 s
	q.client = producttest.NewClient(queueAddress, patience)
	return q
}

// proxyEnv is what Knative's controller gives the queue-proxy.
func proxyEnv(t *testing.T, s *servingv1.Service, container corev1.Container, port string, concurrency int) []string {
	t.Helper()
	ready := *container.ReadinessProbe
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	ready.HTTPGet.Host, ready.HTTPGet.Port.IntVal = "127.0.0.1", int32(number)
	ready.HTTPGet.Scheme, ready.SuccessThreshold = corev1.URISchemeHTTP, 1 // the defaults of the API server
	raw, err := json.Marshal(ready)
	if err != nil {
		t.Fatal(err)
	}
	return []string{
		"CONTAINER_CONCURRENCY=" + strconv.Itoa(concurrency), "QUEUE_SERVING_PORT=8012", "QUEUE_SERVING_TLS_PORT=8112", "USER_PORT=" + port,
		"REVISION_TIMEOUT_SECONDS=" + fmt.Sprint(*s.Spec.Template.Spec.TimeoutSeconds), "SERVING_READINESS_PROBE=" + string(raw),
		"SERVING_LOGGING_CONFIG=", "SERVING_LOGGING_LEVEL=info", "SERVING_NAMESPACE=diom", "SERVING_SERVICE=" + s.Name,
		"SERVING_CONFIGURATION=" + s.Name, "SERVING_REVISION=" + s.Name + "-00001", "SERVING_POD=pod", "SERVING_POD_IP=127.0.0.1",
	}
}

// probe asks the queue-proxy whether the function is ready, as the kubelet does.
func probe() error {
	r, err := http.NewRequest(http.MethodGet, queueAddress, nil)
	if err != nil {
		return err
	}
	r.Header.Set("User-Agent", "kube-probe/1.36")
	r.Header.Set("K-Network-Probe", "queue")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("probe: %d %s", response.StatusCode, body)
	}
	return nil
}

// TestQueueProxyServes: a request gets through with its path, query, body and token, and so does a
// problem.
func TestQueueProxyServes(t *testing.T) {
	q := queue(t, "definitions", 0)
	as := q.client.With(q.tokens["zhouming"])
	deployed, err := as.Deploy("leave", producttest.File{Name: "leave.bpmn", Content: []byte(faastest.Leave)})
	if err != nil || deployed.Status != http.StatusCreated {
		t.Fatalf("deploy: %v %d %s", err, deployed.Status, deployed.Body)
	}
	listed, err := as.Send(http.MethodGet, "/api/v1/definitions?key=leave&limit=1", nil)
	if err != nil || listed.Status != http.StatusOK || !strings.Contains(string(listed.Body), `"key":"leave"`) {
		t.Errorf("list: %v %d %s", err, listed.Status, listed.Body)
	}
	refused, err := q.client.Send(http.MethodGet, "/api/v1/definitions", nil)
	problem, wrong := refused.Problem()
	if err != nil || wrong != nil || problem.Status != http.StatusUnauthorized {
		t.Errorf("without a token: %v %v %d %s", err, wrong, refused.Status, refused.Body)
	}
}

// TestQueueProxyTakesEvents: an event through the queue-proxy is answered 2xx without a body, which a
// broker would take for a failure; an unsigned one is refused.
func TestQueueProxyTakesEvents(t *testing.T) {
	q := queue(t, "notify", 0)
	events, err := cloudevent.Events("/diom/local", cloudevent.Step{
		InstanceID: engine.ID{15: 1}, Seq: 1, At: time.Now(), Changes: []engine.Change{{Kind: engine.InstanceCompleted}},
	})
	if err != nil || len(events) != 1 {
		t.Fatalf("%v %v", events, err)
	}
	e := events[0] // of an instance that is not there: nobody is notified
	for _, signed := range []bool{false, true} {
		if signed {
			producttest.SignEvent(t, q.dsn, q.redis, q.secrets, &e)
		}
		raw, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		a, err := q.client.Send(http.MethodPost, "/events", raw, "Content-Type", event.ApplicationCloudEventsJSON)
		want := map[bool]int{false: http.StatusUnauthorized, true: http.StatusNoContent}[signed]
		if err != nil || a.Status != want || signed && len(a.Body) > 0 {
			t.Errorf("signed %t: %v %d %s", signed, err, a.Status, a.Body)
		}
	}
}

// TestQueueProxyKeepsConcurrency: with a containerConcurrency of 2, 8 callers who wait for jobs are served
// one after the other.
func TestQueueProxyKeepsConcurrency(t *testing.T) {
	q := queue(t, "jobs", 2)
	var callers sync.WaitGroup
	for i := range 8 {
		callers.Go(func() {
			a, err := q.client.With(q.tokens["wuqiang"]).Send(http.MethodPost, "/api/v1/jobs:fetch", map[string]any{
				"workerId": fmt.Sprint(i), "waitSeconds": 1, "topics": []any{map[string]any{"name": "nothing", "lockSeconds": 60}},
			})
			if err != nil || a.Status != http.StatusOK {
				t.Errorf("caller %d: %v %d %s", i, err, a.Status, a.Body)
			}
		})
	}
	callers.Wait()
}

// TestQueueProxySeesReadiness: the probe fails while the function is not ready: it drains after SIGTERM.
func TestQueueProxySeesReadiness(t *testing.T) {
	q := queue(t, "tasks", 0)
	until(t, "the function is ready", func() bool {
		return probe() == nil
	})
	q.function.Signal(syscall.SIGTERM)
	until(t, "it is no longer ready", func() bool { return probe() != nil })
	until(t, "it ends", func() bool { return !q.function.Running() })
	q.function.Start()
	until(t, "it is ready again", func() bool { return probe() == nil })
}
