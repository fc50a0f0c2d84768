// Package directory knows address books: LDAP directories, DingTalk, WeCom and Feishu. It asks an LDAP directory about a
// password, and it brings the organisation of an address book over: departments, people, who heads and who belongs to
// what.
//
// A run reads the whole book, compares it with what is here, and changes what differs. People who are gone are disabled
// and never deleted; accounts that the book does not know are left alone; and a run that would disable too many stops
// before it changes anything, because a book that is half read looks like one whose people have left.
package directory

import (
	"context"
	"fmt"

	"diom.io/workflow/shared/identity"
)

// Department is a department of an address book. ID, ParentID and Head are the book's; ParentID is empty at the top, Head
// where nobody is named.
type Department struct {
	ID, Name, ParentID, Head string
}

// Person is somebody in an address book. Departments are ids of the book, the main one first. Who is not Active may not
// work here any more, or not yet.
type Person struct {
	ID, Username, DisplayName, Email, Title string
	Departments                             []string
	Active                                  bool
}

// Snapshot is a whole address book.
type Snapshot struct {
	Departments []Department
	People      []Person
}

// Book is an address book.
type Book interface {
	// Read returns all of it, or an error: never a part.
	Read(ctx context.Context) (Snapshot, error)
}

// Open returns the address book of a directory.
func Open(c identity.Config, d identity.Directory) (Book, error) {
	switch d.Kind {
	case identity.KindLDAP:
		for _, l := range c.LDAP {
			if l.Name == d.LDAP {
				return tree{l}, nil
			}
		}
	case identity.KindDingTalk:
		return newDingTalk(d)
	case identity.KindWeCom:
		return newWeCom(d)
	case identity.KindFeishu:
		return newFeishu(d)
	}
	return nil, fmt.Errorf("directory %s: its kind is %q", d.Name, d.Kind)
}
