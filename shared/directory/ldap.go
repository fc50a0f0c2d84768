package directory

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-ldap/ldap/v3"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/egress"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/identity"
)

// ErrUnavailable: a directory does not answer, or not as a directory does.
var ErrUnavailable = fault.New(fault.Unavailable, "directory_unavailable", "The directory does not answer. Try again, or log in with a password of this product.").Elsewhere().After(5 * time.Second)

// Entry is a person of a directory.
type Entry struct {
	ID          string // what stays when everything else changes
	Username    string
	DisplayName string
	Email       string
	Title       string
	Department  string
	Roles       []string
	Disabled    bool
}

// Authenticate returns the person of a directory whose name and password these are: the service account finds him, and
// the directory itself checks the password when he binds with it (RFC 4513 §5.1.3). Errors: access.ErrBadCredentials,
// ErrUnavailable.
func Authenticate(ctx context.Context, conf identity.LDAP, username, password string) (Entry, error) {
	if username == "" || password == "" {
		return Entry{}, access.ErrBadCredentials // a bind without a password proves nothing and succeeds (§5.1.2)
	}
	conn, err := connect(ctx, conf)
	if err != nil {
		return Entry{}, err
	}
	defer func() { _ = conn.Close() }()
	found, err := find(conn, conf, username)
	if err != nil {
		return Entry{}, err
	}
	err = conn.Bind(found.DN, password)
	switch {
	case ldap.IsErrorAnyOf(err, ldap.LDAPResultInvalidCredentials, ldap.LDAPResultInappropriateAuthentication, ldap.LDAPResultUnwillingToPerform, ldap.LDAPResultConstraintViolation,
		ldap.LDAPResultInsufficientAccessRights, ldap.LDAPResultNoSuchObject):
		return Entry{}, access.ErrBadCredentials
	case err != nil:
		return Entry{}, silent(conf, err)
	}
	who, err := person(conf, found)
	if err == nil && who.Disabled {
		return Entry{}, access.ErrBadCredentials
	}
	return who, err
}

// silent is ErrUnavailable with the reason.
func silent(conf identity.LDAP, err error) error {
	return fmt.Errorf("ldap %s: %w: %s", conf.Name, ErrUnavailable, egress.Reason(err))
}

// connect opens a connection that ends soon, over TLS, and binds the service account.
func connect(ctx context.Context, conf identity.LDAP) (*ldap.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, identity.Timeout)
	defer cancel()
	guard, err := egress.New([]string{conf.Host()})
	if err != nil {
		return nil, silent(conf, err)
	}
	raw, err := guard.Dial(ctx, "tcp", conf.Address())
	if err != nil {
		return nil, silent(conf, err)
	}
	conn, err := secured(ctx, conf, raw)
	if err != nil {
		_ = raw.Close()
		return nil, silent(conf, err)
	}
	if conf.BindDN != "" {
		if err := conn.Bind(conf.BindDN, conf.BindPassword); err != nil {
			_ = conn.Close()
			return nil, silent(conf, errors.New("the service account cannot bind"))
		}
	}
	return conn, nil
}

// secured speaks LDAP over a connection, and over TLS where that is not loopback without it.
func secured(ctx context.Context, conf identity.LDAP, raw net.Conn) (*ldap.Conn, error) {
	trust := &tls.Config{ServerName: conf.Host(), MinVersion: tls.VersionTLS12}
	if conf.CA != "" {
		trust.RootCAs = x509.NewCertPool()
		if !trust.RootCAs.AppendCertsFromPEM([]byte(conf.CA)) {
			return nil, errors.New("ca holds no certificate")
		}
	}
	if conf.TLS() {
		over := tls.Client(raw, trust)
		if err := over.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		raw = over
	}
	conn := ldap.NewConn(raw, conf.TLS())
	conn.SetTimeout(identity.Timeout)
	conn.Start()
	if conf.StartTLS && !conf.TLS() {
		if err := conn.StartTLS(trust); err != nil {
			_ = conn.Close()
			return nil, err
		}
	}
	return conn, nil
}

// find searches for the one person with a username. What is typed is a value and no part of the filter (RFC 4515 §3).
func find(conn *ldap.Conn, conf identity.LDAP, username string) (*ldap.Entry, error) {
	filter := "(&" + conf.Filter + "(" + conf.Attributes.Username + "=" + ldap.EscapeFilter(username) + "))"
	result, err := conn.Search(ldap.NewSearchRequest(conf.BaseDN, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 2, int(identity.Timeout/time.Second), false, filter, attributes(conf), nil))
	if err != nil && !ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded) && !ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject) {
		return nil, silent(conf, err)
	}
	if result == nil || len(result.Entries) != 1 || result.Entries[0].DN == "" {
		return nil, access.ErrBadCredentials // a bind as nobody would prove nothing
	}
	// A directory takes many spellings for one; only small and capital letters are one here.
	if e := result.Entries[0]; strings.EqualFold(e.GetAttributeValue(conf.Attributes.Username), username) {
		return e, nil
	}
	return nil, access.ErrBadCredentials
}

func attributes(conf identity.LDAP) []string {
	a := conf.Attributes
	var names []string
	for _, name := range []string{a.ID, a.Username, a.DisplayName, a.Email, a.Title, a.Department, a.Roles, a.Disabled} {
		if name != "" {
			names = append(names, name)
		}
	}
	return names
}

// person reads an entry. The error is that it has no id.
func person(conf identity.LDAP, e *ldap.Entry) (Entry, error) {
	a := conf.Attributes
	who := Entry{
		ID: stableID(e, a.ID), Username: e.GetAttributeValue(a.Username), DisplayName: value(e, a.DisplayName), Email: value(e, a.Email), Title: value(e, a.Title),
		Department: value(e, a.Department), Disabled: disabled(value(e, a.Disabled)),
	}
	if a.Roles != "" {
		who.Roles = e.GetAttributeValues(a.Roles)
	}
	if who.ID == "" {
		return who, silent(conf, errors.New("an entry has no "+a.ID))
	}
	return who, nil
}

func value(e *ldap.Entry, attribute string) string {
	if attribute == "" {
		return ""
	}
	return strings.TrimSpace(e.GetAttributeValue(attribute))
}

// stableID is the id of an entry: as it is where it is text, else (objectGUID) in hexadecimal digits.
func stableID(e *ldap.Entry, attribute string) string {
	raw := e.GetRawAttributeValue(attribute)
	if utf8.Valid(raw) && !strings.ContainsFunc(string(raw), func(r rune) bool { return !unicode.IsPrint(r) }) {
		return string(raw)
	}
	return hex.EncodeToString(raw)
}

// accountDisabled is the bit of userAccountControl of Active Directory.
const accountDisabled = 2

// disabled reads an attribute that says so: TRUE, or the flags of Active Directory.
func disabled(text string) bool {
	flags, err := strconv.Atoi(text)
	return strings.EqualFold(text, "TRUE") || err == nil && flags&accountDisabled != 0
}
