package cloudevent

import (
	"encoding/hex"
	"strconv"
	"strings"

	"diom.io/workflow/shared/engine"
)

// ID is what the id of an event of an instance says: <instance>/<seq>/<n>/<mark>. The mark is that of the command that
// made the step: where a database goes back in time, by a restore or to a replica that had not received everything, other
// steps take the numbers of those that were lost, and their events must be no duplicates.
type ID struct {
	Instance engine.ID
	Seq      int64  // of the history row
	N        int    // of the change in it, from 1
	Mark     string // eight hexadecimal digits; "" in ids of versions before there were marks
}

// NewID returns the id of the event of the n-th change, from 1, of the step that a command made.
func NewID(instance engine.ID, seq int64, n int, command engine.ID) ID {
	return ID{Instance: instance, Seq: seq, N: n, Mark: mark(command)}
}

// mark is the random end of a command's id.
func mark(command engine.ID) string { return hex.EncodeToString(command[12:]) }

// String returns the id as it is in the event.
func (id ID) String() string {
	text := id.Instance.String() + "/" + strconv.FormatInt(id.Seq, 10) + "/" + strconv.Itoa(id.N)
	if id.Mark != "" {
		text += "/" + id.Mark
	}
	return text
}

// Of reports whether the id is one of a step that command made.
func (id ID) Of(command engine.ID) bool { return id.Mark == "" || id.Mark == mark(command) }

// ParseID reads the id of an event of ours. ok is false for any other id.
func ParseID(text string) (id ID, ok bool) {
	parts := strings.Split(text, "/")
	if len(parts) < 3 || len(parts) > 4 {
		return ID{}, false
	}
	instance, errInstance := engine.ParseID(parts[0])
	seq, errSeq := strconv.ParseInt(parts[1], 10, 64)
	n, errN := strconv.Atoi(parts[2])
	if errInstance != nil || errSeq != nil || errN != nil || seq < 1 || n < 1 {
		return ID{}, false
	}
	id = ID{Instance: instance, Seq: seq, N: n}
	if len(parts) == 4 {
		digits, err := hex.DecodeString(parts[3])
		if err != nil || len(digits) != 4 {
			return ID{}, false
		}
		id.Mark = hex.EncodeToString(digits)
	}
	return id, id.String() == text
}
