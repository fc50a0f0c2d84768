package local

import (
	"context"
	"os/user"
	"time"
)

const patience = time.Minute

// Servers name the database and the Redis of a run.
type Servers struct {
	// DSN is a go-sql-driver DSN; of a private server it ends in / and takes the name of a database.
	DSN string
	// URL is the Redis URL.
	URL string
}

// StartServers starts the private servers of the home, under s, and installs them before where they
// are missing. Where skipMySQL or skipRedis is true the caller has one of his own, and that one is
// left empty in the answer.
func (h *Home) StartServers(ctx context.Context, s *Supervisor, skipMySQL, skipRedis bool) (Servers, error) {
	var started Servers
	if skipMySQL && skipRedis {
		return started, nil
	}
	if err := h.Install(ctx); err != nil {
		return started, err
	}
	go s.watchDisk(h.Dir)
	if !skipMySQL {
		command, dsn, err := h.mariadb(ctx)
		if err != nil {
			return started, err
		}
		h.say("starting MariaDB")
		if err := s.Start(ctx, patience, command); err != nil {
			return started, err
		}
		started.DSN = dsn
	}
	if !skipRedis {
		command, url, err := h.redis()
		if err != nil {
			return started, err
		}
		h.say("starting Redis")
		if err := s.Start(ctx, patience, command); err != nil {
			return started, err
		}
		started.URL = url
	}
	return started, nil
}

// userName is the system's name of the user who runs this.
func userName() string {
	u, err := user.Current()
	if err != nil {
		return "root"
	}
	return u.Username
}

// Remember writes the secret files by which the functions find the private servers.
func (h *Home) Remember(s Servers) error {
	for name, value := range map[string]string{"diom-mysql-dsn": s.DSN, "diom-redis-url": s.URL} {
		if value == "" {
			continue
		}
		if err := writeFile(h.path("secrets", name), value+"\n"); err != nil {
			return notWritable(h.Dir, err)
		}
	}
	return nil
}
