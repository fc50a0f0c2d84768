package access

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/store"
)

func TestSignatures(t *testing.T) {
	t.Parallel()
	s := open(t, testConfig(t), nil, "")
	c := &clock{at: time.Now()}
	s.now = c.now
	const target = "/internal/users/%E5%BC%A0?x=1"
	sign := func() http.Header {
		header := http.Header{}
		if err := s.SignInternal(header, http.MethodPost, target, []byte("body")); err != nil {
			t.Fatal(err)
		}
		return header
	}
	verify := func(header http.Header, method, target, body string) error {
		return s.VerifyInternal(t.Context(), header, method, target, []byte(body))
	}
	good := sign()
	if err := verify(good, http.MethodPost, target, "body"); err != nil {
		t.Fatal(err)
	}
	wantError(t, verify(good, http.MethodPost, target, "body"), ErrSignatureReplay)
	wantError(t, verify(http.Header{}, http.MethodPost, target, "body"), ErrSignatureMissing)
	for name, err := range map[string]error{
		"method": verify(sign(), http.MethodPut, target, "body"), "path": verify(sign(), http.MethodPost, "/internal/users/x", "body"),
		"query": verify(sign(), http.MethodPost, strings.TrimSuffix(target, "1"), "body"), "body": verify(sign(), http.MethodPost, target, "Body"),
	} {
		if err == nil || !strings.Contains(err.Error(), ErrSignatureInvalid.Code) {
			t.Errorf("altered %s: %v", name, err)
		}
	}
	for i := range 5 { // each part altered
		header := sign()
		parts := strings.Split(header.Get(SignatureHeader), ",")
		parts[i] += "0"
		header.Set(SignatureHeader, strings.Join(parts, ","))
		wantError(t, verify(header, http.MethodPost, target, "body"), ErrSignatureInvalid)
	}
	for _, value := range []string{",", ",,,,", "v1,local,x,y,z", strings.Repeat("v1,", 1<<16)} {
		header := http.Header{}
		header.Set(SignatureHeader, value)
		wantError(t, verify(header, http.MethodPost, target, "body"), ErrSignatureInvalid)
	}
	early := sign()
	c.add(signatureAge + time.Second)
	wantError(t, verify(early, http.MethodPost, target, "body"), ErrSignatureStale)
	late := sign()
	c.add(-signatureAge - 2*time.Second)
	wantError(t, verify(late, http.MethodPost, target, "body"), ErrSignatureStale)
}

func TestSignatureKeysRotateAndReplicasShareNonces(t *testing.T) {
	t.Parallel()
	redis := databasetest.Redis(t)
	service := func(keys string) *Service {
		cfg := testConfig(t)
		write(t, cfg.SecretsDir, SecretInternal, keys)
		return open(t, cfg, nil, redis)
	}
	a, b := "a:"+strings.Repeat("1", 32), "b:"+strings.Repeat("2", 32)
	old, between, after := service(a), service(b+"\n"+a+"\n"), service(b)
	header := http.Header{}
	if err := old.SignInternal(header, "GET", "/x", nil); err != nil {
		t.Fatal(err)
	}
	wantError(t, after.VerifyInternal(t.Context(), header, "GET", "/x", nil), ErrSignatureInvalid)
	if err := between.VerifyInternal(t.Context(), header, "GET", "/x", nil); err != nil {
		t.Error(err)
	}
	wantError(t, old.VerifyInternal(t.Context(), header, "GET", "/x", nil), ErrSignatureReplay)
	if err := between.SignInternal(header, "GET", "/x", nil); err != nil {
		t.Fatal(err)
	}
	if err := after.VerifyInternal(t.Context(), header, "GET", "/x", nil); err != nil {
		t.Error(err)
	}
	if err := service("").SignInternal(header, "GET", "/x", nil); err == nil {
		t.Error("signed without a key")
	}
}

func TestClient(t *testing.T) {
	t.Parallel()
	s := company(t)
	down := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	t.Cleanup(down.Close)
	up := httptest.NewServer(http.StripPrefix("/function/users", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = s.VerifyInternal(r.Context(), r.Header, r.Method, r.URL.RequestURI(), body)
		}
		if err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if !strings.HasSuffix(r.URL.Path, "/lina") {
			w.WriteHeader(http.StatusNotFound)
			_, _ = fmt.Fprintf(w, `{"code":%q}`, store.ErrNoUser.Code)
			return
		}
		_, _ = w.Write([]byte(`{"username":"lina","displayName":"李娜","groups":["finance"]}`))
	})))
	t.Cleanup(up.Close)
	check := func(templates string) {
		t.Helper()
		s.cfg.Functions = templates
		c := s.Client(nil)
		if info, err := c.UserInfo(t.Context(), "lina"); err != nil || info.DisplayName != "李娜" || info.Groups[0] != "finance" {
			t.Errorf("%q: %+v, %v", templates, info, err)
		}
		_, err := c.UserInfo(t.Context(), "no body/../x")
		wantError(t, err, store.ErrNoUser)
	}
	check("")
	check(up.URL + "/function/{function}")
	check(down.URL + "/{function}, " + up.URL + "/function/{function}/")
	s.cfg.Functions = down.URL
	_, err := s.Client(nil).UserInfo(t.Context(), "lina")
	wantError(t, err, ErrUsersUnavailable)
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	m, now := newMemory(64), time.Unix(0, 0)
	for i := range 1000 {
		if !m.mark(fmt.Sprint(i), time.Hour, now) {
			t.Fatalf("%d is known", i)
		}
	}
	if len(m.cells) > 64 {
		t.Errorf("%d cells", len(m.cells))
	}
	if m.mark("999", time.Hour, now) || !m.mark("999", time.Hour, now.Add(time.Hour)) {
		t.Error("the newest mark is lost, or it does not end")
	}
}
