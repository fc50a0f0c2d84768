package bpmn

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"diom.io/workflow/shared/fault"
)

// malformed is what the prescan refuses: the code and the line.
var malformed = []struct {
	name, text, code string
	line             int
}{
	{"nothing", "", "xml_empty", 1},
	{"white space", " \n\t", "xml_empty", 1},
	{"declaration alone", "<?xml version=\"1.0\"?>\n", "xml_not_well_formed", 1},
	{"comment alone", "<!-- a -->", "xml_not_well_formed", 1},
	{"not XML", "{\"id\": 1}", "xml_not_well_formed", 1},
	{"a zip", "PK\x03\x04", "xml_not_well_formed", 1},
	{"text before", "hello\n<a/>", "xml_not_well_formed", 1},
	{"text after", "<a/>\nhello", "xml_not_well_formed", 1},
	{"not closed", "<a>\n<b>\n<c/>", "xml_not_well_formed", 2},
	{"closed by another", "<a>\n<b>\n</a>", "xml_not_well_formed", 3},
	{"closed by another prefix", "<a xmlns:p='u' xmlns:q='u'>\n<p:b>\n</q:b></a>", "xml_not_well_formed", 3},
	{"end without start", "<a/>\n</a>", "xml_not_well_formed", 2},
	{"cut off", "<a>\n<b id='", "xml_not_well_formed", 2},
	{"attribute without value", "<a>\n<b id/></a>", "xml_not_well_formed", 2},
	{"unknown entity", "<a>\n&lol;</a>", "xml_not_well_formed", 2},
	{"control character", "<a>\x01</a>", "xml_not_well_formed", 1},
	{"colon first", "<a>\n<:b/></a>", "xml_not_well_formed", 2},
	{"two colons", "<a:b:c/>", "xml_not_well_formed", 1},
	{"prefix unbound", "<a xmlns:p=''/>", "xml_not_well_formed", 1},
	{"xml rebound", "<a xmlns:xml='urn:x'/>", "xml_not_well_formed", 1},
	{"xmlns declared", "<a xmlns:xmlns='urn:x'/>", "xml_not_well_formed", 1},
	{"XML 1.1", "<?xml version='1.1'?><a/>", "xml_not_well_formed", 1},
	{"document type", "<?xml version='1.0'?>\n<!DOCTYPE a [<!ENTITY x 'y'>]>\n<a>&x;</a>", "xml_doctype", 2},
	{"external entity", "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "xml_doctype", 1},
	{"directive inside", "<a>\n<!ELEMENT b></a>", "xml_doctype", 2},
	{"two roots", "<a/>\n<b/>", "xml_two_roots", 2},
	{"style sheet", "<?xml version='1.0'?>\n<?xml-stylesheet href='x'?><a/>", "xml_processing_instruction", 2},
	{"instruction inside", "<a>\n<?php echo 1 ?></a>", "xml_processing_instruction", 2},
	{"second declaration", "<a>\n<?xml version='1.0'?></a>", "xml_processing_instruction", 2},
	{"attribute twice", "<a>\n<b id='1' id='2'/></a>", "xml_duplicate_attribute", 2},
	{"attribute twice by prefix", "<a xmlns:p='u' xmlns:q='u'>\n<b p:x='1' q:x='2'/></a>", "xml_duplicate_attribute", 2},
	{"declaration twice", "<a xmlns:p='u' xmlns:p='v'/>", "xml_duplicate_attribute", 1},
	{"prefix of an element", "<a>\n<p:b/></a>", "xml_undeclared_prefix", 2},
	{"prefix of an attribute", "<a>\n<b p:x='1'/></a>", "xml_undeclared_prefix", 2},
	{"prefix of a sibling", "<a><b xmlns:p='u'/>\n<p:c/></a>", "xml_undeclared_prefix", 2},
	{"UTF-16", "\xff\xfe<\x00a\x00/\x00>\x00", "xml_encoding", 1},
	{"UTF-16 without mark", "\x00<\x00a\x00/\x00>", "xml_encoding", 1},
	{"UTF-16 label", "<?xml version='1.0' encoding='UTF-16'?><a/>", "xml_encoding", 1},
	{"Latin 1", "<?xml version='1.0' encoding=\"ISO-8859-1\"?><a/>", "xml_encoding", 1},
	{"Big5", "<?xml version='1.0' encoding = 'Big5'?><a/>", "xml_encoding", 1},
	{"empty label", "<?xml version='1.0' encoding=''?><a/>", "xml_encoding", 1},
	{"mark and GBK", "\xef\xbb\xbf<?xml version='1.0' encoding='GBK'?><a/>", "xml_encoding", 1},
	{"invalid UTF-8", "<a>\n\xff</a>", "xml_encoding", 2},
	{"GBK without label", "<a>\n\n\xc7\xeb\xbc\xd9</a>", "xml_encoding", 3},
	{"invalid GBK", "<?xml version='1.0' encoding='gbk'?>\n<a>\xff\xff</a>", "xml_encoding", 2},
	{"elements", "<a>\n" + strings.Repeat("<b/>", maxElements) + "</a>", "xml_limit", 2},
	{"attributes", "<a>\n<b" + attributes(maxAttributes+1) + "/></a>", "xml_limit", 2},
	{"depth", strings.Repeat("<a>", maxDepth) + "\n<a/>" + strings.Repeat("</a>", maxDepth), "xml_limit", 2},
	{"text", "<a>\n<b>" + strings.Repeat("x", maxText+1) + "</b></a>", "xml_limit", 2},
	{"text in pieces", "<a>" + strings.Repeat(strings.Repeat("x", 1<<10)+"<!--\n-->", maxText>>10) + "x</a>", "xml_limit", 65},
	{"attribute value", "<a>\n<b x='" + strings.Repeat("x", maxText+1) + "'/></a>", "xml_limit", 2},
}

func TestMalformed(t *testing.T) {
	t.Parallel()
	for _, c := range malformed {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := Read([]byte(c.text), Options{})
			f := fault.From(err)
			if f == nil || f.Code != c.code || f.Kind != fault.Malformed || len(f.Details) != 1 {
				t.Fatalf("got %v, want %s", err, c.code)
			}
			if d := f.Details[0]; d.Line != c.line || d.Code != c.code || d.Detail == "" || d.Fix == "" {
				t.Errorf("detail %+v, want line %d", d, c.line)
			}
		})
	}
}

func attributes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, " a%d='1'", i)
	}
	return b.String()
}

// At its limit a file is read, and then refused for not being BPMN.
func TestLimitsAreReachable(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"elements":        "<a>" + strings.Repeat("<b/>", maxElements-1) + "</a>",
		"attributes":      "<a" + attributes(maxAttributes) + "/>",
		"depth":           strings.Repeat("<a>", maxDepth) + strings.Repeat("</a>", maxDepth),
		"text":            "<a>" + strings.Repeat("x", maxText) + "</a>",
		"white space":     "<a>" + strings.Repeat("\n<b/>"+strings.Repeat(" ", 100), 1000) + "</a>",
		"xml attributes":  "<a xml:lang='zh' xml:space='preserve' xmlns:xml='" + spaceXML + "'/>",
		"no namespace":    "<a xmlns='u'><b xmlns=''/></a>",
		"same local name": "<a xmlns:p='u' xmlns:q='v' p:x='1' q:x='2' x='3'/>",
		"GB18030":         gb18030(t, "<?xml version='1.0' encoding='GB18030'?><a>请假😀</a>"),
		"label elsewhere": "<!-- <?xml version='1.0' encoding='UTF-16'?> --><a/>",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := Read([]byte(text), Options{}); !errors.Is(err, ErrModel) {
				t.Errorf("got %v, want %s", err, ErrModel.Code)
			}
		})
	}
}

func gb18030(t *testing.T, text string) string {
	t.Helper()
	encoded, err := simplifiedchinese.GB18030.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func TestIDs(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{
		"a": true, "_1": true, "Activity_0x-1.y": true, "请假": true, "任务（一）": true, "é·": true,
		"": false, "1a": false, "-a": false, "a b": false, "a:b": false, "a/b": false, "a\u00d7": false,
	} {
		if got := isNCName(id); got != want {
			t.Errorf("isNCName(%q) = %v", id, got)
		}
	}
}
