package access

import (
	"errors"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/setting"
	"diom.io/workflow/shared/store"
)

const (
	audience   = "diom-workflow"
	tokenType  = "at+jwt" // RFC 9068 §2.1
	maxToken   = 8 << 10
	proofLife  = 10 * time.Second
	clockDrift = 5 * time.Second
)

// Why a request is not authenticated.
var (
	ErrTokenMissing = fault.New(fault.Unauthorized, "token_missing", "The request has no access token.")
	ErrTokenInvalid = fault.New(fault.Unauthorized, "token_invalid", "The access token is not valid.")
	ErrTokenExpired = fault.New(fault.Unauthorized, "token_expired", "The access token has expired; refresh it.")
	ErrTokenRevoked = fault.New(fault.Unauthorized, "token_revoked", "The access token has been revoked; log in again.")
)

// claims is the payload: the old product's (sub, roles, permissions, iat, exp) and what RFC 9068 and
// revocation need. Nothing here decides about roles and permissions but for readers elsewhere.
type claims struct {
	jwt.RegisteredClaims
	Roles       []string `json:"roles"`
	Permissions []string `json:"permissions"`
	Groups      []string `json:"groups,omitempty"`
	Version     int64    `json:"ver"`
	Session     string   `json:"sid,omitempty"` // as in OpenID Connect Front-Channel Logout §3
}

// proof is what a verified token says: who, by which log-in, which token version, until when.
type proof struct {
	session  engine.ID
	username string
	version  int64
	expires  int64 // Unix nanoseconds
}

func (s *Service) issuer() string { return "/diom/" + s.cfg.Environment }

var errNoPrivateKey = errors.New("secret " + SecretPrivate + ": no key, this process cannot sign access tokens")

// mint signs an access token for a user of the given standing by a log-in, which it never outlives.
func (s *Service) mint(r *standing, x store.Session, now time.Time) (string, error) {
	if s.keys.private == nil {
		return "", errNoPrivateKey
	}
	id, err := uuid.NewV7()
	if err != nil {
		return "", err
	}
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: s.issuer(), Subject: r.Principal.Username, Audience: jwt.ClaimStrings{audience}, ID: id.String(),
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(s.accessLife(x, now))),
		},
		Roles: r.Principal.Roles, Permissions: r.Principal.Permissions, Groups: r.Principal.Groups, Version: r.Version, Session: idText(x.FamilyID),
	})
	token.Header["typ"], token.Header["kid"] = tokenType, s.keys.kid
	return token.SignedString(s.keys.private)
}

// accessLife is how long an access token lives that a log-in gives out now.
func (s *Service) accessLife(x store.Session, now time.Time) time.Duration {
	life := s.cfg.AccessTokenLife
	if v := s.Settings.Known(); v.IsSet(setting.AccessTokenLife) {
		life = v.Duration(setting.AccessTokenLife)
	}
	if x.ExpiresAt.IsZero() {
		return life
	}
	return min(life, x.ExpiresAt.Sub(now))
}

// parse is the only reader of access tokens (RFC 8725, RFC 9068 §4).
func (s *Service) parse(text string) (proof, error) {
	if len(text) > maxToken {
		return proof{}, ErrTokenInvalid
	}
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}), jwt.WithStrictDecoding(),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(clockDrift),
		jwt.WithIssuer(s.issuer()), jwt.WithAudience(audience), jwt.WithTimeFunc(s.now),
	)
	var c claims
	_, err := parser.ParseWithClaims(text, &c, s.key)
	if errors.Is(err, jwt.ErrTokenExpired) && !errors.Is(err, jwt.ErrTokenSignatureInvalid) {
		return proof{}, ErrTokenExpired
	}
	if err != nil || c.Subject == "" || c.IssuedAt == nil || c.ID == "" {
		return proof{}, ErrTokenInvalid
	}
	session, err := engine.ParseID(c.Session)
	if err != nil && c.Session != "" { // one from before there were such ids has none
		return proof{}, ErrTokenInvalid
	}
	return proof{session: session, username: c.Subject, version: c.Version, expires: c.ExpiresAt.Add(clockDrift).UnixNano()}, nil
}

var errKeyID = errors.New("unknown key or type")

// key looks the kid up in the fixed map: it is never a path, a URL or SQL.
func (s *Service) key(t *jwt.Token) (any, error) {
	kid, _ := t.Header["kid"].(string)
	key, known := s.keys.public[kid]
	if !known || t.Header["typ"] != tokenType {
		return nil, errKeyID
	}
	if _, critical := t.Header["crit"]; critical { // RFC 7515 §4.1.11: we understand no extension
		return nil, errKeyID
	}
	return key, nil
}

// identities joins group keys and role codes for candidateGroups.
func identities(groups, roles []string) []string {
	all := slices.Concat(groups, roles)
	slices.Sort(all)
	return slices.Compact(all)
}
