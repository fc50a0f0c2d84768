package faas_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	handler "github.com/openfaas/templates-sdk/go-http"

	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/faas/faastest"
)

// What the template's main serves: the path, the query, the body and the status get through.
func TestHTTPServesHandle(t *testing.T) {
	t.Parallel()
	app := newApp(t)
	server := httptest.NewServer(faas.HTTP(func(req handler.Request) (handler.Response, error) {
		req.WithContext(faas.WithApp(req.Context(), app))
		return handleOrders(req)
	}))
	defer server.Close()
	post := func(path string, body io.Reader) (int, []byte) {
		response, err := http.Post(server.URL+path, "application/json", body)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		content, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, content
	}
	status, body := post("/customers/a%2Fb/orders?note=n", strings.NewReader(`{"item":"pen"}`))
	if status != 201 {
		t.Fatalf("%d %s", status, body)
	}
	faastest.Subset(t, `{"order":{"item":"pen"},"customer":"a/b","note":"n"}`, body)
	if status, body = post("/customers/c/orders", bytes.NewReader(make([]byte, 2<<20))); status != 413 {
		t.Errorf("over the route's limit: %d %s", status, body)
	}
	if status, body = post("/customers/c/orders", io.LimitReader(zeros{}, 17<<20)); status != 413 {
		t.Errorf("over the template's limit: %d %s", status, body)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestHTTPHidesWhatHandleReturns(t *testing.T) {
	t.Parallel()
	h := faas.HTTP(func(handler.Request) (handler.Response, error) { return handler.Response{}, errors.New("secret") })
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/x", http.NoBody))
	var p faas.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != 500 || p.Code != "internal" || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// A call without a path, as a template that drops it makes, is the root.
func TestServeWithoutAPath(t *testing.T) {
	t.Parallel()
	req := handler.Request{Method: http.MethodGet}
	req.WithContext(faas.WithApp(t.Context(), newApp(t)))
	response, err := faas.Serve(orders, req)
	if err != nil || response.StatusCode != http.StatusNotFound {
		t.Errorf("%d %v", response.StatusCode, err)
	}
}
