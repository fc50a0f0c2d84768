package gateway

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// yamlType is the content type of YAML (RFC 9512).
const yamlType = "application/yaml"

// openAPI is what `make gen` writes from the functions' routes.
//
//go:embed openapi.yaml
var openAPI string

// asyncAPI is what `make gen` writes from the catalogue of events.
//
//go:embed asyncapi.yaml
var asyncAPI string

// describe answers with openapi.yaml, or 304 to who has it; describeEvents with asyncapi.yaml.
var (
	describe       = document(openAPI)
	describeEvents = document(asyncAPI)
)

// document answers with a text that is long and never changes, compressed to who takes it so.
func document(text string) func(*exchange, *http.Request) {
	plain := sync.OnceValue(func() string { return tag(text) })
	zipped := sync.OnceValue(func() string { return zip(text) })
	return func(e *exchange, r *http.Request) {
		h := e.Header()
		h.Set("Content-Type", yamlType)
		h.Set("Cache-Control", "public, max-age=300")
		h.Add("Vary", "Accept-Encoding")
		content, name := text, plain()
		if accepts(r, "gzip") {
			content, name = zipped(), strings.TrimSuffix(name, `"`)+`-gzip"`
			h.Set("Content-Encoding", "gzip")
		}
		h.Set("ETag", name)
		http.ServeContent(e, r, "", time.Time{}, strings.NewReader(content))
	}
}

func zip(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text) // nothing is written but memory
	_ = w.Close()
	return b.String()
}

func tag(document string) string {
	sum := sha256.Sum256([]byte(document))
	return strconv.Quote(base64.RawURLEncoding.EncodeToString(sum[:12]))
}
