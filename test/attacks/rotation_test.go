package attacks

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/test/producttest"
)

// installation is two replicas of the product with one directory of secrets.
type installation struct {
	*testing.T
	replicas []*producttest.Process
	secrets  string
}

func install(t *testing.T) *installation {
	t.Helper()
	dsn, redis, secrets := databasetest.DSN(t), databasetest.Redis(t), producttest.Secrets(t)
	producttest.Install(t, dsn, redis, secrets)
	i := &installation{T: t, secrets: secrets}
	for range 2 {
		i.replicas = append(i.replicas, producttest.Serve(t, producttest.Options{DSN: dsn, Redis: redis, Secrets: secrets, Env: []string{"DIOM_BCRYPT_COST=4", "DIOM_LIMIT_LOGIN=off", "DIOM_LIMIT_USER=off", "DIOM_LIMIT_ADDRESS=off"}}))
	}
	return i
}

// who asks a replica whose token it is, and the other one where that is just being started anew.
func (i *installation) who(n int, token string) int {
	for try := range 200 {
		client := producttest.Client{URL: i.replicas[(n+try)%2].URL, Token: token, HTTP: &http.Client{Timeout: callLimit, Transport: transport}}
		answer, err := client.Send(http.MethodGet, "/auth/userinfo", nil)
		if err == nil && answer.Status != http.StatusServiceUnavailable {
			return answer.Status
		}
		time.Sleep(10 * time.Millisecond)
	}
	return 0
}

func (i *installation) logIn(n int) string {
	return producttest.NewClient(i.replicas[n].URL, callLimit).LogIn(i, "wangfang", demoPassword)
}

// restart starts the replicas anew, one after the other, so that they read the secrets.
func (i *installation) restart() {
	i.Helper()
	for _, p := range i.replicas {
		p.Signal(syscall.SIGTERM)
		for deadline := time.Now().Add(callLimit); p.Running(); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				i.Fatalf("it does not end: %s", p.Log())
			}
		}
		p.Start()
	}
}

func (i *installation) write(name string, content []byte) {
	i.Helper()
	if err := os.WriteFile(filepath.Join(i.secrets, name), content, 0o600); err != nil {
		i.Fatal(err)
	}
}

func (i *installation) read(name string) []byte {
	i.Helper()
	content, err := os.ReadFile(filepath.Join(i.secrets, name))
	if err != nil {
		i.Fatal(err)
	}
	return content
}

// keyPair makes the contents of the two secrets of a signing key.
func keyPair(t *testing.T) (private, public []byte) {
	t.Helper()
	p, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	inner, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	outer, err := x509.MarshalPKIXPublicKey(p)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: inner}), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: outer})
}

// TestRotationOfSigningKeys changes the key of the access tokens while they are used: no request is refused meanwhile,
// and what the old key has signed is refused once that is gone.
func TestRotationOfSigningKeys(t *testing.T) {
	t.Parallel()
	i := install(t)
	var tokens sync.Map // every token that must be good
	old := i.logIn(0)
	tokens.Store(old, true)
	var stop atomic.Bool
	var asked, refused atomic.Int64
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for n := worker; !stop.Load(); n++ {
				tokens.Range(func(token, _ any) bool {
					if status := i.who(n, token.(string)); status != http.StatusOK {
						if refused.Add(1) < 5 {
							t.Errorf("refused with %d", status)
						}
					}
					asked.Add(1)
					time.Sleep(time.Millisecond) // the other tests want the machine, too
					return !stop.Load()
				})
			}
		})
	}
	private, public := keyPair(t)
	oldPublic := i.read(access.SecretPublic)
	i.write(access.SecretPublic, append(public, oldPublic...)) // both are known before one of them signs
	i.restart()
	i.write(access.SecretPrivate, private)
	i.restart()
	fresh := i.logIn(1)
	tokens.Store(fresh, true)
	for before := asked.Load(); asked.Load() < before+50 && refused.Load() == 0; {
		time.Sleep(5 * time.Millisecond)
	}
	stop.Store(true)
	group.Wait()
	i.write(access.SecretPublic, public)
	i.restart()
	for n := range 2 {
		if before, after := i.who(n, old), i.who(n, fresh); before != http.StatusUnauthorized || after != http.StatusOK {
			t.Errorf("replica %d answers the old token with %d and the new one with %d", n, before, after)
		}
	}
	t.Logf("rotation: cases=%d failed=%d", asked.Load(), refused.Load())
}

// How many log in at once: more than may wait for a core.
const storm = 120

// TestLoginStorm lets everybody log in at once with passwords that cost as much as in production: nobody gets an error,
// who is sent away is told when to come back and gets in then, and those who are in work on.
func TestLoginStorm(t *testing.T) {
	t.Parallel()
	dsn, redis, secrets := databasetest.DSN(t), databasetest.Redis(t), producttest.Secrets(t)
	producttest.Install(t, dsn, redis, secrets)
	process := producttest.Serve(t, producttest.Options{DSN: dsn, Redis: redis, Secrets: secrets, Env: []string{"DIOM_LIMIT_LOGIN=off", "DIOM_LIMIT_ADDRESS=off", "GOMAXPROCS=2"}})
	client := producttest.NewClient(process.URL, time.Minute)
	inside := client.LogIn(t, "admin", demoPassword)
	names := access.DemoAccounts()
	var in, sentAway atomic.Int64
	var group sync.WaitGroup
	for n := range storm {
		group.Go(func() {
			for range 200 {
				a, err := client.Send(http.MethodPost, "/auth/login", object{"username": names[n%len(names)].Username, "password": demoPassword})
				switch {
				case err == nil && a.Status == http.StatusOK:
					in.Add(1)
					return
				case err != nil || a.Status != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "":
					t.Errorf("%d %s %v", a.Status, a.Body, err)
					return
				}
				sentAway.Add(1)
				time.Sleep(200 * time.Millisecond)
			}
			t.Error("somebody never gets in")
		})
	}
	group.Go(func() {
		for range 50 {
			if a, err := client.With(inside).Send(http.MethodGet, "/api/v1/home", nil); err != nil || a.Status != http.StatusOK {
				t.Errorf("who is in: %d %v", a.Status, err)
			}
		}
	})
	group.Wait()
	if sentAway.Load() == 0 {
		t.Error("nobody was sent away: the storm is none")
	}
	t.Logf("login-storm: cases=%d failed=%d sent away %d times", storm, storm-in.Load(), sentAway.Load())
}
