package gateway

import (
	_ "embed"
	"net/http"
	"strings"
	"time"
)

// asyncAPI is what `make gen` writes from the catalogue of events.
//
//go:embed asyncapi.yaml
var asyncAPI string

// describeEvents answers with asyncapi.yaml, or 304 to who has it.
func describeEvents(e *exchange, r *http.Request) {
	h := e.Header()
	h.Set("Content-Type", yamlType)
	h.Set("Cache-Control", "public, max-age=300")
	h.Set("ETag", asyncAPITag())
	http.ServeContent(e, r, "", time.Time{}, strings.NewReader(asyncAPI))
}
