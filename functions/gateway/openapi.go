package gateway

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
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

// openAPITag and asyncAPITag name the documents by their content.
var (
	openAPITag  = sync.OnceValue(func() string { return tag(openAPI) })
	asyncAPITag = sync.OnceValue(func() string { return tag(asyncAPI) })
)

func tag(document string) string {
	sum := sha256.Sum256([]byte(document))
	return strconv.Quote(base64.RawURLEncoding.EncodeToString(sum[:12]))
}

// describe answers with openapi.yaml, or 304 to who has it.
func describe(e *exchange, r *http.Request) {
	h := e.Header()
	h.Set("Content-Type", yamlType)
	h.Set("Cache-Control", "public, max-age=300")
	h.Set("ETag", openAPITag())
	http.ServeContent(e, r, "", time.Time{}, strings.NewReader(openAPI))
}
