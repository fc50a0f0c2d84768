package buckettest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"diom.io/workflow/shared/bucket"
)

// Memory is a storage for tests of what uses a bucket: it puts, gets and removes objects, and may be away or forget. What a
// real one does more is for Start.
type Memory struct {
	Server
	mutex   sync.Mutex
	objects map[string][]byte // by the path of their URL
	away    bool
}

// StartMemory starts one that ends with the test.
func StartMemory(t testing.TB) *Memory {
	t.Helper()
	m := &Memory{objects: map[string][]byte{}}
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	m.Server = Server{Address: "s3://diom-test/some/where", Settings: bucket.Settings{Endpoint: server.URL, Region: "us-east-1", PathStyle: true, Secret: Secret}}
	return m
}

// Away lets the storage refuse everything, or not any more.
func (m *Memory) Away(away bool) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.away = away
}

// Names are the objects that are there, in order.
func (m *Memory) Names() (names []string) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	for path := range m.objects {
		names = append(names, strings.TrimPrefix(path, "/diom-test/some/where/"))
	}
	slices.Sort(names)
	return names
}

// Spoil gives every object another content, of the same size; nil bytes lose it.
func (m *Memory) Spoil(with func([]byte) []byte) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	for path, content := range m.objects {
		if changed := with(bytes.Clone(content)); changed != nil {
			m.objects[path] = changed
		} else {
			delete(m.objects, path)
		}
	}
}

// ServeHTTP answers as S3 does.
func (m *Memory) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := payload(r)
	m.mutex.Lock()
	defer m.mutex.Unlock()
	switch content, there := m.objects[r.URL.Path]; {
	case err != nil:
		refuse(w, http.StatusBadRequest, "IncompleteBody")
	case m.away:
		refuse(w, http.StatusForbidden, "AccessDenied")
	case r.Method == http.MethodPut:
		m.objects[r.URL.Path] = body
		w.Header().Set("ETag", `"1"`)
	case r.Method == http.MethodDelete:
		delete(m.objects, r.URL.Path)
		w.WriteHeader(http.StatusNoContent)
	case !there:
		refuse(w, http.StatusNotFound, "NoSuchKey")
	default:
		w.Header().Set("ETag", `"1"`)
		http.ServeContent(w, r, "", time.Now(), bytes.NewReader(content))
	}
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", code) // the client sees what came
}

// payload is the body of a request, which is in signed chunks where the connection is not encrypted.
func payload(r *http.Request) ([]byte, error) {
	if !strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		return io.ReadAll(r.Body)
	}
	var whole []byte
	for in := bufio.NewReader(r.Body); ; {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		var size int
		if _, err := fmt.Sscanf(line, "%x;", &size); err != nil {
			return nil, err
		}
		if size == 0 {
			return whole, nil
		}
		chunk := make([]byte, size+len("\r\n"))
		if _, err := io.ReadFull(in, chunk); err != nil {
			return nil, err
		}
		whole = append(whole, chunk[:size]...)
	}
}
