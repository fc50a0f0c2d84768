// Package identity reads who vouches for people: OpenID providers, LDAP directories, and the address books that the
// organisation comes from. They are in one secret file, because it holds secrets, and because who may change it can be
// anybody here: no log-in is enough for that.
package identity

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
	"sigs.k8s.io/yaml"

	"diom.io/workflow/shared/config"
)

// Secret is the secret file, YAML or JSON.
const Secret = "diom-identity"

// Config is the file. Names are letters, digits and -, and unique in their list.
type Config struct {
	OIDC        []Provider  `json:"oidc"`
	LDAP        []LDAP      `json:"ldap"`
	Directories []Directory `json:"directories"`
}

// Accounts says which accounts people get: see access.Welcome and access.Outsider.
type Accounts struct {
	// Create gives an account to who has none.
	Create bool `json:"create"`
	// Link is never (the default), username or email: which account that is here becomes theirs.
	Link string `json:"link"`
	// DefaultRoles are the roles of new accounts.
	DefaultRoles []string `json:"defaultRoles"`
	// Roles say which role each group or role of the source means; Departments which department code. A department that
	// is not named is taken for a code.
	Roles       map[string]string `json:"roles"`
	Departments map[string]string `json:"departments"`
}

// Provider is an OpenID provider (OpenID Connect Core 1.0, authorization code flow with PKCE).
type Provider struct {
	Name         string   `json:"name"`
	Label        string   `json:"label"` // what people read on the log-in page
	Issuer       string   `json:"issuer"`
	ClientID     string   `json:"clientId"`
	ClientSecret string   `json:"clientSecret"` // empty for a public client
	Scopes       []string `json:"scopes"`       // openid, profile, email
	// Algorithms are those that its tokens may be signed with; RS256, PS256, ES256 and EdDSA where it is empty.
	Algorithms []string `json:"algorithms"`
	Claims     Claims   `json:"claims"`
	// Allow are hosts beside the issuer's that may be internal, and that its endpoints are at.
	Allow []string `json:"allow"`
	Accounts
}

// Claims are the names of claims; a dot leads into an object: realm_access.roles.
type Claims struct {
	Username    string `json:"username"`    // preferred_username
	DisplayName string `json:"displayName"` // name
	Email       string `json:"email"`       // email
	Title       string `json:"title"`       // none
	Department  string `json:"department"`  // none
	Roles       string `json:"roles"`       // none; a text or a list of texts
}

// LDAP is a directory that passwords are asked of.
type LDAP struct {
	Name  string `json:"name"`
	Label string `json:"label"`
	// URL is ldaps://host:636, or ldap://host:389, where StartTLS must be true unless the host is loopback.
	URL      string `json:"url"`
	StartTLS bool   `json:"startTls"`
	// CA are the certificates in PEM that the server's is checked against, in place of the system's.
	CA           string `json:"ca"`
	BindDN       string `json:"bindDn"` // the service account that searches
	BindPassword string `json:"bindPassword"`
	BaseDN       string `json:"baseDn"`
	// Filter finds the people, for example (objectClass=inetOrgPerson).
	Filter     string     `json:"filter"`
	Attributes Attributes `json:"attributes"`
	// Departments finds the departments of an address book, for example (objectClass=organizationalUnit).
	Departments string `json:"departments"`
	// SignIn is false where the directory is an address book alone.
	SignIn *bool `json:"signIn"`
	Accounts
}

// Attributes are the names of attributes.
type Attributes struct {
	ID          string `json:"id"`          // entryUUID: what stays when everything else changes
	Username    string `json:"username"`    // uid
	DisplayName string `json:"displayName"` // cn
	Email       string `json:"email"`       // mail
	Title       string `json:"title"`       // title
	Department  string `json:"department"`  // none: the name or the code of the department; of an address book it is where the entry lies
	Roles       string `json:"roles"`       // none; memberOf for example
	Disabled    string `json:"disabled"`    // none; userAccountControl (its bit 2), or an attribute that is TRUE
	Head        string `json:"head"`        // none; of a department: the DN of who heads it, managedBy for example
}

// The kinds of address books.
const (
	KindLDAP     = "ldap"
	KindDingTalk = "dingtalk"
	KindWeCom    = "wecom"
	KindFeishu   = "feishu"
)

// Directory is an address book that the organisation comes from.
type Directory struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
	// Schedule is a cron expression of five fields in the zone DIOM_TZ; empty: by hand alone.
	Schedule string `json:"schedule"`
	// MaxDisabled is the share of the accounts that the directory knows, in percent, which one run may disable; 10.
	MaxDisabled *int `json:"maxDisabled"`
	// LDAP is the name of the directory, of the kind ldap.
	LDAP string `json:"ldap"`
	// URL is the address of the vendor's API where it is not the public one. Key and Secret are the app's: AppKey and
	// AppSecret, CorpID and Secret, App ID and App Secret.
	URL    string `json:"url"`
	Key    string `json:"key"`
	Secret string `json:"secret"`
	// Root is the department that is read with all below it; the vendor's root where it is empty.
	Root string `json:"root"`
	// Usernames is what a person is called: id (the vendor's id of him, the default), email (what is before the @) or
	// mobile.
	Usernames string `json:"usernames"`
	// Allow are hosts that may be internal.
	Allow []string `json:"allow"`
	Accounts
}

// Load reads the file; without one nobody vouches for anybody. The error names what is wrong, and no secret.
func Load(cfg config.Config) (Config, error) {
	text, err := cfg.Secret(Secret)
	if err != nil {
		return Config{}, err
	}
	return Parse(text)
}

// Parse reads the content of the file.
func Parse(text string) (Config, error) {
	var c Config
	if err := yaml.UnmarshalStrict([]byte(text), &c); err != nil {
		return Config{}, errors.New("secret " + Secret + ": it is no YAML or JSON of the right fields" + where(err))
	}
	if err := c.complete(); err != nil {
		return Config{}, fmt.Errorf("secret %s: %w", Secret, err)
	}
	return c, nil
}

var (
	unknownField = regexp.MustCompile(`unknown field "[A-Za-z0-9]{1,40}"`)
	line         = regexp.MustCompile(`line \d+`)
)

// where tells of an error what holds no value of the file.
func where(err error) string {
	if found := unknownField.FindString(err.Error()); found != "" {
		return ": " + found
	}
	if found := line.FindString(err.Error()); found != "" {
		return ": " + found
	}
	return ""
}

var name = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// complete fills in defaults and checks.
func (c *Config) complete() error {
	seen := map[string]bool{}
	for i := range c.OIDC {
		if err := check(seen, "oidc", c.OIDC[i].Name, c.OIDC[i].complete()); err != nil {
			return err
		}
	}
	for i := range c.LDAP {
		if err := check(seen, "ldap", c.LDAP[i].Name, c.LDAP[i].complete()); err != nil {
			return err
		}
	}
	for i := range c.Directories {
		if err := check(seen, "directories", c.Directories[i].Name, c.Directories[i].complete(c.LDAP)); err != nil {
			return err
		}
	}
	return nil
}

func check(seen map[string]bool, list, called string, err error) error {
	switch {
	case !name.MatchString(called):
		return fmt.Errorf("%s: a name has small letters, digits and -, and there is one without", list)
	case seen[list+called]:
		return fmt.Errorf("%s: the name %s is there twice", list, called)
	case err != nil:
		return fmt.Errorf("%s %s: %w", list, called, err)
	}
	seen[list+called] = true
	return nil
}

// or sets a field that is empty.
func or(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

const superAdmin = "SUPER_ADMIN"

func (a *Accounts) complete() error {
	or(&a.Link, "never")
	if !slices.Contains([]string{"never", "username", "email"}, a.Link) {
		return errors.New("link is never, username or email")
	}
	if slices.Contains(a.DefaultRoles, superAdmin) {
		return errors.New("nobody becomes " + superAdmin + " by what others say")
	}
	for _, role := range a.Roles {
		if role == superAdmin {
			return errors.New("nobody becomes " + superAdmin + " by what others say")
		}
	}
	return nil
}

// signing are the algorithms that a token may be signed with: none that has no key, and none whose key is the client's
// secret.
var signing = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

func (p *Provider) complete() error {
	u, err := url.Parse(p.Issuer)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())) {
		return errors.New("issuer is an https URL without query")
	}
	if p.ClientID == "" {
		return errors.New("clientId is missing")
	}
	or(&p.Label, p.Name)
	or(&p.Claims.Username, "preferred_username")
	or(&p.Claims.DisplayName, "name")
	or(&p.Claims.Email, "email")
	if len(p.Scopes) == 0 {
		p.Scopes = []string{"profile", "email"}
	}
	if !slices.Contains(p.Scopes, "openid") {
		p.Scopes = append([]string{"openid"}, p.Scopes...)
	}
	if len(p.Algorithms) == 0 {
		p.Algorithms = []string{"RS256", "PS256", "ES256", "EdDSA"}
	}
	for _, a := range p.Algorithms {
		if !slices.Contains(signing, a) {
			return errors.New("algorithms may be " + strings.Join(signing, ", "))
		}
	}
	p.Allow = append(p.Allow, u.Hostname())
	return p.Accounts.complete()
}

func (l *LDAP) complete() error {
	u, err := url.Parse(l.URL)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Scheme != "ldap" && u.Scheme != "ldaps" {
		return errors.New("url is ldaps://host:636 or ldap://host:389")
	}
	if u.Scheme == "ldap" && !l.StartTLS && !loopback(u.Hostname()) {
		return errors.New("passwords go over TLS alone: use ldaps:// or startTls")
	}
	if l.BaseDN == "" {
		return errors.New("baseDn is missing")
	}
	if l.BindDN != "" && l.BindPassword == "" {
		return errors.New("bindPassword is missing")
	}
	or(&l.Label, l.Name)
	or(&l.Filter, "(objectClass=person)")
	or(&l.Departments, "(objectClass=organizationalUnit)")
	or(&l.Attributes.ID, "entryUUID")
	or(&l.Attributes.Username, "uid")
	or(&l.Attributes.DisplayName, "cn")
	or(&l.Attributes.Email, "mail")
	or(&l.Attributes.Title, "title")
	return l.Accounts.complete()
}

// SignsIn reports whether passwords are asked of the directory.
func (l LDAP) SignsIn() bool { return l.SignIn == nil || *l.SignIn }

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// Host is the host of the directory's URL; Address is host and port.
func (l LDAP) Host() string { return l.parsed().Hostname() }

// Address is where the directory is, host:port.
func (l LDAP) Address() string {
	u := l.parsed()
	port := u.Port()
	if port == "" {
		port = map[string]string{"ldaps": "636", "ldap": "389"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// TLS reports whether the connection begins with TLS.
func (l LDAP) TLS() bool { return l.parsed().Scheme == "ldaps" }

func (l LDAP) parsed() *url.URL {
	u, err := url.Parse(l.URL)
	if err != nil {
		return &url.URL{}
	}
	return u
}

// Schedules reads cron expressions of five fields.
var Schedules = cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)

const defaultMaxDisabled = 10

func (d *Directory) complete(ldaps []LDAP) error {
	if d.Schedule != "" {
		if _, err := Schedules.Parse(d.Schedule); err != nil {
			return errors.New("schedule is a cron expression of five fields")
		}
	}
	if d.MaxDisabled == nil {
		d.MaxDisabled = new(int)
		*d.MaxDisabled = defaultMaxDisabled
	}
	if *d.MaxDisabled < 0 || *d.MaxDisabled > 100 {
		return errors.New("maxDisabled is 0 to 100")
	}
	or(&d.Usernames, "id")
	if !slices.Contains([]string{"id", "email", "mobile"}, d.Usernames) {
		return errors.New("usernames is id, email or mobile")
	}
	if err := d.completeKind(ldaps); err != nil {
		return err
	}
	return d.Accounts.complete()
}

// publicURLs are the vendors' APIs.
var publicURLs = map[string]string{
	KindDingTalk: "https://oapi.dingtalk.com", KindWeCom: "https://qyapi.weixin.qq.com", KindFeishu: "https://open.feishu.cn",
}

func (d *Directory) completeKind(ldaps []LDAP) error {
	if d.Kind == KindLDAP {
		if !slices.ContainsFunc(ldaps, func(l LDAP) bool { return l.Name == d.LDAP }) {
			return errors.New("ldap names no directory of the list ldap")
		}
		return nil
	}
	if publicURLs[d.Kind] == "" {
		return errors.New("kind is ldap, dingtalk, wecom or feishu")
	}
	or(&d.URL, publicURLs[d.Kind])
	u, err := url.Parse(d.URL)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())) {
		return errors.New("url is an https URL")
	}
	if d.Key == "" || d.Secret == "" {
		return errors.New("key or secret is missing")
	}
	return nil
}

// Source is what the identities of the directory's people and departments are under. A directory of the kind ldap shares
// it with the sign-in by the same server.
func (d Directory) Source() string {
	if d.Kind == KindLDAP {
		return KindLDAP + ":" + d.LDAP
	}
	return d.Kind + ":" + d.Name
}

// Source is what the identities of the server's people are under.
func (l LDAP) Source() string { return KindLDAP + ":" + l.Name }

// Timeout bounds one exchange with a provider or a directory.
const Timeout = 5 * time.Second
