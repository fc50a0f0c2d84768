package bpmn

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// encodings are the labels an XML declaration may carry, in lower case; nil is UTF-8. A short list
// on purpose: a wrong guess would damage names silently.
var encodings = map[string]encoding.Encoding{
	"utf-8":   nil,
	"gbk":     simplifiedchinese.GBK,
	"gb18030": simplifiedchinese.GB18030,
}

// utf16Marks begin a file in UTF-16 (or UTF-32), with a byte order mark or without.
var utf16Marks = []string{"\xfe\xff", "\xff\xfe", "\x00<", "<\x00", "\x00\x00"}

// decode turns the bytes of a file into UTF-8 without a byte order mark. The XML declaration is
// left as it is: every reader after this one is told to disregard its label.
func decode(data []byte) ([]byte, error) {
	for _, mark := range utf16Marks {
		if bytes.HasPrefix(data, []byte(mark)) {
			return nil, encodingProblem(1, "the file is UTF-16 or UTF-32")
		}
	}
	text, marked := bytes.CutPrefix(data, []byte("\xef\xbb\xbf"))
	label := declaredEncoding(text)
	coding, known := encodings[strings.ToLower(label)]
	switch {
	case !known:
		return nil, encodingProblem(1, "the XML declaration names the encoding "+clip(label))
	case coding == nil:
		return checkUTF8(text)
	case marked:
		return nil, encodingProblem(1, "the file begins with a UTF-8 byte order mark and declares "+clip(label))
	}
	decoded, err := coding.NewDecoder().Bytes(text)
	if err != nil {
		return nil, encodingProblem(1, "the file is not valid "+clip(label))
	}
	// The decoder replaces what it cannot read instead of failing.
	if at := bytes.IndexRune(decoded, utf8.RuneError); at >= 0 {
		return nil, encodingProblem(lineAt(decoded, at), "the line holds bytes that are not "+clip(label))
	}
	return decoded, nil
}

func checkUTF8(text []byte) ([]byte, error) {
	if utf8.Valid(text) {
		return text, nil
	}
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && size == 1 {
			return nil, encodingProblem(lineAt(text, at), "the line holds bytes that are not UTF-8")
		}
		at += size
	}
	return text, nil
}

// declaredEncoding returns the label of the XML declaration, utf-8 when there is none. It reads the
// bytes as ASCII, which all three accepted encodings extend.
func declaredEncoding(text []byte) string {
	const none = "utf-8"
	rest, found := bytes.CutPrefix(text, []byte("<?xml"))
	if !found || len(rest) == 0 || !isSpace(rest[0]) {
		return none
	}
	declaration, _, found := bytes.Cut(rest, []byte("?>"))
	if !found {
		return none
	}
	_, value, found := bytes.Cut(declaration, []byte("encoding"))
	if !found {
		return none
	}
	value = bytes.TrimLeft(value, " \t\r\n")
	value, found = bytes.CutPrefix(value, []byte("="))
	value = bytes.TrimLeft(value, " \t\r\n")
	if !found || len(value) == 0 || (value[0] != '"' && value[0] != '\'') {
		return none
	}
	label, _, _ := bytes.Cut(value[1:], value[:1])
	return string(label)
}

// sameReader is the CharsetReader of text that decode has already turned into UTF-8.
func sameReader(_ string, input io.Reader) (io.Reader, error) { return input, nil }

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }

func lineAt(text []byte, offset int) int { return 1 + bytes.Count(text[:offset], []byte("\n")) }
