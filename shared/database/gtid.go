package database

import (
	"errors"
	"strconv"
	"strings"
)

// errNoPosition: a server that writes no binary log, or no MariaDB, says nothing of where it is.
var errNoPosition = errors.New("the server tells no GTID")

// gtids is a position in the changes of a group of MariaDB servers: the number of the last one of each domain.
type gtids map[string]uint64

// readGTIDs reads a list such as 0-1-42,1-1-7: domain, server, number.
func readGTIDs(text string) (gtids, error) {
	if text == "" {
		return nil, errNoPosition
	}
	position := gtids{}
	for one := range strings.SplitSeq(text, ",") {
		parts := strings.Split(strings.TrimSpace(one), "-")
		if len(parts) != 3 {
			return nil, errNoPosition
		}
		number, err := strconv.ParseUint(parts[2], 10, 64)
		if err != nil {
			return nil, errNoPosition
		}
		position[parts[0]] = max(position[parts[0]], number)
	}
	return position, nil
}

// covers reports whether who is at g has all that there is at other.
func (g gtids) covers(other gtids) bool {
	for domain, number := range other {
		if g[domain] < number {
			return false
		}
	}
	return true
}

// sum grows with every change: of two positions of one group of servers the later one has the larger sum.
func (g gtids) sum() (n uint64) {
	for _, number := range g {
		n += number
	}
	return n
}
