package faas

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/form"
)

func TestProblemDocument(t *testing.T) {
	t.Parallel()
	r := newRig(t, things(), nil)
	parent := "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	w := r.send("GET", "/invalid", "", "Traceparent: "+parent, "Accept-Language: zh-CN,zh;q=0.9,en;q=0.8")
	var got Problem
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := Problem{
		Type: "urn:diom:problem:invalid_model", Title: "内容校验未通过", Status: 422, Detail: "BPMN 模型无法部署。",
		Instance: "/invalid", Code: "invalid_model", TraceID: "0af7651916cd43dd8448eb211c80319c",
		Errors: []fault.Detail{{Pointer: "/resources/a.bpmn", Element: "t1", Line: 7, Rule: "r", Fix: "f"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if w.Header().Get("Content-Type") != "application/problem+json" || w.Header().Get("Content-Language") != "zh-CN" {
		t.Errorf("header %v", w.Header())
	}
}

func TestRetryAfterRoundsUp(t *testing.T) {
	t.Parallel()
	w := newRig(t, things(), nil).send("GET", "/busy", "")
	if w.Header().Get("Retry-After") != "2" || !strings.Contains(w.Body.String(), `"retryAfter":2`) {
		t.Errorf("%v %s", w.Header(), w.Body)
	}
}

func TestUnauthorizedNamesTheScheme(t *testing.T) {
	t.Parallel()
	w := newRig(t, things(), nil).send("GET", "/me", "")
	if w.Header().Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("%v", w.Header())
	}
}

// An unclassified error and a panic tell the caller nothing, the log everything, in one line.
func TestInternalSaysNothing(t *testing.T) {
	t.Parallel()
	for target, secret := range map[string]string{"/broken": "table x has secret y", "/panic": "a secret"} {
		r := newRig(t, things(), nil)
		w := r.send("GET", target, "", "X-Call-Id: call-7")
		if strings.Contains(w.Body.String(), secret) {
			t.Errorf("%s: the answer tells %s", target, w.Body)
		}
		var p Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		var line map[string]any
		if err := json.Unmarshal(r.log.Bytes(), &line); err != nil {
			t.Fatalf("not one line of JSON: %v: %s", err, r.log)
		}
		text, _ := line["error"].(string)
		if line["level"] != "ERROR" || line["traceId"] != p.TraceID || !strings.Contains(text, secret) || line["callId"] != "call-7" {
			t.Errorf("%s: log %v", target, line)
		}
		if stack, _ := line["stack"].(string); target == "/panic" && !strings.Contains(stack, "fake_test.go") {
			t.Errorf("no stack: %v", line)
		}
	}
}

func TestEveryKindHasTitles(t *testing.T) {
	t.Parallel()
	for _, kind := range fault.Kinds() {
		if titles[kind][0] == "" || titles[kind][1] == "" {
			t.Errorf("%s has no title", kind)
		}
	}
}

func TestPreferChinese(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		"": false, "zh": true, "zh-CN": true, "ZH-tw;q=0.5": true, "en,zh;q=0.9": false, "en;q=0.5, zh-CN;q=0.8": true, "zhx": false, "*": false, "zh;q=x": false,
	} {
		if preferChinese(header) != want {
			t.Errorf("%q: %v", header, !want)
		}
	}
}

// What is wrong with a form is said in the language of the caller; other details stay as they are.
func TestFormProblemsAreTranslated(t *testing.T) {
	t.Parallel()
	err := form.ErrSubmission.With(fault.Detail{Code: form.CodeRequired, Detail: "The field is required."}, fault.Detail{Code: "other", Detail: "other"})
	for language, want := range []string{"The field is required.", "该字段必填。"} {
		p := problemOf(err, language)
		if p.Errors[0].Detail != want || p.Errors[1].Detail != "other" {
			t.Errorf("%+v", p.Errors)
		}
	}
	if err.Details[0].Detail != "The field is required." {
		t.Error("the error itself was changed")
	}
}
