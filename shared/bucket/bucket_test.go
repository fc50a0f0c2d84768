package bucket_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"diom.io/workflow/shared/bucket"
	"diom.io/workflow/shared/bucket/buckettest"
)

func open(t *testing.T, s buckettest.Server) *bucket.Bucket {
	t.Helper()
	b, err := bucket.Open(s.Settings, s.Address)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// broken gives some bytes, and then an error.
type broken struct{ left int }

var errBroken = errors.New("broken")

func (b *broken) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, errBroken
	}
	n := min(b.left, len(p))
	b.left -= n
	return n, nil
}

// What is put is got, in every size that makes another kind of request; what is not put to its end is not there.
func TestBucket(t *testing.T) {
	t.Parallel()
	b := open(t, buckettest.Start(t))
	ctx := t.Context()
	large := make([]byte, 17<<20) // three parts
	dice := rand.NewChaCha8([32]byte{1})
	_, _ = dice.Read(large) // never fails
	for name, content := range map[string][]byte{"empty": {}, "a/small": []byte("small"), "a/large": large} {
		if err := b.Put(ctx, name, bytes.NewReader(content), bucket.Unknown); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := b.GetBytes(ctx, name, 32<<20)
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	if err := b.PutBytes(ctx, "b/c/known", []byte("known")); err != nil {
		t.Error(err)
	}
	for _, size := range []int{1, 9 << 20} {
		if err := b.Put(ctx, "a/broken", &broken{left: size}, bucket.Unknown); !errors.Is(err, errBroken) {
			t.Errorf("broken after %d: %v", size, err)
		}
	}
	list, err := b.List(ctx, "")
	want := []bucket.Item{{Name: "a/large", Size: 17 << 20}, {Name: "a/small", Size: 5}, {Name: "b/c/known", Size: 5}, {Name: "empty"}}
	if diff := cmp.Diff(want, list); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	if folders, err := b.Folders(ctx); err != nil || !cmp.Equal(folders, []string{"a", "b"}) {
		t.Errorf("%q %v", folders, err)
	}
	if err := errors.Join(b.RemoveAll(ctx, "a/"), b.Remove(ctx, "empty"), b.Remove(ctx, "never there")); err != nil {
		t.Error(err)
	}
	if list, err := b.List(ctx, ""); err != nil || len(list) != 1 {
		t.Errorf("%v %v", list, err)
	}
	if _, err := b.Get(ctx, "a/small"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("deleted: %v", err)
	}
	if _, err := b.GetBytes(ctx, "b/c/known", 4); !errors.Is(err, bucket.ErrStorage) {
		t.Errorf("too large: %v", err)
	}
}

// A storage that says no, or nothing, is named as one that is not available; neither its address nor a key is told.
func TestRefused(t *testing.T) {
	t.Parallel()
	s := buckettest.Start(t)
	wrong := s
	wrong.Secret = func(string) (string, error) { return "another", nil }
	elsewhere := s
	elsewhere.Address = "s3://no-such-bucket"
	silent := s
	silent.Endpoint = "http://127.0.0.1:1"
	for name, server := range map[string]buckettest.Server{"another key": wrong, "no bucket": elsewhere, "no server": silent} {
		b := open(t, server)
		for _, err := range []error{b.PutBytes(t.Context(), "x", nil), second(b.Get(t.Context(), "x")), second(b.List(t.Context(), ""))} {
			if !errors.Is(err, bucket.ErrStorage) || errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), "diom-secret") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := open(t, s).List(ctx, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

// A redirect is not followed: the request is signed, and the other address may be any.
func TestRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	var reached atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		reached.Store(true)
		_, _ = io.WriteString(w, "x") // the caller sees what came
	}))
	defer other.Close()
	first := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	}))
	defer first.Close()
	b, err := bucket.Open(bucket.Settings{Endpoint: first.URL, PathStyle: true, Region: "r", Secret: buckettest.Secret}, "s3://bucket")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.GetBytes(t.Context(), "x", 10); !errors.Is(err, bucket.ErrStorage) || reached.Load() {
		t.Errorf("%v, reached: %t", err, reached.Load())
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	good := bucket.Settings{Endpoint: "https://s3.example.com", Region: "r", Secret: buckettest.Secret}
	with := func(endpoint string) bucket.Settings { s := good; s.Endpoint = endpoint; return s }
	keyless := good
	keyless.Secret = func(string) (string, error) { return "", nil }
	for name, c := range map[string]struct {
		settings bucket.Settings
		address  string
		want     string // of the error
	}{
		"whole":              {good, "s3://diom-backup/prod/one", ""},
		"no prefix":          {good, "s3://diom-backup", ""},
		"http on loopback":   {with("http://127.0.0.1:9000"), "s3://diom-backup", ""},
		"http by its name":   {with("http://localhost:9000/"), "s3://diom-backup", ""},
		"http elsewhere":     {with("http://10.0.0.7:9000"), "s3://diom-backup", "http:// is for this machine"},
		"http of a name":     {with("http://127.0.0.1.example.com"), "s3://diom-backup", "http:// is for this machine"},
		"another scheme":     {with("ftp://s3.example.com"), "s3://diom-backup", "https://"},
		"a user":             {with("https://u:secret@s3.example.com"), "s3://diom-backup", "no address"},
		"a path":             {with("https://s3.example.com/bucket"), "s3://diom-backup", "no address"},
		"none":               {with(""), "s3://diom-backup", "is not set"},
		"no key":             {keyless, "s3://diom-backup", "diom-s3-access-key is missing"},
		"no bucket":          {good, "s3://", "no address"},
		"capitals":           {good, "s3://Diom", "no address"},
		"out of the prefix":  {good, "s3://diom-backup/../other", "no address"},
		"something else":     {good, "/srv/backup", "no address"},
		"an odd byte":        {good, "s3://diom-backup/a?b", "no address"},
		"slashes at the end": {good, "s3://diom-backup/a/", ""},
	} {
		_, err := bucket.Open(c.settings, c.address)
		if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret@")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
