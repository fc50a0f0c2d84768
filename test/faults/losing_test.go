package faults_test

import (
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"
)

var errLost = errors.New("the reply is lost")

// losing stands between callers and a process and drops replies: the request was served, and the caller
// is not told.
type losing struct {
	url  string
	lost atomic.Int64
}

// lose returns a proxy before a process at target that drops each reply with a chance of percent.
func lose(t *testing.T, target string, d *dice, percent int) *losing {
	t.Helper()
	to, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	l := &losing{}
	silence := log.New(io.Discard, "", 0)
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport: &http.Transport{MaxIdleConnsPerHost: 64},
		ErrorLog:  silence,
		ModifyResponse: func(*http.Response) error {
			if d.below(100) >= percent {
				return nil
			}
			l.lost.Add(1)
			return errLost
		},
		// A process that is away looks as it would without the proxy: the connection ends.
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	server := httptest.NewUnstartedServer(proxy)
	server.Config.ErrorLog = silence
	server.Start()
	t.Cleanup(server.Close)
	l.url = server.URL
	return l
}
