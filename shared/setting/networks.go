package setting

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// maxNetworks bounds a list that is set; the environment's may be longer.
const maxNetworks = 40

// Networks is a list of networks (CIDR) or single addresses, separated by commas.
type Networks []netip.Prefix

// UnmarshalText reads the list. An empty text is an empty list.
func (n *Networks) UnmarshalText(text []byte) error {
	*n = nil
	for part := range strings.SplitSeq(string(text), ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(part)
		if address, failure := netip.ParseAddr(part); failure == nil {
			prefix, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		if err != nil {
			return fmt.Errorf("%q is neither an address nor a network: write it as 10.0.0.0/8", part)
		}
		*n = append(*n, prefix.Masked())
	}
	return nil
}

// Contain reports whether an address is in one of the networks.
func (n Networks) Contain(a netip.Addr) bool {
	return slices.ContainsFunc(n, func(p netip.Prefix) bool { return p.Contains(a) })
}

// Admit reports whether a caller at an address, as text, is let in where only these networks are; none is everywhere.
// What is no address is not in any.
func (n Networks) Admit(address string) bool {
	a, err := netip.ParseAddr(address)
	return len(n) == 0 || err == nil && n.Contain(a.Unmap().WithZone(""))
}
