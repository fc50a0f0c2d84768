package backup

import (
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

	// Environment and TimeZone are the installation's, Secret reads one of its secrets.
	Environment string
	TimeZone    string
	Secret      func(name string) (string, error)
	// Bucket says where S3-compatible storage is.
	Bucket bucket.Settings
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
	if _, _, err := s.cycle(); err != nil {
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
	if s.Keep <= 0 {
		return s, fmt.Errorf("DIOM_BACKUP_KEEP is %s; it is how long a backup is kept, for example 720h", s.Keep)
	}
	if s.KeepLog <= 0 {
		return s, fmt.Errorf("DIOM_BACKUP_KEEP_INCREMENTS is %s; it is for how long back any point in time can be restored, for example 168h", s.KeepLog)
	}
	return s, nil
}

func (s Settings) cycle() (schedule.Cycle, *time.Location, error) {
	location, err := time.LoadLocation(s.TimeZone)
	if err != nil {
		return schedule.Cycle{}, nil, fmt.Errorf("DIOM_TZ: %w", err)
	}
	cycle, err := schedule.ParseCycle(s.Schedule)
	if err != nil {
		return cycle, nil, fmt.Errorf("DIOM_BACKUP_SCHEDULE: %w", err)
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
		return next, fmt.Errorf("DIOM_BACKUP_SCHEDULE %q: it is never due", s.Schedule)
	}
	return next, nil
}
