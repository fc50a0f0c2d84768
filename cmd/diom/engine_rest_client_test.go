package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"diom.io/workflow/shared/access"
)

// installWorker puts the worker and the client that it is made with into a directory: npm reads the exact
// versions from the lock file.
func installWorker(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", "worker.mjs"} {
		raw, err := os.ReadFile(filepath.Join("testdata", "engine-rest", name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), raw, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	install := exec.CommandContext(t.Context(), "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline")
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v: %s", err, out)
	}
	return dir
}

// charge starts an order and completes its first task, so that its job waits for the worker.
func (r *rest) charge(mode string) {
	r.t.Helper()
	r.known["mode"] = mode
	r.story([]step{
		{method: "POST", path: "/process-definition/key/order/start", body: `{"businessKey": "{mode}", "variables": {"mode": {"value": "{mode}"}, "total": {"value": 5, "type": "Long"}, "when": {"value": "2026-01-31T10:00:00.000+0000", "type": "Date"}}}`,
			status: 200, keep: map[string]string{mode: "id"}},
		{method: "GET", path: "/task?processInstanceId={" + mode + "}", status: 200, keep: map[string]string{"task": "0/id"}},
		{method: "POST", path: "/task/{task}/complete", body: `{}`, status: 204},
	})
}

// The client for JavaScript from npm works unchanged: it completes, fails, throws BPMN errors and extends
// locks, with typed variables both ways.
func TestEngineRestJavaScriptClient(t *testing.T) {
	t.Parallel()
	r := newRest(t)
	r.deploy(200, nil, map[string]string{"order.bpmn": restModel(t, "order.bpmn")})
	worker := exec.CommandContext(t.Context(), "node", "worker.mjs")
	worker.Dir = installWorker(t)
	worker.Env = append(os.Environ(), "ENGINE_REST="+r.server.URL+"/engine-rest", "USERNAME=admin", "PASSWORD="+access.DemoPassword, "NO_COLOR=1")
	out, err := worker.StdoutPipe()
	if err == nil {
		err = worker.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = worker.Process.Kill()
		_ = worker.Wait()
	})
	lines := bufio.NewScanner(out)
	await := func(want string) {
		t.Helper()
		for lines.Scan() {
			line := lines.Text()
			if strings.Contains(line, "-error") {
				t.Fatalf("the client says: %s", line)
			}
			if line == want {
				return
			}
		}
		t.Fatalf("the worker has ended before %q", want)
	}
	await("ready")
	for _, c := range []struct{ mode, said string }{
		{"complete", "complete complete"}, {"fail", "handleFailure fail"}, {"", "complete fail"}, {"error", "handleBpmnError error"}, {"extend", "extendLock extend"}, {"", "complete extend"},
	} {
		if c.mode != "" {
			r.charge(c.mode)
		}
		await(c.said)
	}
	r.story([]step{
		{method: "GET", path: "/process-instance/{complete}/variables", status: 200, want: `{"receipt": {"type": "String", "value": "R-1"}, "cents": {"type": "Long", "value": 1200}, "parts": {"type": "Json", "value": "{\"a\":[1,2]}"}, "at": {"type": "Date", "value": "1970-01-01T00:00:00.000+0000"}}`},
		{method: "GET", path: "/process-instance/{complete}/variables/own", status: 404},
		{method: "GET", path: "/history/external-task-log?processInstanceId={fail}&failureLog=true", status: 200, want: `[{"errorMessage": "down", "retries": 3}]`},
		{method: "GET", path: "/history/process-instance/{error}", status: 200, want: `{"state": "COMPLETED"}`},
		{method: "GET", path: "/history/activity-instance?processInstanceId={error}&activityId=refused", status: 200, want: `[{"activityType": "noneEndEvent"}]`},
	})
}
