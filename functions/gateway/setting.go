package gateway

import (
	"fmt"
	"io/fs"
	"net/url"
	"strconv"
	"strings"

	"github.com/caarlos0/env/v11"

	"diom.io/workflow/shared/limit"
	"diom.io/workflow/shared/setting"
)

// settings are those that only the gateway has.
type settings struct {
	// Origins are the web origins, besides the gateway's own, whose pages may call the API; "*" is all.
	Origins []string `env:"DIOM_CORS_ORIGINS"`
	// Proxies says which hops before the gateway tell the truth in X-Forwarded-For: their number, or
	// their networks. None by default: the peer is the caller.
	Proxies trust `env:"DIOM_TRUSTED_PROXIES"`
	// Allow are the networks that callers must be in, where the setting gateway.allow says nothing; empty is everywhere.
	Allow setting.Networks `env:"DIOM_IP_ALLOW"`
	// LimitUser is how many requests one user may send. This and the next limit stop a script that runs away,
	// not a busy client.
	LimitUser limit.Rate `env:"DIOM_LIMIT_USER" envDefault:"5000/s:10000"`
	// LimitAddress is how many requests may come from one address.
	LimitAddress limit.Rate `env:"DIOM_LIMIT_ADDRESS" envDefault:"10000/s:20000"`
	// LimitLogin is how many log-ins may come from one address. Its burst lets an office behind one address
	// come to work.
	LimitLogin limit.Rate `env:"DIOM_LIMIT_LOGIN" envDefault:"20/m:600"`
	// LimitRoute is how many requests one user, or one address without a user, may send to one route.
	LimitRoute limit.Rate `env:"DIOM_LIMIT_ROUTE" envDefault:"off"`
	// LimitSearch is how many searches and exports one user may ask for.
	LimitSearch limit.Rate `env:"DIOM_LIMIT_SEARCH" envDefault:"20/s:100"`
	// Replicas is how many gateways run: while Redis is down each applies its share of the limits.
	Replicas int `env:"DIOM_GATEWAY_REPLICAS" envDefault:"1"`
	// Streams is how many streams of live events a process serves at once.
	Streams int `env:"DIOM_STREAMS" envDefault:"1000"`
	// PersonStreams is how many of them one user may have.
	PersonStreams int `env:"DIOM_STREAMS_USER" envDefault:"8"`
	// console is nil where it was not built.
	console fs.FS
}

func loadSettings() (settings, error) {
	s, err := env.ParseAs[settings]()
	if err != nil {
		return s, fmt.Errorf("environment: %w", err)
	}
	for i, origin := range s.Origins {
		origin = strings.TrimSuffix(strings.TrimSpace(origin), "/")
		u, err := url.Parse(origin)
		if origin != "*" && (err != nil || u.Scheme == "" || u.Host == "" || u.Path != "") {
			return s, fmt.Errorf("DIOM_CORS_ORIGINS: %q is no origin: write it as https://console.example.com", origin)
		}
		s.Origins[i] = origin
	}
	return s, nil
}

// trust is a number of hops or a list of networks.
type trust struct {
	hops     int
	networks setting.Networks
}

// UnmarshalText reads either.
func (t *trust) UnmarshalText(text []byte) error {
	if hops, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && hops >= 0 {
		*t = trust{hops: hops}
		return nil
	}
	t.hops = 0
	return t.networks.UnmarshalText(text)
}
