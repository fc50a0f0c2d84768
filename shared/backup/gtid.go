package backup

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// position is how far the binary log of a MariaDB is: of each replication domain the last transaction. Of those of one
// domain each has a higher number than the one before, whichever server it came from.
type position map[uint32]transaction

// transaction is one of a domain.
type transaction struct {
	server   uint32
	sequence uint64
}

const gtidParts = 3

// parsePosition reads domain-server-sequence, or several with commas; "" is the beginning.
func parsePosition(text string) (position, error) {
	p := position{}
	for one := range strings.SplitSeq(text, ",") {
		if one = strings.TrimSpace(one); one == "" {
			continue
		}
		var numbers [gtidParts]uint64
		parts := strings.Split(one, "-")
		if len(parts) != gtidParts {
			return nil, fmt.Errorf("%q is no GTID of MariaDB: domain-server-sequence", one)
		}
		for i, part := range parts {
			bits := 32
			if i == gtidParts-1 {
				bits = 64
			}
			n, err := strconv.ParseUint(part, 10, bits)
			if err != nil {
				return nil, fmt.Errorf("%q is no GTID of MariaDB: domain-server-sequence", one)
			}
			numbers[i] = n
		}
		p[uint32(numbers[0])] = transaction{uint32(numbers[1]), numbers[2]}
	}
	return p, nil
}

func (p position) String() string {
	list := make([]string, 0, len(p))
	for _, domain := range slices.Sorted(maps.Keys(p)) {
		list = append(list, fmt.Sprintf("%d-%d-%d", domain, p[domain].server, p[domain].sequence))
	}
	return strings.Join(list, ",")
}

// covers reports whether all of another position lies at or before p.
func (p position) covers(other position) bool {
	for domain, t := range other {
		if p[domain].sequence < t.sequence {
			return false
		}
	}
	return true
}

// has reports whether a transaction lies at or before p.
func (p position) has(domain uint32, t transaction) bool { return p[domain].sequence >= t.sequence }

// with returns the position after a transaction.
func (p position) with(domain uint32, t transaction) position {
	next := maps.Clone(p)
	next[domain] = t
	return next
}
