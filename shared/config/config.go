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
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// Config holds the settings of one process. Zero values of new fields must work. The comments of the fields
// are what docs/configuration.md says.
type Config struct {
	// Environment names the installation in the source of CloudEvents: /diom/<environment>.
	Environment string `env:"DIOM_ENV" envDefault:"local"`
	// Addr is where a process listens.
	Addr string `env:"DIOM_ADDR" envDefault:"127.0.0.1:8080"`
	// Port is where it listens on every interface; platforms set it, and it wins over the address.
	Port string `env:"PORT"`

	// MySQLDSN is the address of MySQL, as go-sql-driver/mysql has it; the secret diom-mysql-dsn is used
	// where it is empty.
	MySQLDSN string `env:"DIOM_MYSQL_DSN"`
	// RedisURL is the address of Redis; the secret diom-redis-url is used where it is empty.
	RedisURL string `env:"DIOM_REDIS_URL"`
	// MySQLReplicaDSN is the address of a replica of a MariaDB that follows by GTID: lists, searches, histories and what
	// is shown of one thing are read there. User, password and database are those of DIOM_MYSQL_DSN where it names
	// none: tcp(replica:3306)/. It is one server, and every process has the same.
	MySQLReplicaDSN string `env:"DIOM_MYSQL_REPLICA_DSN"`
	// ReplicaMaxLag is how old what is read there may be; where the replica is further behind, or away, the primary
	// is read. What somebody has done himself he sees at once.
	ReplicaMaxLag time.Duration `env:"DIOM_MYSQL_REPLICA_MAX_LAG" envDefault:"2s"`
	// Pool is the number of database connections of each of the process's two pools, and of that of the replica.
	Pool int `env:"DIOM_MYSQL_POOL" envDefault:"16"`

	// SecretsDir is the directory of the secrets, a file each.
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
	// Several templates, separated by commas, are tried in turn; name=url|url are the replicas of one function.
	Functions string `env:"DIOM_FUNCTION_URL"`

	// HTTPAllow are hosts, addresses and networks that service tasks may call although they are internal, or
	// at ports other than 80 and 443: crm.internal, *.corp, 10.1.0.0/16.
	HTTPAllow []string `env:"DIOM_HTTP_ALLOW"`
	// TaskFunctions is the URL template, with {function} in it, of the functions that service tasks name
	// (diom:function); the first template of DIOM_FUNCTION_URL where it is empty.
	TaskFunctions string `env:"DIOM_TASK_FUNCTION_URL"`
	// SMTPURL is the mail server of mail tasks: smtp://user@host:587, where TLS must be given, or
	// smtps://user@host:465; ?tls=none for one on the same machine. The password is the secret
	// diom-smtp-password.
	SMTPURL string `env:"DIOM_SMTP_URL"`
	// SMTPFrom is the sender of mails that name none.
	SMTPFrom string `env:"DIOM_SMTP_FROM"`

	// PublicURL is where people reach the product, for links in messages: https://flow.example.com. Without it there
	// are no links.
	PublicURL string `env:"DIOM_PUBLIC_URL"`

	// JobsAutomatic is off where nothing but a request is to run asynchronous continuations and timers, such
	// as POST /engine-rest/job/{id}/execute: for tests that decide the order themselves.
	JobsAutomatic *bool `env:"DIOM_JOBS_AUTOMATIC" envDefault:"true"`
	// EngineRestUser is as whom a request to /engine-rest without credentials runs. It is unsafe: everybody who
	// reaches the process is that user. Empty is 401.
	EngineRestUser string `env:"DIOM_ENGINE_REST_ANONYMOUS_USER"`
	// EngineRestAnywhere allows that where other machines reach the process, too; without it such a process
	// does not start.
	EngineRestAnywhere bool `env:"DIOM_ENGINE_REST_ANONYMOUS_ANYWHERE"`

	// MaxAttachment is the largest content of an attachment of a task in bytes, at most 7340032 (7 MiB).
	MaxAttachment int `env:"DIOM_MAX_ATTACHMENT" envDefault:"4194304"`
	// AttachmentBucket is where new attachments and files of forms are kept: s3://bucket/prefix in the storage of
	// DIOM_S3_ENDPOINT. Empty keeps them in the database. What was kept before stays where it is.
	AttachmentBucket string `env:"DIOM_ATTACHMENT_BUCKET"`
	// ArchiveBucket is where instances are written to before the setting instance.keep deletes them: s3://bucket/prefix in
	// the storage of DIOM_S3_ENDPOINT. Empty deletes them without that.
	ArchiveBucket string `env:"DIOM_ARCHIVE_BUCKET"`

	// UrgePause is how long those who have a task are left alone once somebody has urged them.
	UrgePause time.Duration `env:"DIOM_URGE_PAUSE" envDefault:"30m"`
	// UrgeLadder is with which urge of the same person the head of the department is told, too.
	UrgeLadder int `env:"DIOM_URGE_LADDER" envDefault:"3"`

	// Demo shows the demo company's accounts on the start page, and lets `diom dev` load them. Their password
	// is public.
	Demo bool `env:"DIOM_DEMO"`
	// DemoHistory lets `diom dev` give the demo company its processes and thirty days of history, too.
	DemoHistory bool `env:"DIOM_DEMO_HISTORY" envDefault:"true"`
	// TracesEndpoint is where traces go, by OTLP over HTTP as JSON: http://collector:4318. Empty means that no traces are kept.
	// Which ones are is as OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG say, what the service is called as OTEL_SERVICE_NAME does.
	TracesEndpoint string `env:"OTEL_EXPORTER_OTLP_ENDPOINT"`
	// LogLevel is the least level that is logged: DEBUG, INFO, WARN or ERROR.
	LogLevel string `env:"DIOM_LOG_LEVEL" envDefault:"INFO"`
	// LogDir is a directory for the log, in place of the standard output: files with the names of docs/operations/machines.md
	// in a directory of each process, 100 MB a file, 30 days, 10 GB together.
	LogDir string `env:"DIOM_LOG_DIR"`
	// TimeZone is the IANA name of the zone of dates and of timers by cron.
	TimeZone string `env:"DIOM_TZ" envDefault:"Asia/Shanghai"`

	// Listeners is what becomes of listeners that are Java code in a model: refuse (the model is not
	// deployed), ignore (with a warning), or job (for a worker, while the process waits). A deployment may say
	// something else.
	Listeners string `env:"DIOM_LISTENERS" envDefault:"refuse"`
	// Scripts are the script languages, separated by commas, that workers run: a script in one of them is a
	// job with the topic script:<language>. Scripts in other languages than JUEL are refused.
	Scripts []string `env:"DIOM_SCRIPTS"`

	// ReadTimeout is how long a request may take to arrive. Its name is OpenFaaS's, like that of the next four.
	ReadTimeout time.Duration `env:"read_timeout" envDefault:"31s"`
	// WriteTimeout is how long an answer may take from the end of the request's head.
	WriteTimeout time.Duration `env:"write_timeout" envDefault:"31s"`
	// ExecTimeout is how long one call may take where the function says nothing else; then it is 503.
	ExecTimeout time.Duration `env:"exec_timeout" envDefault:"30s"`
	// MaxInflight is how many calls a function serves at once, beyond it the answer is 429; 0 is what the
	// function says.
	MaxInflight int `env:"max_inflight" envDefault:"0"`
	// HealthInterval is how long a process goes on serving after it has been told to stop, until its platform
	// has noticed.
	HealthInterval time.Duration `env:"healthcheck_interval" envDefault:"5s"`

	// AccessTokenLife is how long an access token is valid, at most 24h.
	AccessTokenLife time.Duration `env:"DIOM_ACCESS_TOKEN_LIFE" envDefault:"1h"`
	// RefreshTokenLife is how long one stays logged in without a request.
	RefreshTokenLife time.Duration `env:"DIOM_REFRESH_TOKEN_LIFE" envDefault:"168h"`
	// BcryptCost is the cost of new password hashes: each step doubles the work.
	BcryptCost int `env:"DIOM_BCRYPT_COST" envDefault:"10"`
	// CookieSecure is off only where the product is served over plain http on loopback.
	CookieSecure bool `env:"DIOM_COOKIE_SECURE" envDefault:"true"`
}

// LongestAccess bounds AccessTokenLife: so long it is remembered that a log-in has ended.
const LongestAccess = 24 * time.Hour

// LargestAttachment bounds MaxAttachment: the largest packet of MariaDB has 16 MiB, in which a byte may take two.
const LargestAttachment = 7 << 20

// The bounds of ReplicaMaxLag: what is less is measured more often than is worth it.
const leastLag, mostLag = 100 * time.Millisecond, 10 * time.Minute

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
	if err := c.check(); err != nil {
		return c, err
	}
	if c.AccessTokenLife > LongestAccess {
		return c, fmt.Errorf("DIOM_ACCESS_TOKEN_LIFE is %s; it may be up to %s", c.AccessTokenLife, LongestAccess)
	}
	if c.Port != "" {
		c.Addr = ":" + c.Port
	}
	return c, nil
}

// check returns the first setting that has a value which it may not have.
func (c Config) check() error {
	if c.EventMode != "binary" && c.EventMode != "structured" {
		return fmt.Errorf("DIOM_EVENT_MODE is %q; it may be binary or structured", c.EventMode)
	}
	if c.Listeners != "refuse" && c.Listeners != "ignore" && c.Listeners != "job" {
		return fmt.Errorf("DIOM_LISTENERS is %q; it may be refuse, ignore or job", c.Listeners)
	}
	if c.MaxAttachment < 0 || c.MaxAttachment > LargestAttachment {
		return fmt.Errorf("DIOM_MAX_ATTACHMENT is %d; it may be up to %d", c.MaxAttachment, LargestAttachment)
	}
	if c.ReplicaMaxLag < leastLag || c.ReplicaMaxLag > mostLag {
		return fmt.Errorf("DIOM_MYSQL_REPLICA_MAX_LAG is %s; it may be from %s to %s", c.ReplicaMaxLag, leastLag, mostLag)
	}
	if c.UrgePause <= 0 || c.UrgeLadder < 1 {
		return fmt.Errorf("DIOM_URGE_PAUSE is %s and DIOM_URGE_LADDER is %d; both are more than 0", c.UrgePause, c.UrgeLadder)
	}
	return nil
}

// RunsJobs reports whether the process runs continuations and timers by itself.
func (c Config) RunsJobs() bool { return c.JobsAutomatic == nil || *c.JobsAutomatic }

// Loopback reports whether the process listens where no other machine reaches it.
func (c Config) Loopback() bool {
	host, _, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
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
