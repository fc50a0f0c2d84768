// Package config reads the settings of a process from its environment and its secrets from files.
//
// Every setting has a default that works on a laptop. Secrets are files named as on OpenFaaS
// (/var/openfaas/secrets/<name>, or DIOM_SECRETS_DIR); an environment variable of the same meaning
// is the fallback, never a command line.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// Config holds the settings of one process. Zero values of new fields must work.
type Config struct {
	// Environment names the installation in the source of CloudEvents: /diom/<environment>.
	Environment string `env:"DIOM_ENV" envDefault:"local"`
	// Addr is where `diom serve` listens; Port, when the platform sets it, wins.
	Addr string `env:"DIOM_ADDR" envDefault:"127.0.0.1:8080"`
	Port string `env:"PORT"`

	MySQLDSN string `env:"DIOM_MYSQL_DSN"`
	RedisURL string `env:"DIOM_REDIS_URL"`
	// Pool is the number of database connections of each of the process's two pools.
	Pool int `env:"DIOM_MYSQL_POOL" envDefault:"16"`

	SecretsDir string `env:"DIOM_SECRETS_DIR" envDefault:"/var/openfaas/secrets"`
	// Sink is where CloudEvents go, beside the functions of the same process (diom serve). A process of one
	// function sends them to the function receive-event, by Functions, where Sink is empty.
	Sink string `env:"K_SINK"`
	// EventMode is how they are sent there: binary (attributes as headers) or structured (all in the body).
	EventMode string `env:"DIOM_EVENT_MODE" envDefault:"binary"`
	// SelfSchedule makes a process that serves one function call its scheduled passes by itself, where no
	// platform does.
	SelfSchedule bool `env:"DIOM_SCHEDULE"`
	// Functions is the URL template by which a function reaches another one, with {function} in it:
	// http://gateway.openfaas:8080/function/{function} or http://{function}.diom.svc.cluster.local.
	// Several templates, separated by commas, are tried in turn.
	Functions string `env:"DIOM_FUNCTION_URL"`

	Demo     bool   `env:"DIOM_DEMO"`
	LogLevel string `env:"DIOM_LOG_LEVEL" envDefault:"INFO"`
	TimeZone string `env:"DIOM_TZ" envDefault:"Asia/Shanghai"`

	ReadTimeout    time.Duration `env:"read_timeout" envDefault:"31s"`
	WriteTimeout   time.Duration `env:"write_timeout" envDefault:"31s"`
	ExecTimeout    time.Duration `env:"exec_timeout" envDefault:"30s"`
	MaxInflight    int           `env:"max_inflight" envDefault:"0"`
	HealthInterval time.Duration `env:"healthcheck_interval" envDefault:"5s"`

	AccessTokenLife  time.Duration `env:"DIOM_ACCESS_TOKEN_LIFE" envDefault:"1h"`
	RefreshTokenLife time.Duration `env:"DIOM_REFRESH_TOKEN_LIFE" envDefault:"168h"`
	BcryptCost       int           `env:"DIOM_BCRYPT_COST" envDefault:"10"`
	// CookieSecure is off only where the product is served over plain http on loopback.
	CookieSecure bool `env:"DIOM_COOKIE_SECURE" envDefault:"true"`
}

// Load reads the environment. An unparsable variable is an error that names it.
func Load() (Config, error) {
	c, err := env.ParseAs[Config]()
	if err != nil {
		return c, fmt.Errorf("environment: %w", err)
	}
	for name, value := range map[string]*string{"diom-mysql-dsn": &c.MySQLDSN, "diom-redis-url": &c.RedisURL} {
		secret, err := c.Secret(name)
		if err != nil {
			return c, err
		}
		if secret != "" && *value == "" {
			*value = secret
		}
	}
	if c.EventMode != "binary" && c.EventMode != "structured" {
		return c, fmt.Errorf("DIOM_EVENT_MODE is %q; it may be binary or structured", c.EventMode)
	}
	if c.Port != "" {
		c.Addr = ":" + c.Port
	}
	return c, nil
}

// Secret returns the content of the secret file called name without its last line end, or "" when
// there is no such file. Any other failure to read it is an error.
func (c Config) Secret(name string) (string, error) {
	raw, err := os.ReadFile(filepath.Join(c.SecretsDir, filepath.Base(name)))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("secret %s: %w", name, err)
	}
	return strings.TrimRight(string(raw), "\r\n"), nil
}
