package signin

import (
	"maps"
	"strings"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/identity"
)

// claims are what a provider says of a person.
type claims map[string]any

// at returns a claim; a dot leads into an object, unless the whole name is one.
func (c claims) at(path string) any {
	if path == "" {
		return nil
	}
	if v, found := c[path]; found {
		return v
	}
	var v any = map[string]any(c)
	for part := range strings.SplitSeq(path, ".") {
		object, _ := v.(map[string]any)
		v = object[part]
	}
	return v
}

func (c claims) text(path string) string {
	text, _ := c.at(path).(string)
	return strings.TrimSpace(text)
}

// list is a claim that is a text or a list of texts.
func (c claims) list(path string) []string {
	if text := c.text(path); text != "" {
		return []string{text}
	}
	var out []string
	values, _ := c.at(path).([]any)
	for _, v := range values {
		if text, is := v.(string); is {
			out = append(out, text)
		}
	}
	return out
}

// complete reports whether every claim that is asked for is there.
func (c claims) complete(names identity.Claims) bool {
	for _, name := range []string{names.Username, names.DisplayName, names.Email, names.Title, names.Department, names.Roles} {
		if name != "" && c.at(name) == nil {
			return false
		}
	}
	return true
}

// with adds what more says and c does not. That an address is verified is said of that address alone.
func (c claims) with(more claims) claims {
	out := maps.Clone(more)
	if c["email"] != nil && c["email"] != more["email"] {
		delete(out, "email_verified")
	}
	maps.Copy(out, c)
	return out
}

// verified reports whether the provider has verified the mail address. Some write it as a text.
func (c claims) verified() bool {
	v := c["email_verified"]
	return v == true || v == "true"
}

func (c claims) outsider(p identity.Provider) access.Outsider {
	o := access.Outsider{
		Source: c.text("iss"), Subject: c.text("sub"), Username: c.text(p.Claims.Username), DisplayName: c.text(p.Claims.DisplayName), Email: c.text(p.Claims.Email),
		EmailVerified: p.Claims.Email == "email" && c.verified(), Title: c.text(p.Claims.Title),
	}
	for _, name := range c.list(p.Claims.Department) { // the first one counts
		o.Department = called(p.Departments, name)
		break
	}
	o.Roles, o.Managed = roles(p.Accounts.Roles, c.list(p.Claims.Roles))
	return o
}
