package identity

import (
	"strings"
	"testing"

	"diom.io/workflow/shared/config"
)

const good = `
oidc:
- {name: corp, issuer: "https://id.example.com", clientId: diom, clientSecret: s3cret, roles: {ops: OPERATOR}}
ldap:
- {name: ad, url: "ldaps://dc.example.com", bindDn: "cn=reader", bindPassword: s3cret, baseDn: "dc=example,dc=com"}
directories:
- {name: hr, kind: ldap, ldap: ad, schedule: "0 3 * * *"}
- {name: ding, kind: dingtalk, key: k, secret: s3cret, maxDisabled: 0}
`

func TestParse(t *testing.T) {
	t.Parallel()
	c, err := Parse(good)
	if err != nil {
		t.Fatal(err)
	}
	p, l, d := c.OIDC[0], c.LDAP[0], c.Directories
	if p.Link != "never" || p.Claims.Username != "preferred_username" || p.Scopes[0] != "openid" || len(p.Algorithms) != 4 || p.Allow[0] != "id.example.com" {
		t.Errorf("%+v", p)
	}
	if l.Address() != "dc.example.com:636" || !l.TLS() || !l.SignsIn() || l.Source() != "ldap:ad" || l.Attributes.ID != "entryUUID" {
		t.Errorf("%+v", l)
	}
	if *d[0].MaxDisabled != 10 || *d[1].MaxDisabled != 0 || d[0].Source() != l.Source() || d[1].Source() != "dingtalk:ding" || d[1].URL == "" {
		t.Errorf("%+v", d)
	}
	if c, err := Parse(""); err != nil || len(c.OIDC)+len(c.LDAP)+len(c.Directories) != 0 {
		t.Error(c, err)
	}
	if c, err := Load(config.Config{SecretsDir: t.TempDir()}); err != nil || len(c.OIDC) != 0 {
		t.Error(c, err)
	}
}

// What is unsafe or unclear is refused, in words that hold nothing of the file's secrets.
func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string][2]string{
		"an issuer without TLS":      {`issuer: "https://id.example.com"`, `issuer: "http://id.example.com"`},
		"an issuer with a user":      {`issuer: "https://id.example.com"`, `issuer: "https://u:s3cret@id.example.com"`},
		"no client":                  {`clientId: diom`, `clientId: ""`},
		"tokens without a signature": {`clientId: diom`, `clientId: diom, algorithms: [none]`},
		"tokens signed by us":        {`clientId: diom`, `clientId: diom, algorithms: [HS256]`},
		"an administrator":           {`ops: OPERATOR`, `ops: SUPER_ADMIN`},
		"administrators by default":  {`clientId: diom`, `clientId: diom, defaultRoles: [SUPER_ADMIN]`},
		"a link by something else":   {`clientId: diom`, `clientId: diom, link: name`},
		"passwords without TLS":      {`ldaps://dc.example.com`, `ldap://dc.example.com`},
		"a bind without a password":  {`bindPassword: s3cret`, `bindPassword: ""`},
		"no base":                    {`baseDn: "dc=example,dc=com"`, `baseDn: ""`},
		"a name twice":               {`name: ding, kind: dingtalk`, `name: hr, kind: dingtalk`},
		"a name with a slash":        {`name: corp`, `name: co/rp`},
		"an odd schedule":            {`0 3 * * *`, `at three`},
		"no such directory":          {`ldap: ad,`, `ldap: other,`},
		"no such vendor":             {`kind: dingtalk`, `kind: slack`},
		"a share over all":           {`maxDisabled: 0`, `maxDisabled: 101`},
		"a field that is none":       {`name: corp`, `name: corp, s3cret: x`},
		"a value of another kind":    {`maxDisabled: 0`, `maxDisabled: s3cret`},
		"no YAML":                    {`oidc:`, "s3cret: [}\noidc:"},
		"no secret of the vendor":    {`secret: s3cret`, `secret: ""`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(good, c[0], c[1], 1)
			if text == good {
				t.Fatal("nothing is replaced")
			}
			_, err := Parse(text)
			if err == nil {
				t.Fatal("accepted")
			}
			if strings.Contains(strings.ReplaceAll(err.Error(), `unknown field "s3cret"`, ""), "s3cret") {
				t.Errorf("it tells a secret: %v", err)
			}
		})
	}
}
