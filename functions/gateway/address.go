package gateway

import (
	"net/http"
	"net/netip"
	"strings"

	"diom.io/workflow/shared/fault"
)

// ErrAddress: neither the setting gateway.allow nor else DIOM_IP_ALLOW names the caller's network.
var ErrAddress = fault.New(fault.Forbidden, "address_not_allowed", "Requests from your network address are not allowed.")

// caller returns the address that the request came from, and whether the peer is a proxy of ours whose
// forwarded headers are true. X-Forwarded-For is read from its end, as far as the hops are trusted: what
// stands before was written by anybody.
func (t trust) caller(r *http.Request) (address netip.Addr, trusted bool) {
	peer := peerOf(r.RemoteAddr)
	if t.hops == 0 && !t.networks.Contain(peer) {
		return peer, false
	}
	hops := strings.Split(strings.Join(r.Header["X-Forwarded-For"], ","), ",")
	if t.hops > 0 {
		if i := len(hops) - t.hops; i >= 0 {
			if a, err := parse(hops[i]); err == nil {
				return a, true
			}
		}
		return peer, true
	}
	address = peer
	for i := len(hops) - 1; i >= 0 && t.networks.Contain(address); i-- {
		a, err := parse(hops[i])
		if err != nil {
			break
		}
		address = a
	}
	return address, true
}

// peerOf reads host:port; what is neither, as in a request that no socket brought, is the zero Addr.
func peerOf(remote string) netip.Addr {
	if p, err := netip.ParseAddrPort(remote); err == nil {
		return p.Addr().Unmap().WithZone("")
	}
	a, _ := parse(remote)
	return a
}

// parse reads one hop: an address, perhaps with a port.
func parse(hop string) (netip.Addr, error) {
	hop = strings.TrimSpace(hop)
	if p, err := netip.ParseAddrPort(hop); err == nil {
		return p.Addr().Unmap().WithZone(""), nil
	}
	a, err := netip.ParseAddr(strings.Trim(hop, "[]"))
	return a.Unmap().WithZone(""), err
}

// limitKey is what the rate of an address is counted under: a household or a host has a /64 of IPv6,
// not an address.
func limitKey(a netip.Addr) string {
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}
