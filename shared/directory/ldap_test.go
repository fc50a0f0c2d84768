package directory

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/jimlambrt/gldap"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas/faastest"
	"diom.io/workflow/shared/identity"
)

// fakeLDAP is a directory of a few people. A bind without a password succeeds, as RFC 4513 §5.1.2 lets it.
type fakeLDAP struct {
	*testing.T
	conf    identity.LDAP
	entries []entry
	// blind finds whatever it likes, and not what is asked for.
	blind bool

	mu      sync.Mutex
	filters []string
	binds   []string
	pages   int
}

type entry struct {
	dn, kind, password string
	attributes         map[string][]string
}

const serviceDN, servicePassword = "cn=reader,dc=corp", "a secret of the reader"

func corp() []entry {
	person := func(dn, id, uid, name string, more ...string) entry {
		a := map[string][]string{"entryUUID": {id}, "uid": {uid}, "cn": {name}, "mail": {uid + "@corp.example"}}
		for i := 0; i < len(more); i += 2 {
			a[more[i]] = []string{more[i+1]}
		}
		return entry{dn, "person", "right-" + uid, a}
	}
	unit := func(dn, id, name, head string) entry {
		return entry{dn, "organizationalUnit", "", map[string][]string{"entryUUID": {id}, "ou": {name}, "managedBy": {head}}}
	}
	return []entry{
		{serviceDN, "reader", servicePassword, nil},
		unit("ou=Sales,dc=corp", "d-1", "Sales", "uid=mei,ou=Sales,dc=corp"),
		unit("ou=East,ou=Sales,dc=corp", "d-2", "East", ""),
		person("uid=mei,ou=Sales,dc=corp", "u-1", "mei", "梅", "title", "Director", "memberOf", "cn=ops"),
		person("uid=hua,OU=east, ou=sales,dc=corp", "u-2", "hua", "华"),
		person("uid=old,dc=corp", "u-3", "old", "老", "userAccountControl", "514"),
	}
}

func newLDAP(t *testing.T, secure *tls.Config) *fakeLDAP {
	t.Helper()
	f := &fakeLDAP{T: t, entries: corp()}
	server, err := gldap.NewServer(gldap.WithLogger(hclog.NewNullLogger()))
	if err != nil {
		t.Fatal(err)
	}
	mux, err := gldap.NewMux()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(mux.Bind(f.bind), mux.Search(f.search), server.Router(mux), mux.ExtendedOperation(func(w *gldap.ResponseWriter, r *gldap.Request) {
		answer := r.NewExtendedResponse(gldap.WithResponseCode(gldap.ResultSuccess))
		answer.SetResponseName(gldap.ExtendedOperationStartTLS)
		_ = w.Write(answer)
		_ = r.StartTLS(secure)
	}, gldap.ExtendedOperationStartTLS)); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	scheme, options := "ldap", []gldap.Option{}
	if secure != nil {
		scheme, options = "ldaps", append(options, gldap.WithTLSConfig(secure))
	}
	go func() { _ = server.Run(address, options...) }()
	t.Cleanup(func() { _ = server.Stop() })
	for deadline := time.Now().Add(10 * time.Second); !server.Ready() && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	f.conf = parse(t, fmt.Sprintf(`{"ldap": [{"name": "corp", "url": "%s://%s", "bindDn": %q, "bindPassword": %q, "baseDn": "dc=corp", "create": true,
 "attributes": {"disabled": "userAccountControl", "roles": "memberOf", "head": "managedBy"}}]}`, scheme, address, serviceDN, servicePassword)).LDAP[0]
	return f
}

func freeAddress(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(nil)
	defer s.Close()
	return strings.TrimPrefix(s.URL, "http://")
}

func parse(t *testing.T, text string) identity.Config {
	t.Helper()
	c, err := identity.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (f *fakeLDAP) bind(w *gldap.ResponseWriter, r *gldap.Request) {
	answer := r.NewBindResponse(gldap.WithResponseCode(gldap.ResultInvalidCredentials))
	defer func() { _ = w.Write(answer) }()
	m, err := r.GetSimpleBindMessage()
	if err != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.binds = append(f.binds, m.UserName)
	if m.Password == "" || m.UserName == "" {
		answer.SetResultCode(gldap.ResultSuccess) // as nobody
		return
	}
	for _, e := range f.entries {
		if e.dn == m.UserName && e.password == string(m.Password) {
			answer.SetResultCode(gldap.ResultSuccess)
		}
	}
}

func (f *fakeLDAP) search(w *gldap.ResponseWriter, r *gldap.Request) {
	done := r.NewSearchDoneResponse(gldap.WithResponseCode(gldap.ResultSuccess))
	defer func() { _ = w.Write(done) }()
	m, err := r.GetSearchMessage()
	if err != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.filters = append(f.filters, m.Filter)
	var found []entry
	for _, e := range f.entries {
		uid, kind := strings.Join(e.attributes["uid"], ""), strings.Contains(m.Filter, "(objectClass="+e.kind+")")
		if kind && (f.blind || !strings.Contains(m.Filter, "(uid=") || strings.Contains(strings.ToLower(m.Filter), "(uid="+uid+")")) {
			found = append(found, e)
		}
	}
	for _, c := range m.Controls {
		if paging, is := c.(*gldap.ControlPaging); is { // two at a time
			from := len(paging.Cookie)
			next, _ := gldap.NewControlPaging(2)
			if from+2 < len(found) {
				next.SetCookie(make([]byte, from+2))
				found = found[:from+2]
			}
			found = found[from:]
			done.SetControls(next)
			f.pages++
		}
	}
	for _, e := range found {
		_ = w.Write(r.NewSearchResponseEntry(e.dn, gldap.WithAttributes(e.attributes)))
	}
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	f := newLDAP(t, nil)
	who, err := Authenticate(t.Context(), f.conf, "Mei", "right-mei")
	if err != nil || who.ID != "u-1" || who.Username != "mei" || who.DisplayName != "梅" || who.Title != "Director" || len(who.Roles) != 1 {
		t.Fatalf("%+v %v", who, err)
	}
	for name, c := range map[string][2]string{
		"a wrong password":        {"mei", "wrong"},
		"another's password":      {"mei", "right-hua"},
		"no password":             {"mei", ""},
		"no name":                 {"", "right-mei"},
		"nobody":                  {"nobody", "right-mei"},
		"all":                     {"*", "right-mei"},
		"a filter":                {"mei)(uid=*", "right-mei"},
		"another filter":          {"x)(|(uid=mei", "right-mei"},
		"the end of a text":       {"mei\x00", "right-mei"},
		"who is disabled there":   {"old", "right-old"},
		"the account that reads":  {"reader", servicePassword},
		"a DN in place of a name": {"uid=mei,ou=Sales,dc=corp", "right-mei"},
	} {
		if _, err := Authenticate(t.Context(), f.conf, c[0], c[1]); !errors.Is(err, access.ErrBadCredentials) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, filter := range f.filters {
		if strings.Count(filter, "(") != 3 || strings.Contains(filter, "=*") {
			t.Errorf("what was typed is a part of the filter %s", filter)
		}
	}
	// An entry that was not asked for is nobody's, and one without a name could be bound to as nobody.
	f.blind = true
	f.entries = []entry{f.entries[0], f.entries[3]}
	if _, err := Authenticate(t.Context(), f.conf, "hua", "right-mei"); !errors.Is(err, access.ErrBadCredentials) {
		t.Errorf("another's entry: %v", err)
	}
	f.entries[1].dn = ""
	if _, err := Authenticate(t.Context(), f.conf, "mei", "whatever"); !errors.Is(err, access.ErrBadCredentials) {
		t.Errorf("an entry without a name: %v", err)
	}
	// What does not answer tells nothing of a password.
	f.conf.BindPassword = "another"
	if _, err := Authenticate(t.Context(), f.conf, "mei", "right-mei"); !errors.Is(err, ErrUnavailable) || strings.Contains(err.Error(), "another") {
		t.Errorf("the reader cannot read: %v", err)
	}
	f.conf.URL = "ldap://" + freeAddress(t)
	if _, err := Authenticate(t.Context(), f.conf, "mei", "right-mei"); !errors.Is(err, ErrUnavailable) {
		t.Errorf("nobody is there: %v", err)
	}
}

// A directory is believed with a certificate that the file, or the system, trusts.
func TestAuthenticateOverTLS(t *testing.T) {
	t.Parallel()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	trusted := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	secure := &tls.Config{Certificates: s.TLS.Certificates, MinVersion: tls.VersionTLS12}
	f := newLDAP(t, secure)
	if _, err := Authenticate(t.Context(), f.conf, "mei", "right-mei"); !errors.Is(err, ErrUnavailable) || len(f.binds) > 0 {
		t.Errorf("a certificate of nobody's: %v, %v", err, f.binds)
	}
	f.conf.CA = trusted
	if _, err := Authenticate(t.Context(), f.conf, "mei", "right-mei"); err != nil {
		t.Error(err)
	}
	plain := newLDAP(t, nil)
	plain.conf.StartTLS, plain.conf.CA = true, trusted
	if _, err := Authenticate(t.Context(), plain.conf, "mei", "right-mei"); err == nil || len(plain.binds) > 0 {
		t.Errorf("a server that cannot start TLS: %v, %v", err, plain.binds)
	}
}

// The tree is read page by page; who belongs to what is where he lies.
func TestTree(t *testing.T) {
	t.Parallel()
	f := newLDAP(t, nil)
	s, err := tree{f.conf}.Read(t.Context())
	if err != nil || f.pages != 3 {
		t.Fatal(err, f.pages)
	}
	if got, want := fmt.Sprint(s.Departments), "[{d-1 Sales  u-1} {d-2 East d-1 }]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	var people []string
	for _, p := range s.People {
		people = append(people, fmt.Sprintf("%s %s %v %v", p.ID, p.Username, p.Departments, p.Active))
	}
	if got, want := strings.Join(people, " "), "u-1 mei [d-1] true u-2 hua [d-2] true u-3 old [] false"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A password of the directory opens a session here, behind the same delays; who is here alone is not asked for there, and
// comes in while the directory is down.
func TestLoginByADirectory(t *testing.T) {
	t.Parallel()
	f := newLDAP(t, nil)
	f.entries = append(f.entries, entry{"uid=lina,dc=corp", "person", "right-lina", map[string][]string{"entryUUID": {"u-9"}, "uid": {"lina"}, "cn": {"x"}}})
	people := faastest.OpenDemo(t, true).App.Access
	ask := func(ctx context.Context, username, password string) (access.Outsider, access.Welcome, error) {
		who, err := Authenticate(ctx, f.conf, username, password)
		return access.Outsider{Source: f.conf.Source(), Subject: who.ID, Username: who.Username, DisplayName: who.DisplayName, Email: who.Email}, access.Welcome{Create: true, Roles: []string{"EMPLOYEE"}}, err
	}
	login := func(username, password string) (access.Login, error) {
		return people.LoginBy(t.Context(), access.Attempt{Username: username, Password: password, Address: "192.0.2.1"}, ask)
	}
	for range 2 { // the first one makes the account
		if session, err := login("mei", "right-mei"); err != nil || session.User.Username != "mei" || session.User.MustChangePassword {
			t.Fatal(session.User, err)
		}
	}
	if session, err := login("MEI", "right-mei"); err != nil || session.User.Username != "mei" {
		t.Errorf("in capital letters: %v", err)
	}
	before := len(f.filters)
	if _, err := login("lina", "right-lina"); !errors.Is(err, access.ErrBadCredentials) || len(f.filters) != before {
		t.Errorf("lina of the directory becomes lina of the company: %v", err)
	}
	if _, err := login("lina", access.DemoPassword); err != nil {
		t.Error(err)
	}
	for i := range 5 { // small and capital letters are one name
		_, err := login([]string{"hua", "Hua", "hUa", "huA", "HUA"}[i], "wrong")
		if delayed := errors.Is(err, access.ErrLoginDelayed); delayed != (i == 4) {
			t.Errorf("attempt %d: %v", i, err)
		}
	}
	if _, err := login("hua", "right-hua"); !errors.Is(err, access.ErrLoginDelayed) {
		t.Errorf("the right one, too soon: %v", err)
	}
	f.conf.URL = "ldap://" + freeAddress(t)
	if _, err := login("admin", access.DemoPassword); err != nil {
		t.Errorf("the administrator, without the directory: %v", err)
	}
	for range 6 { // it is no wrong password that nobody could look at
		if _, err := login("mei", "right-mei"); !errors.Is(err, ErrUnavailable) {
			t.Errorf("without the directory: %v", err)
		}
	}
}
