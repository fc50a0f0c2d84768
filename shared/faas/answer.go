package faas

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
)

const (
	contentType = "Content-Type"
	jsonType    = "application/json"
	// pooledMax keeps one large answer from holding its memory for ever.
	pooledMax = 64 << 10
)

// buffers hold answers while they are encoded: the length is known before the first byte is sent,
// and a value that cannot be encoded is an error, not half an answer.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// answer writes what a function returned: nil is 204, an Answer has its own status and headers, raw
// bytes go as they are, an http.Handler writes the answer itself, anything else is JSON.
func answer(w http.ResponseWriter, r *http.Request, result any, status int) error {
	if status == 0 {
		status = http.StatusOK
	}
	switch a := result.(type) {
	case *Answer:
		result, status = a.apply(w.Header(), status)
	case Answer:
		result, status = a.apply(w.Header(), status)
	}
	switch body := result.(type) {
	case nil:
		if status == http.StatusOK {
			status = http.StatusNoContent
		}
		w.WriteHeader(status)
		return nil
	case http.Handler:
		body.ServeHTTP(w, r)
		return nil
	case json.RawMessage:
		return writeBytes(w, status, body)
	case []byte:
		return writeBytes(w, status, body)
	}
	return writeJSON(w, status, result)
}

func (a *Answer) apply(header http.Header, status int) (body any, _ int) {
	for name, values := range a.Header {
		header[http.CanonicalHeaderKey(name)] = values
	}
	if a.Status != 0 {
		status = a.Status
	}
	return a.Body, status
}

// writeJSON encodes value without escaping HTML. Nothing has been written when it returns an error.
func writeJSON(w http.ResponseWriter, status int, value any) error {
	buffer := buffers.Get().(*bytes.Buffer)
	buffer.Reset()
	defer func() {
		if buffer.Cap() <= pooledMax {
			buffers.Put(buffer)
		}
	}()
	encoder := json.NewEncoder(buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	return writeBytes(w, status, buffer.Bytes())
}

func writeBytes(w http.ResponseWriter, status int, body []byte) error {
	header := w.Header()
	if header.Get(contentType) == "" {
		header.Set(contentType, jsonType)
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the caller has gone away; nobody is left to tell
	return nil
}

// quiet takes the body out of the answer to a CloudEvent: a sender of events, Knative for one, takes a
// body for an event that replies, and one that is none for a failed delivery. What writes itself stays.
func quiet(result any) any {
	switch a := result.(type) {
	case http.Handler:
		return a
	case *Answer:
		return &Answer{Status: a.Status, Header: a.Header, Body: quiet(a.Body)}
	case Answer:
		return quiet(&a)
	}
	return nil
}
