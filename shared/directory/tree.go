package directory

import (
	"context"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"diom.io/workflow/shared/identity"
)

// pageSize is how many entries a search returns at once (RFC 2696).
const pageSize = 500

// tree is an LDAP directory as an address book: a person belongs to the nearest department above his entry.
type tree struct{ conf identity.LDAP }

// Read returns the departments and people below the base.
func (t tree) Read(ctx context.Context) (Snapshot, error) {
	conn, err := connect(ctx, t.conf)
	if err != nil {
		return Snapshot{}, err
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	units, err := t.search(conn, t.conf.Departments, []string{t.conf.Attributes.ID, "ou", "description", t.conf.Attributes.Head})
	if err != nil {
		return Snapshot{}, err
	}
	people, err := t.search(conn, t.conf.Filter, attributes(t.conf))
	if err != nil {
		return Snapshot{}, err
	}
	return t.snapshot(units, people)
}

func (t tree) search(conn *ldap.Conn, filter string, names []string) ([]*ldap.Entry, error) {
	asked := make([]string, 0, len(names))
	for _, name := range names {
		if name != "" {
			asked = append(asked, name)
		}
	}
	result, err := conn.SearchWithPaging(ldap.NewSearchRequest(t.conf.BaseDN, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, filter, asked, nil), pageSize)
	if err != nil {
		return nil, silent(t.conf, err)
	}
	return result.Entries, nil
}

// snapshot puts departments and people where their names lie in the tree.
func (t tree) snapshot(units, people []*ldap.Entry) (Snapshot, error) {
	var s Snapshot
	ids := map[string]string{}                                                                                // by DN
	units = slices.DeleteFunc(units, func(u *ldap.Entry) bool { return place(u.DN) == place(t.conf.BaseDN) }) // the company itself
	for _, u := range units {
		ids[place(u.DN)] = stableID(u, t.conf.Attributes.ID)
	}
	persons := map[string]string{}
	for _, e := range people {
		who, err := person(t.conf, e)
		if err != nil {
			return s, err
		}
		persons[place(e.DN)] = who.ID
		p := Person{ID: who.ID, Username: who.Username, DisplayName: who.DisplayName, Email: who.Email, Title: who.Title, Active: !who.Disabled}
		if department := above(ids, e.DN); department != "" {
			p.Departments = []string{department}
		}
		s.People = append(s.People, p)
	}
	for _, u := range units {
		d := Department{ID: stableID(u, t.conf.Attributes.ID), Name: u.GetAttributeValue("ou"), ParentID: above(ids, u.DN)}
		d.Head = persons[place(value(u, t.conf.Attributes.Head))]
		s.Departments = append(s.Departments, d)
	}
	return s, nil
}

// place is a DN in one spelling.
func place(dn string) string {
	parsed, err := ldap.ParseDN(dn)
	if err != nil {
		return ""
	}
	return strings.ToLower(parsed.String())
}

// above is the department that lies nearest above a DN; the base is none.
func above(ids map[string]string, dn string) string {
	parsed, err := ldap.ParseDN(dn)
	if err != nil {
		return ""
	}
	for i := 1; i < len(parsed.RDNs); i++ {
		up := ldap.DN{RDNs: parsed.RDNs[i:]}
		if id := ids[strings.ToLower(up.String())]; id != "" {
			return id
		}
	}
	return ""
}
