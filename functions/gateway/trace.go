package gateway

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
)

// trace is the W3C trace context that the gateway begins (Trace Context §3.2).
type trace struct {
	id     string
	parent string // the traceparent that functions continue
	linked string // the trace id that came from outside, or ""
}

// begin starts a trace. A traceparent from outside only links to it, unless a proxy of ours sent it:
// anybody could make his request a part of another's trace.
func begin(header string, trusted bool) trace {
	outer := traceID(header)
	var random [24]byte
	_, _ = rand.Read(random[:]) // never fails: it would end the process (crypto/rand)
	text := hex.EncodeToString(random[:])
	t := trace{id: text[:32]}
	if trusted && outer != "" {
		t.id = outer
	} else {
		t.linked = outer
	}
	t.parent = "00-" + t.id + "-" + text[32:] + "-01"
	return t
}

// traceID returns the trace id of a version 00 traceparent, or "".
func traceID(header string) string {
	if len(header) != 55 || header[:3] != "00-" || header[35] != '-' || header[52] != '-' {
		return ""
	}
	id, span := header[3:35], header[36:52]
	if !lowerHex(id) || !lowerHex(span) || !lowerHex(header[53:]) || strings.Trim(id, "0") == "" || strings.Trim(span, "0") == "" {
		return ""
	}
	return id
}

func lowerHex(text string) bool {
	for _, c := range []byte(text) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
