package e2e_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf16"

	"diom.io/workflow/test/producttest"
)

// malformed are files that are not the XML of one document within the limits.
func malformed(good []byte) map[string]struct {
	content []byte
	code    string
} {
	type file = struct {
		content []byte
		code    string
	}
	text := string(good)
	body := text[strings.Index(text, "<bpmn:definitions"):]
	inside := func(what string) file {
		return file{[]byte(strings.Replace(text, "<bpmn:startEvent", what+"<bpmn:startEvent", 1)), "xml_limit"}
	}
	var attributes, bomb strings.Builder
	for i := range 200 {
		fmt.Fprintf(&attributes, ` a%d="x"`, i)
	}
	bomb.WriteString(`<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">`)
	for i := 1; i < 10; i++ {
		fmt.Fprintf(&bomb, `<!ENTITY lol%d "%s">`, i, strings.Repeat(fmt.Sprintf("&lol%d;", i-1), 10))
	}
	bomb.WriteString(`]><lolz>&lol9;</lolz>`)
	return map[string]file{
		"empty":                {nil, "xml_empty"},
		"white space":          {[]byte(" \n\t"), "xml_empty"},
		"not XML":              {[]byte("a process, drawn by hand"), "xml_not_well_formed"},
		"JSON":                 {[]byte(`{"process": "leave"}`), "xml_not_well_formed"},
		"binary":               {append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 200)...), "xml_encoding"},
		"cut off":              {good[:len(good)/2], "xml_not_well_formed"},
		"wrong end tag":        {[]byte(strings.Replace(text, "</bpmn:process>", "</bpmn:prozess>", 1)), "xml_not_well_formed"},
		"unknown entity":       {[]byte(strings.Replace(text, "费用审批", "&fee;", 1)), "xml_not_well_formed"},
		"billion laughs":       {[]byte(bomb.String()), "xml_doctype"},
		"external entity":      {[]byte(`<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + body), "xml_doctype"},
		"DOCTYPE":              {[]byte(`<?xml version="1.0"?><!DOCTYPE bpmn>` + body), "xml_doctype"},
		"two roots":            {[]byte(text + "<second/>"), "xml_two_roots"},
		"instruction":          {[]byte(strings.Replace(text, "<bpmn:startEvent", "<?php system() ?><bpmn:startEvent", 1)), "xml_processing_instruction"},
		"attribute twice":      {[]byte(strings.Replace(text, `id="start"`, `id="start" id="again"`, 1)), "xml_duplicate_attribute"},
		"undeclared prefix":    {[]byte(strings.Replace(text, "<bpmn:startEvent", "<zeebe:x/><bpmn:startEvent", 1)), "xml_undeclared_prefix"},
		"deep":                 inside(strings.Repeat("<a>", 5000) + strings.Repeat("</a>", 5000)),
		"wide":                 inside(strings.Repeat("<a/>", 60_000)),
		"many attributes":      inside("<a" + attributes.String() + "/>"),
		"long attribute":       inside(`<a b="` + strings.Repeat("x", 70_000) + `"/>`),
		"long text":            inside("<a>" + strings.Repeat("x", 70_000) + "</a>"),
		"UTF-16":               {wide(text), "xml_encoding"},
		"UTF-16 by its label":  {[]byte(strings.Replace(text, `encoding="UTF-8"`, `encoding="UTF-16"`, 1)), "xml_encoding"},
		"bad UTF-8":            {bytes.Replace(good, []byte("费用"), []byte("\xb7\xd1\xff"), 1), "xml_encoding"},
		"GBK labelled UTF-8":   {bytes.Replace(good, []byte("费用"), []byte("\xb7\xd1\xd3\xc3"), 1), "xml_encoding"},
		"ISO 8859-1":           {[]byte(strings.Replace(text, `encoding="UTF-8"`, `encoding="ISO-8859-1"`, 1)), "xml_encoding"},
		"bytes that GBK lacks": {[]byte(strings.Replace(text, `encoding="UTF-8"`, `encoding="GBK"`, 1) + "<!-- \xff\xff -->"), "xml_encoding"},
	}
}

// wide is text in UTF-16 with a byte order mark.
func wide(text string) []byte {
	raw := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(text)) {
		raw = append(raw, byte(unit), byte(unit>>8))
	}
	return raw
}

// deployRefused deploys files that must be refused.
func (s *session) deployRefused(status int, code, detail string, files ...producttest.File) producttest.Problem {
	s.Helper()
	return s.refused(status, code, detail, func() producttest.Answer {
		answer, err := s.as("zhouming").Deploy("e2e", files...)
		if err != nil {
			s.Fatal(err)
		}
		return answer
	})
}

func refusedModels(s *session) {
	_, good := s.model("approval.bpmn")
	for name, file := range malformed(good) {
		s.sub(name, func(s *session) {
			s.deployRefused(http.StatusBadRequest, file.code, file.code, producttest.File{Name: "bad.bpmn", Content: file.content})
		})
	}
	for name, c := range map[string]struct{ old, by, rule, element string }{
		"no executable process": {`isExecutable="true"`, `isExecutable="false"`, "no_executable_process", ""},
		"script task":           {`<bpmn:userTask id="direct" name="总监审批" camunda:assignee="chenjing" />`, `<bpmn:scriptTask id="direct" scriptFormat="groovy" />`, "unsupported_language", "direct"},
		"complex gateway":       {"<bpmn:exclusiveGateway", "<bpmn:complexGateway", "unsupported_element", "amount"},
		"dangling flow":         {`targetRef="direct"`, `targetRef="nowhere"`, "dangling_flow", "large"},
		"duplicate id":          {`id="direct"`, `id="review"`, "duplicate_id", "review"},
		"bad expression":        {"${amount &gt; 1000}", "${amount &gt; }", "bad_expression", "large"},
		"open expression":       {"${amount &gt; 1000}", "${amount", "bad_expression", "large"},
		"script language":       {`xsi:type="bpmn:tFormalExpression">`, `xsi:type="bpmn:tFormalExpression" language="groovy">`, "unsupported_language", "large"},
		"not BPMN":              {"http://www.omg.org/spec/BPMN/20100524/MODEL", "http://example.com/other", "not_bpmn", ""},
		"no id":                 {`<bpmn:process id=`, `<bpmn:process name2=`, "missing_id", ""},
		"no start":              {`<bpmn:startEvent id="start"`, `<bpmn:endEvent id="start"`, "no_start_event", ""},
	} {
		s.sub(name, func(s *session) {
			text := string(good)
			if name == "complex gateway" {
				text = strings.ReplaceAll(text, "exclusiveGateway", "complexGateway")
			} else if name == "no start" {
				text = strings.ReplaceAll(text, "startEvent", "endEvent")
			} else {
				text = strings.ReplaceAll(text, c.old, c.by)
			}
			if text == string(good) {
				s.Fatal("nothing was replaced")
			}
			problem := s.deployRefused(http.StatusUnprocessableEntity, "invalid_model", c.rule, producttest.File{Name: "坏.bpmn", Content: []byte(text)})
			for _, d := range problem.Errors {
				if d.Rule != c.rule {
					continue
				}
				if d.Pointer != "/resources/坏.bpmn" || d.Detail == "" || d.Fix == "" || c.element != "" && (d.Element != c.element || d.Line == 0) {
					s.Errorf("detail %+v, want element %q", d, c.element)
				}
			}
		})
	}
}

func refusedDeployments(s *session) {
	_, good := s.model("approval.bpmn")
	_, memo := s.model("memo.bpmn")
	bad := bytes.Replace(good, []byte(`targetRef="direct"`), []byte(`targetRef="nowhere"`), 1)
	large := bytes.Replace(good, []byte("<bpmn:startEvent"), append(append([]byte("<!--"), bytes.Repeat([]byte("x"), 2<<20)...), []byte("--><bpmn:startEvent")...), 1)
	huge := producttest.File{Name: "huge.bpmn", Content: bytes.Repeat([]byte("x"), 10<<20)}
	file := func(name string, content []byte) producttest.File {
		return producttest.File{Name: name, Content: content}
	}
	s.sub("10 MB", func(s *session) { s.deployRefused(413, "body_too_large", "", huge) })
	s.sub("2 MB", func(s *session) { s.deployRefused(413, "model_too_large", "", file("large.bpmn", large)) })
	s.sub("one of two", func(s *session) {
		s.deployRefused(422, "invalid_model", "dangling_flow", file("memo.bpmn", memo), file("bad.bpmn", bad))
	})
	s.sub("one key twice", func(s *session) {
		s.deployRefused(422, "invalid_model", "duplicate_process_key", file("a.bpmn", memo), file("b.bpmn", memo))
	})
	s.sub("one name twice", func(s *session) {
		s.deployRefused(422, "bad_resource_name", "", file("a.bpmn", memo), file("a.bpmn", good))
	})
	s.sub("another extension", func(s *session) { s.deployRefused(422, "bad_resource_name", "", file("run.sh", memo)) })
	s.sub("no file", func(s *session) { s.deployRefused(400, "no_resources", "") })
	body, kind, err := producttest.Multipart("x", file("memo.bpmn", memo))
	if err != nil {
		s.Fatal(err)
	}
	path := "/api/v1/deployments"
	s.refuse([]refusal{
		{name: "by an employee", user: "zhangwei", path: path, body: body, headers: []string{"Content-Type", kind}, status: 403, code: "forbidden"},
		{name: "JSON", user: "zhouming", path: path, body: map[string]any{}, status: 400, code: "bad_multipart"},
		{name: "without its boundary", user: "zhouming", path: path, body: body, headers: []string{"Content-Type", "multipart/form-data"}, status: 400, code: "bad_multipart"},
		{name: "another boundary", user: "zhouming", path: path, body: body, headers: []string{"Content-Type", "multipart/form-data; boundary=" + rand.Text()}, status: 400, code: "no_resources"},
		{name: "cut off", user: "zhouming", path: path, body: body[:len(body)-30], headers: []string{"Content-Type", kind}, status: 400, code: "bad_multipart"},
	})
}
