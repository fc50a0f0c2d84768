package bucket

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"diom.io/workflow/shared/config"
)

// The secret files: who the product is at the storage.
const (
	SecretAccess = "diom-s3-access-key"
	SecretKey    = "diom-s3-secret-key"
)

const (
	scheme      = "s3://"
	dialTimeout = 5 * time.Second
	idleTimeout = time.Minute
	// answerTimeout is how long the storage may think about a request that it has got.
	answerTimeout = 30 * time.Second
	tries         = 4
)

// Settings say where S3-compatible storage is. The bucket is in the address of what is kept there, such as
// s3://bucket/prefix in DIOM_BACKUP_DIR.
type Settings struct {
	// Endpoint is the storage of the settings that name an address s3://bucket/prefix: https://host or
	// https://host:port; http on this machine only.
	Endpoint string `env:"DIOM_S3_ENDPOINT"`
	// Region is where the buckets are, as the storage calls it.
	Region string `env:"DIOM_S3_REGION" envDefault:"us-east-1"`
	// PathStyle names a bucket in the path, https://host/bucket, as MinIO, Versity and Ceph have it; else it is in the
	// name of the host, https://bucket.host, as Amazon S3 and Alibaba Cloud OSS want it.
	PathStyle bool `env:"DIOM_S3_PATH_STYLE"`

	// Setting names Endpoint where that is not DIOM_S3_ENDPOINT.
	Setting string
	// Secret reads a secret of the installation.
	Secret func(name string) (string, error)
}

// LoadSettings reads the environment.
func LoadSettings(cfg config.Config) (Settings, error) {
	s, err := env.ParseAs[Settings]()
	if err != nil {
		return s, fmt.Errorf("environment: %w", err)
	}
	s.Secret = cfg.Secret
	return s, nil
}

// Is reports whether a setting is the address of a bucket.
func Is(address string) bool { return strings.HasPrefix(address, scheme) }

var (
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	prefixName = regexp.MustCompile(`^([A-Za-z0-9_-][A-Za-z0-9._-]*/)*$`)
)

// Check reports what is wrong with an address or with the settings, secrets aside: those are read by who opens the bucket.
func Check(s Settings, address string) error {
	if _, _, err := parse(address); err != nil {
		return err
	}
	_, err := s.endpoint()
	return err
}

// parse takes an address apart: the name of the bucket, and a prefix that is empty or ends in a slash.
func parse(address string) (name, prefix string, err error) {
	name, prefix, _ = strings.Cut(strings.TrimPrefix(address, scheme), "/")
	if prefix = strings.Trim(prefix, "/"); prefix != "" {
		prefix += "/"
	}
	if !Is(address) || !bucketName.MatchString(name) || !prefixName.MatchString(prefix) {
		return "", "", fmt.Errorf("%q is no address of a bucket: s3://bucket/prefix", address)
	}
	return name, prefix, nil
}

// Open returns what lies under s3://bucket or s3://bucket/prefix. It makes no request. An error names the setting
// or the secret that is wrong, never what it holds.
func Open(s Settings, address string) (*Bucket, error) {
	name, prefix, err := parse(address)
	if err != nil {
		return nil, err
	}
	endpoint, err := s.endpoint()
	if err != nil {
		return nil, err
	}
	keys, err := s.credentials()
	if err != nil {
		return nil, err
	}
	lookup := minio.BucketLookupDNS
	if s.PathStyle {
		lookup = minio.BucketLookupPath
	}
	client, err := minio.New(endpoint.Host, &minio.Options{
		Creds: keys, Secure: endpoint.Scheme == "https", Region: s.Region, BucketLookup: lookup, Transport: transport(), MaxRetries: tries,
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.setting(), err)
	}
	return &Bucket{client: client, name: name, prefix: prefix}, nil
}

// endpoint is the address of the storage; what is not on this machine is reached by TLS alone.
func (s Settings) endpoint() (*url.URL, error) {
	if s.Endpoint == "" {
		return nil, fmt.Errorf("%s is not set; it is where the buckets of s3:// addresses are", s.setting())
	}
	u, err := url.Parse(s.Endpoint)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("%s is no address such as https://s3.example.com: a host, perhaps with a port, and nothing else", s.setting())
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return nil, fmt.Errorf("%s: it begins with https://; http:// is for this machine alone", s.setting())
	}
	return u, nil
}

func (s Settings) setting() string { return cmp.Or(s.Setting, "DIOM_S3_ENDPOINT") }

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func (s Settings) credentials() (*credentials.Credentials, error) {
	var values [2]string
	for i, name := range []string{SecretAccess, SecretKey} {
		if s.Secret != nil {
			var err error
			if values[i], err = s.Secret(name); err != nil {
				return nil, err
			}
		}
		if values[i] == "" {
			return nil, fmt.Errorf("the secret %s is missing", name)
		}
	}
	return credentials.NewStaticV4(values[0], values[1], ""), nil
}

func transport() *http.Transport {
	return &http.Transport{
		DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout: dialTimeout, ResponseHeaderTimeout: answerTimeout, IdleConnTimeout: idleTimeout, MaxIdleConnsPerHost: 8,
		TLSClientConfig:    &tls.Config{MinVersion: tls.VersionTLS12},
		DisableCompression: true, // what is stored is what was written
		ForceAttemptHTTP2:  true,
	}
}
