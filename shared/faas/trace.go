package faas

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
)

// trace is the W3C trace context of one call (Trace Context §3.2): the caller's trace id, or a new
// one, and the id of this call's span.
type trace struct {
	id, span string
	flags    string
}

// readTrace continues the trace of a traceparent header; a missing or malformed one begins a trace.
func readTrace(header string) trace {
	var random [24]byte
	_, _ = rand.Read(random[:]) // never fails: it would end the process (crypto/rand)
	text := hex.EncodeToString(random[:])
	t := trace{id: text[:32], span: text[32:], flags: "01"}
	if len(header) < 55 || header[2] != '-' || header[35] != '-' || header[52] != '-' || header[:2] == "ff" {
		return t
	}
	if len(header) > 55 && (header[:2] == "00" || header[55] != '-') {
		return t
	}
	id, parent, flags := header[3:35], header[36:52], header[53:55]
	if lowerHex(header[:2]) && lowerHex(id) && lowerHex(parent) && lowerHex(flags) &&
		strings.Trim(id, "0") != "" && strings.Trim(parent, "0") != "" {
		t.id, t.flags = id, flags
	}
	return t
}

// header returns the traceparent that the answer and calls made on its behalf carry.
func (t trace) header() string { return "00-" + t.id + "-" + t.span + "-" + t.flags }

func lowerHex(text string) bool {
	for _, c := range []byte(text) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
