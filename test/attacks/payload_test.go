package attacks

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"diom.io/workflow/test/producttest"
)

// xmlProlog are prologs that reach for files, expand without end, or speak an odd encoding; a use of the entity x
// follows in the name of the process.
func xmlProlog(file string) map[string]string {
	laughs := `<!ENTITY l0 "ha">`
	for i := range 12 {
		laughs += fmt.Sprintf(`<!ENTITY l%d "%s">`, i+1, strings.Repeat(fmt.Sprintf("&l%d;", i), 10))
	}
	return map[string]string{
		"external entity":   `<!DOCTYPE d [<!ENTITY x SYSTEM "file://` + file + `">]>`,
		"public entity":     `<!DOCTYPE d [<!ENTITY x PUBLIC "x" "file://` + file + `">]>`,
		"by http":           `<!DOCTYPE d [<!ENTITY x SYSTEM "http://127.0.0.1:1/x">]>`,
		"parameter entity":  `<!DOCTYPE d [<!ENTITY % p SYSTEM "file://` + file + `"> %p; <!ENTITY x "` + canary + `">]>`,
		"external DTD":      `<!DOCTYPE d SYSTEM "http://127.0.0.1:1/x.dtd">`,
		"billion laughs":    `<!DOCTYPE d [` + laughs + `<!ENTITY x "&l12;">]>`,
		"quadratic":         `<!DOCTYPE d [<!ENTITY x "` + strings.Repeat("A", 100_000) + `">]>`,
		"recursive":         `<!DOCTYPE d [<!ENTITY x "&y;"><!ENTITY y "&x;">]>`,
		"internal entity":   `<!DOCTYPE d [<!ENTITY x "` + canary + `">]>`,
		"doctype alone":     `<!DOCTYPE d>`,
		"doctype in lower":  `<!doctype d>`,
		"style sheet":       `<?xml-stylesheet href="file://` + file + `"?>`,
		"php":               `<?php system('id'); ?>`,
		"UTF-16 label":      `<?xml version="1.0" encoding="UTF-16"?>`,
		"UTF-7 label":       `<?xml version="1.0" encoding="UTF-7"?>`,
		"unknown encoding":  `<?xml version="1.0" encoding="x-none"?>`,
		"second root":       `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"/>`,
		"text before":       `text`,
		"NUL":               "\x00",
		"control character": "\x01",
	}
}

const dmn = `<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="NAME" namespace="t"><decision id="bomb" name="NAME"><literalExpression><text>1</text></literalExpression></decision></definitions>`

// xmlAttacks deploy models that reach out or grow.
var xmlAttacks = class{"xml", func(r *rig) []attack {
	var all []attack
	deploy := func(name, file, text string) {
		for _, place := range []string{"/api/v1/deployments", "/engine-rest/deployment/create"} {
			body, kind, err := producttest.Multipart("bomb", producttest.File{Name: file, Content: []byte(text)})
			if err != nil {
				r.Fatal(err)
			}
			all = append(all, attack{name + " " + file + " " + place, func(t *target) string {
				answer, err := t.send("zhouming", "POST", place, body, "Content-Type", kind)
				if err != nil {
					return err.Error()
				}
				if strings.Contains(string(answer.Body), canary) {
					return fmt.Sprintf("it holds the file: %.200s", answer.Body)
				}
				if answer.Status >= 500 && !strings.HasPrefix(place, "/engine-rest") {
					return exposed(answer)
				}
				return refused()(answer)
			}})
		}
	}
	for name, prolog := range xmlProlog(r.canary) {
		use := "x"
		if strings.Contains(prolog, "ENTITY") {
			use = "&x;"
		}
		deploy(name, "bomb.bpmn", prolog+strings.ReplaceAll(model, `name="prey"`, `name="`+use+`"`))
		deploy(name, "bomb.dmn", prolog+strings.ReplaceAll(dmn, "NAME", use))
	}
	task := `<userTask id="u" name="approve" camunda:assignee="wangfang"/>`
	for name, text := range map[string]string{
		"deep":       strings.Replace(model, task, strings.Repeat("<extensionElements>", 5000)+strings.Repeat("</extensionElements>", 5000)+task, 1),
		"wide":       strings.Replace(model, task, strings.Repeat("<task/>", 60_000)+task, 1),
		"attributes": strings.Replace(model, task, "<task "+attributes(2000)+"/>"+task, 1),
		"long text":  strings.Replace(model, task, task+"<documentation>"+strings.Repeat("A", 900_000)+"</documentation>", 1),
		"twice":      strings.Replace(model, task, task+task, 1),
		"attribute":  strings.Replace(model, `id="u"`, `id="u" id="v"`, 1),
		"prefix":     strings.Replace(model, task, task+"<nowhere:x/>", 1),
		"unclosed":   model[:len(model)-20],
		"large":      model + strings.Repeat(" ", 6<<20),
	} {
		deploy(name, "bomb.bpmn", text)
	}
	return all
}, twinned(func(w http.ResponseWriter, q *http.Request) {
	_, _ = io.Copy(io.Discard, q.Body)
	fmt.Fprint(w, `{"id":"1","name":"`+canary+`"}`)
})}

func attributes(n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "a%d=\"1\" ", i)
	}
	return text.String()
}

// bodyBombs are bodies that cost more to read than to send, or that two readers read differently.
var bodyBombs = class{"body-bombs", func(*rig) []attack {
	var all []attack
	bombs := map[string]string{
		"deep array":       `{"name":"x","variables":{"a":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}}`,
		"deep object":      strings.Repeat(`{"variables":`, 50_000) + "1" + strings.Repeat("}", 50_000),
		"open array":       strings.Repeat("[", 500_000),
		"two values":       `{"name":"x"} {"name":"y"}`,
		"trailing text":    `{"name":"x"} and more`,
		"bad UTF-8":        "{\"name\":\"\xff\xfe\"}",
		"bare NaN":         `{"name":NaN}`,
		"comment":          `{"name":"x" /* , */ }`,
		"single quotes":    `{'name':'x'}`,
		"long number":      `{"name":` + strings.Repeat("9", 500_000) + `}`,
		"exponent":         `{"name":1e999999999}`,
		"control":          "{\"name\":\"a\x00b\"}",
		"array":            `[{"name":"x"}]`,
		"text":             `"name"`,
		"too large":        `{"name":"` + strings.Repeat("A", 3<<20) + `"}`,
		"YAML anchors":     "a: &a [x,x]\nb: &b [*a,*a]\nname: [*b,*b]",
		"prototype":        `{"__proto__":{"admin":true},"name":"x"}`,
		"lone surrogate":   `{"name":"\ud800","__proto__":1}`,
		"BOM":              "\xef\xbb\xbf{\"name\":\"x\"}",
		"UTF-16":           "\xff\xfe{\x00}\x00",
		"gzip":             "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff",
		"XML":              `<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><name>&x;</name>`,
		"form":             `name=x&admin=true`,
		"many fields":      `{` + fields(20_000) + `}`,
		"Java object":      "\xac\xed\x00\x05sr\x00\x11java.util.HashMap",
		"polymorphic type": `{"@class":"java.lang.Runtime","name":"x"}`,
	}
	for name, body := range bombs {
		for _, path := range []string{"/api/v1/messages", "/api/v1/groups", "/api/v1/auth/login"} {
			all = append(all, request(name+" "+path, call{"admin", "POST", path, body}, refused()))
		}
	}
	for _, kind := range []string{"application/x-java-serialized-object", "text/plain", "application/xml", "multipart/form-data", "multipart/form-data; boundary=", "application/json; charset=utf-7", "x", "application/x-www-form-urlencoded"} {
		all = append(all, request("deployment as "+kind, call{"zhouming", "POST", "/api/v1/deployments", `{"a":1}`}, refused(), "Content-Type", kind))
	}
	parts := strings.Repeat("--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.bpmn\"\r\n\r\nx\r\n", 10_000) + "--b--\r\n"
	return append(all, request("many parts", call{"zhouming", "POST", "/api/v1/deployments", parts}, refused(), "Content-Type", "multipart/form-data; boundary=b"))
}, twinned(func(w http.ResponseWriter, q *http.Request) {
	var v any
	_ = json.NewDecoder(q.Body).Decode(&v) // it takes what there is
	w.WriteHeader(http.StatusCreated)
})}

func fields(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`"f%d":1`, i)
	}
	return strings.Join(list, ",")
}

// escapes are expressions out of the advisories of other products: they reach for classes, processes, files, or time.
var escapes = []string{
	`${''.getClass().forName('java.lang.Runtime').getRuntime().exec('id') != null}`, `${"".class.forName("java.lang.Runtime") != null}`, `${starter.getClass().getName() != null}`,
	`#{''.getClass() != null}`, `${T(java.lang.Runtime).getRuntime() != null}`, `${new java.lang.ProcessBuilder('id').start() != null}`, `${java.lang.System.getenv() != null}`,
	`${execution.getEngineServices().getRuntimeService() != null}`, `${execution.processEngineServices.repositoryService != null}`, `${runtimeService.createProcessInstanceQuery() != null}`,
	`${this.constructor.constructor('return process')() != null}`, `${$evaluateExpression('1') != null}`, `${__import__('os').popen('id') != null}`, `${system('id') != null}`,
	`${eval('1') == 1}`, `${facesContext != null}`, `${applicationScope != null}`, `${pageContext.request != null}`, `${Class.forName('x') != null}`, `${execution.getVariable('x').getClass() != null}`,
	`${"x".getClass().getClassLoader() != null}`, `${[].getClass() != null}`, `${(1).getClass() != null}`, `${true.getClass() != null}`, `${''.getBytes().getClass() != null}`, `${mailSender.send() != null}`,
	`${execution.getClass().getMethods() != null}`, `${''['class'] != null}`, `${starter['class']['name'] != null}`, `${execution['class'] != null}`, `${''.wait() == null}`, `${''.notify() == null}`,
	`{{7*191}}`, `<%= 7*191 %>`, `${` + strings.Repeat("(", 10_000) + "1" + strings.Repeat(")", 10_000) + `}`, `${` + strings.Repeat("1+", 3000) + `1 > 0}`, `${'` + strings.Repeat("a", 9000) + `' != ''}`,
	`${''.repeat(2000000000).length() > 0}`, `${'a'.replaceAll('(a+)+$', 'b') != 'c'}`, `${'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.matches('(a+)+$')}`, `${''.format('%999999999d', 1) != ''}`,
}

// expressionEscapes deploy them as conditions that lead to the end: an instance that ends has evaluated one.
var expressionEscapes = class{"expressions", func(*rig) []attack {
	var all []attack
	for i, e := range escapes {
		condition := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(e)
		text := strings.NewReplacer("prey", fmt.Sprintf("escape%d", i), `<sequenceFlow id="a" sourceRef="s" targetRef="u"/>`, `<sequenceFlow id="a" sourceRef="s" targetRef="g"/><exclusiveGateway id="g" default="d"/>`+
			`<sequenceFlow id="d" sourceRef="g" targetRef="u"/><sequenceFlow id="c" sourceRef="g" targetRef="e"><conditionExpression xsi:type="tFormalExpression">`+condition+`</conditionExpression></sequenceFlow>`).Replace(model)
		body, kind, _ := producttest.Multipart("escape", producttest.File{Name: "escape.bpmn", Content: []byte(text)}) // a buffer takes all
		all = append(all, attack{fmt.Sprintf("%.60s", e), func(t *target) string {
			answer, err := t.send("zhouming", "POST", "/api/v1/deployments", body, "Content-Type", kind)
			if err != nil || exposed(answer) != "" {
				return fmt.Sprint(err, exposed(answer))
			}
			if answer.Status >= http.StatusBadRequest {
				return ""
			}
			started, err := t.send("zhangwei", "POST", fmt.Sprintf("/api/v1/processes/escape%d/start", i), object{"variables": object{"x": "y"}})
			if err != nil || exposed(started) != "" {
				return fmt.Sprint(err, exposed(started))
			}
			if at(started, "instance.state") == "completed" {
				return "it was evaluated"
			}
			return ""
		}})
	}
	return all
}, answering(http.StatusCreated, `{"instance":{"state":"completed"}}`)}

// literalValues are expressions as data: what is stored comes back as it was sent.
var literalValues = class{"values-are-data", func(*rig) []attack {
	var all []attack
	for _, e := range append([]string{"${7*191}", "#{7*191}", "${starter}", "{{7*191}}", "=7*191", "+7*191", "-7*191", "@SUM(1+1)", "\t=1", "=cmd|' /C calc'!A0", "%{7*191}", "$(id)", "`id`", "|id"}, escapes[:20]...) {
		all = append(all, attack{e, func(t *target) string {
			started, err := t.send("zhangwei", "POST", "/api/v1/processes/prey/start", object{"businessKey": "B" + e[:min(len(e), 40)], "variables": object{"x": e}})
			if err != nil || exposed(started) != "" {
				return fmt.Sprint(err, exposed(started))
			}
			if started.Status >= http.StatusBadRequest {
				return "" // a business key has no control characters
			}
			read, err := t.send("zhangwei", "GET", "/api/v1/instances/"+at(started, "instance.id")+"/variables", nil)
			if err != nil {
				return err.Error()
			}
			if !strings.Contains(decoded(read), e) || strings.Contains(string(read.Body), "1337") {
				return fmt.Sprintf("it came back as %.200s", read.Body)
			}
			return ""
		}})
	}
	return all
}, answering(http.StatusCreated, `{"instance":{"id":"1"},"x":"1337"}`)}

// decoded is the text of the answer with the escapes of JSON taken back.
func decoded(a producttest.Answer) string {
	var v any
	_ = json.Unmarshal(a.Body, &v) // what is no JSON is ""
	return fmt.Sprint(v)
}
