package producttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"testing"
	"time"
)

// Client speaks to the product as one caller.
type Client struct {
	URL   string
	Token string // "" sends none
	HTTP  *http.Client
}

// NewClient returns a client without a token that gives up after limit.
func NewClient(url string, limit time.Duration) *Client {
	transport := &http.Transport{
		DialContext: (&net.Dialer{Timeout: limit}).DialContext, MaxIdleConnsPerHost: 64, DisableCompression: true,
	}
	return &Client{URL: url, HTTP: &http.Client{Timeout: limit, Transport: transport}}
}

// With returns a client of the same connections with another token.
func (c *Client) With(token string) *Client {
	other := *c
	other.Token = token
	return &other
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Problem is the problem document of an answer (RFC 9457).
type Problem struct {
	Type       string   `json:"type"`
	Title      string   `json:"title"`
	Status     int      `json:"status"`
	Detail     string   `json:"detail"`
	Instance   string   `json:"instance"`
	Code       string   `json:"code"`
	TraceID    string   `json:"traceId"`
	RetryAfter int      `json:"retryAfter"`
	Errors     []Detail `json:"errors"`
}

// Detail is one entry of Problem.Errors.
type Detail struct {
	Pointer string `json:"pointer"`
	Code    string `json:"code"`
	Detail  string `json:"detail"`
	Element string `json:"element"`
	Line    int    `json:"line"`
	Rule    string `json:"rule"`
	Fix     string `json:"fix"`
}

// Problem returns the problem document, or an error when the answer holds none.
func (a Answer) Problem() (Problem, error) {
	var p Problem
	if kind := a.Header.Get("Content-Type"); kind != "application/problem+json" {
		return p, fmt.Errorf("status %d with content type %q: %.300s", a.Status, kind, a.Body)
	}
	if err := json.Unmarshal(a.Body, &p); err != nil {
		return p, fmt.Errorf("problem document: %w: %.300s", err, a.Body)
	}
	if p.Status != a.Status || p.Code == "" || p.Title == "" || p.Type == "" || p.TraceID == "" {
		return p, fmt.Errorf("status %d with an incomplete problem document: %.600s", a.Status, a.Body)
	}
	return p, nil
}

// Send makes one request. body is nil, a string or bytes that go as they are, or a value that is
// encoded as JSON; headers are pairs.
func (c *Client) Send(method, path string, body any, headers ...string) (Answer, error) {
	var reader io.Reader
	kind := "application/json"
	switch b := body.(type) {
	case nil:
		kind = ""
	case string:
		reader = bytes.NewReader([]byte(b))
	case []byte:
		reader = bytes.NewReader(b)
	default:
		raw, err := json.Marshal(body)
		if err != nil {
			return Answer{}, err
		}
		reader = bytes.NewReader(raw)
	}
	request, err := http.NewRequest(method, c.URL+path, reader)
	if err != nil {
		return Answer{}, err
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	if c.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.Token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := c.HTTP.Do(request)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	return Answer{Status: response.StatusCode, Header: response.Header, Body: raw}, err
}

// File is one resource of a deployment.
type File struct {
	Name    string
	Content []byte
}

// Multipart encodes files as the body of a deployment and returns it with its content type.
func Multipart(name string, files ...File) ([]byte, string, error) {
	var buffer bytes.Buffer
	w := multipart.NewWriter(&buffer)
	if err := w.WriteField("name", name); err != nil {
		return nil, "", err
	}
	for _, f := range files {
		part, err := w.CreateFormFile("file", f.Name)
		if err != nil {
			return nil, "", err
		}
		if _, err := part.Write(f.Content); err != nil {
			return nil, "", err
		}
	}
	if err := w.Close(); err != nil {
		return nil, "", err
	}
	return buffer.Bytes(), w.FormDataContentType(), nil
}

// Deploy deploys files.
func (c *Client) Deploy(name string, files ...File) (Answer, error) {
	body, kind, err := Multipart(name, files...)
	if err != nil {
		return Answer{}, err
	}
	return c.Send(http.MethodPost, "/api/v1/deployments", body, "Content-Type", kind)
}

// LogIn returns the access token of a demo account.
func (c *Client) LogIn(t testing.TB, username, password string) string {
	t.Helper()
	answer, err := c.Send(http.MethodPost, "/api/v1/auth/login", map[string]string{"username": username, "password": password})
	if err != nil {
		t.Fatal(err)
	}
	var login struct {
		AccessToken string `json:"accessToken"`
	}
	if err := json.Unmarshal(answer.Body, &login); err != nil || answer.Status != http.StatusOK || login.AccessToken == "" {
		t.Fatalf("log in as %s: status %d: %s", username, answer.Status, answer.Body)
	}
	return login.AccessToken
}
