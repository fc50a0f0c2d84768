package backup

import (
	"cmp"
	"fmt"
	"time"

	"github.com/caarlos0/env/v11"

	"diom.io/workflow/shared/bucket"
	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/schedule"
)

const (
	secretDSN      = "diom-backup-mysql-dsn"
	secretDrillDSN = "diom-backup-drill-dsn"
	// The keys at the storage of DIOM_BACKUP_COPY_ENDPOINT; where they are missing, those of the other one are taken.
	secretCopyAccess = "diom-s3-copy-access-key"
	secretCopyKey    = "diom-s3-copy-secret-key"
)

const (
	variableDir      = "DIOM_BACKUP_DIR"
	variableSchedule = "DIOM_BACKUP_SCHEDULE"
	variableCopyTo   = "DIOM_BACKUP_COPY_TO"
	variableCopyPlan = "DIOM_BACKUP_COPY_SCHEDULE"
)

// Settings say where backups go, when they are made and how long they are kept.
type Settings struct {
	// Dir is the directory of the backups, each a directory in it, or s3://bucket/prefix in the storage of
	// DIOM_S3_ENDPOINT; empty switches them off.
	Dir string `env:"DIOM_BACKUP_DIR"`
	// Keep is how long a backup is kept. The newest one that can be restored is kept for ever.
	Keep time.Duration `env:"DIOM_BACKUP_KEEP" envDefault:"720h"`
	// KeepLog is for how long back any point in time can be restored: increments from before, and before the full
	// backup that they go on from, are deleted.
	KeepLog time.Duration `env:"DIOM_BACKUP_KEEP_INCREMENTS" envDefault:"168h"`
	// Schedule is a cron expression of five fields, in the time zone DIOM_TZ.
	Schedule string `env:"DIOM_BACKUP_SCHEDULE" envDefault:"0 2 * * *"`
	// Recipient is the public key that backups are encrypted for, or several, separated by commas; empty
	// means that of the secret diom-backup-key.
	Recipient string `env:"DIOM_BACKUP_RECIPIENT"`
	// DSN names the database by an account of its own, which may read everything and write nothing; the
	// secret diom-backup-mysql-dsn does too. Empty means the product's.
	DSN string `env:"DIOM_BACKUP_MYSQL_DSN"`
	// DrillDSN names another server by an account that may make and drop databases there: each full backup is restored
	// there once, into a database of its own, and tried. The secret diom-backup-drill-dsn does too. Empty means no drills.
	DrillDSN string `env:"DIOM_BACKUP_DRILL_DSN"`
	// Plain leaves backups unencrypted, and accepts such.
	Plain bool `env:"DIOM_BACKUP_PLAIN"`
	// CopyTo is a second place, off site: a directory, or s3://bucket/prefix. The newest backup and its increments are
	// copied there by CopySchedule. Empty means no copies.
	CopyTo string `env:"DIOM_BACKUP_COPY_TO"`
	// CopySchedule is a cron expression of five fields, in the time zone DIOM_TZ.
	CopySchedule string `env:"DIOM_BACKUP_COPY_SCHEDULE" envDefault:"0 4 * * 0"`
	// CopyKeep is how long a copy is kept, and for how long back its increments are. The newest copy that can be restored
	// is kept for ever.
	CopyKeep time.Duration `env:"DIOM_BACKUP_COPY_KEEP" envDefault:"2160h"`
	// CopyEndpoint is the storage of DIOM_BACKUP_COPY_TO, as DIOM_S3_ENDPOINT is that of other addresses; its keys are the
	// secrets diom-s3-copy-access-key and diom-s3-copy-secret-key, or else those of DIOM_S3_ENDPOINT. Empty means that
	// storage, with its region and all.
	CopyEndpoint string `env:"DIOM_BACKUP_COPY_ENDPOINT"`
	// CopyRegion is where the bucket is, as the storage of DIOM_BACKUP_COPY_ENDPOINT calls it.
	CopyRegion string `env:"DIOM_BACKUP_COPY_REGION" envDefault:"us-east-1"`
	// CopyPathStyle is DIOM_S3_PATH_STYLE of the storage of DIOM_BACKUP_COPY_ENDPOINT.
	CopyPathStyle bool `env:"DIOM_BACKUP_COPY_PATH_STYLE"`

	// Environment and TimeZone are the installation's, Secret reads one of its secrets.
	Environment string
	TimeZone    string
	Secret      func(name string) (string, error)
	// Bucket says where S3-compatible storage is.
	Bucket bucket.Settings
	// second says that these are the settings of the second place.
	second bool
}

// LoadSettings reads the environment; a variable that cannot be read is an error that names it.
func LoadSettings(cfg config.Config) (Settings, error) {
	s, err := env.ParseAs[Settings]()
	if err != nil {
		return s, fmt.Errorf("environment: %w", err)
	}
	s.Environment, s.TimeZone, s.Secret = cfg.Environment, cfg.TimeZone, cfg.Secret
	if s.Bucket, err = bucket.LoadSettings(cfg); err != nil {
		return s, err
	}
	if err := s.check(); err != nil {
		return s, err
	}
	for secret, dsn := range map[string]*string{secretDSN: &s.DSN, secretDrillDSN: &s.DrillDSN} {
		if *dsn == "" {
			if *dsn, err = cfg.Secret(secret); err != nil {
				return s, err
			}
		}
	}
	if s.DSN == "" {
		s.DSN = cfg.MySQLDSN
	}
	return s, nil
}

// check reports what is wrong with a schedule or a time.
func (s Settings) check() error {
	if _, _, err := s.cycle(); err != nil {
		return err
	}
	if _, _, err := s.offSite().cycle(); err != nil {
		return err
	}
	if s.Keep <= 0 {
		return fmt.Errorf("DIOM_BACKUP_KEEP is %s; it is how long a backup is kept, for example 720h", s.Keep)
	}
	if s.KeepLog <= 0 {
		return fmt.Errorf("DIOM_BACKUP_KEEP_INCREMENTS is %s; it is for how long back any point in time can be restored, for example 168h", s.KeepLog)
	}
	if s.CopyKeep <= 0 {
		return fmt.Errorf("DIOM_BACKUP_COPY_KEEP is %s; it is how long a copy is kept, for example 2160h", s.CopyKeep)
	}
	return nil
}

func (s Settings) cycle() (schedule.Cycle, *time.Location, error) {
	location, err := time.LoadLocation(s.TimeZone)
	if err != nil {
		return schedule.Cycle{}, nil, fmt.Errorf("DIOM_TZ: %w", err)
	}
	cycle, err := schedule.ParseCycle(s.Schedule)
	if err != nil {
		return cycle, nil, fmt.Errorf("%s: %w", s.variable(variableSchedule, variableCopyPlan), err)
	}
	return cycle, location, nil
}

// Next returns when a backup is due by the schedule after one that was made at last; at once where that is
// zero.
func (s Settings) Next(last time.Time) (time.Time, error) {
	cycle, location, err := s.cycle()
	if err != nil || last.IsZero() {
		return last, err
	}
	next, ok := cycle.Due(last, 0, last, location)
	if !ok {
		return next, fmt.Errorf("%s %q: it is never due", s.variable(variableSchedule, variableCopyPlan), s.Schedule)
	}
	return next, nil
}

// variable names a setting of the first place, or what it is called for the second one.
func (s Settings) variable(first, second string) string {
	if s.second {
		return second
	}
	return first
}

// At are the settings of backups elsewhere, or of DIOM_BACKUP_DIR where dir is empty. DIOM_BACKUP_COPY_TO has a storage of
// its own.
func (s Settings) At(dir string) Settings {
	if dir != "" && dir == s.CopyTo {
		return s.offSite()
	}
	s.Dir = cmp.Or(dir, s.Dir)
	return s
}

// offSite are the settings of the second place.
func (s Settings) offSite() Settings {
	s.Dir, s.Keep, s.KeepLog, s.Schedule, s.second = s.CopyTo, s.CopyKeep, s.CopyKeep, s.CopySchedule, true
	if s.CopyEndpoint != "" {
		s.Bucket = bucket.Settings{Endpoint: s.CopyEndpoint, Region: s.CopyRegion, PathStyle: s.CopyPathStyle, Setting: "DIOM_BACKUP_COPY_ENDPOINT", Secret: s.copySecret}
	}
	return s
}

// copySecret reads a secret of the storage of the second place, or that of the first one in its place.
func (s Settings) copySecret(name string) (string, error) {
	if s.Secret == nil {
		return "", nil
	}
	own := map[string]string{bucket.SecretAccess: secretCopyAccess, bucket.SecretKey: secretCopyKey}[name]
	if value, err := s.Secret(own); value != "" || err != nil {
		return value, err
	}
	return s.Secret(name)
}
