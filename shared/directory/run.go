package directory

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/identity"
	"diom.io/workflow/shared/store"
)

// ErrNoDirectory: the settings name no directory so.
var ErrNoDirectory = fault.New(fault.NotFound, "directory_not_found", "There is no directory with this name.")

// Service runs directories. It is safe for concurrent use.
type Service struct {
	store    *store.Store
	people   *access.Service
	conf     identity.Config
	location *time.Location
	now      func() time.Time
	open     func(identity.Config, identity.Directory) (Book, error)
}

// New returns the service for what the secret file says. The error says what is wrong with the file.
func New(cfg config.Config, st *store.Store, people *access.Service) (*Service, error) {
	conf, err := identity.Load(cfg)
	if err != nil {
		return nil, err
	}
	location, err := time.LoadLocation(cfg.TimeZone)
	return &Service{store: st, people: people, conf: conf, location: location, now: time.Now, open: Open}, err
}

// instant is the present as a DATETIME(3) column keeps it.
func (s *Service) instant() time.Time { return s.now().UTC().Truncate(time.Millisecond) }

// Run is one comparison of a directory with what is here.
type Run struct {
	ID        string     `json:"id"`
	Directory string     `json:"directory"`
	DryRun    bool       `json:"dryRun"`
	Forced    bool       `json:"forced"`  // however many it would disable
	AskedBy   string     `json:"askedBy"` // username; system: the schedule
	State     string     `json:"state"`   // waiting, running, done, stopped or failed
	CreatedAt time.Time  `json:"createdAt"`
	EndedAt   *time.Time `json:"endedAt"`
	Report    *Report    `json:"report"` // null while it has not ended
}

// Report is what a run found, and did unless it was a dry run or stopped.
type Report struct {
	People      int            `json:"people"`      // in the address book
	Departments int            `json:"departments"` // in the address book
	Known       int            `json:"known"`       // accounts of the book that were enabled before
	Counts      map[string]int `json:"counts"`      // changes by action: create, link, update, enable, disable, gone, conflict
	// Changes are a thousand at most; Truncated says that there are more.
	Changes   []Change `json:"changes"`
	Truncated bool     `json:"truncated"`
	Problem   string   `json:"problem"` // why it stopped or failed
}

// mostChanges is how many changes a report shows.
const mostChanges = 1000

func runOf(r store.DirectoryRun) (Run, error) {
	out := Run{
		ID: r.ID.String(), Directory: r.Directory, DryRun: r.DryRun, Forced: r.Forced, AskedBy: r.AskedBy, State: r.State, CreatedAt: r.CreatedAt, EndedAt: r.EndedAt,
	}
	if r.Report == nil {
		return out, nil
	}
	out.Report = &Report{}
	return out, json.Unmarshal(r.Report, out.Report)
}

// Listed is a directory as administrators see it.
type Listed struct {
	Name     string `json:"name"`
	Kind     string `json:"kind"`     // ldap, dingtalk, wecom or feishu
	Schedule string `json:"schedule"` // cron, or empty
	// MaxDisabled is the share, in percent, of the accounts it knows that a run may disable.
	MaxDisabled int  `json:"maxDisabled"`
	LastRun     *Run `json:"lastRun"`
}

// Directories are all of them. There are no pages: they are in a file.
type Directories struct {
	Items []Listed `json:"items"`
}

// List returns the directories with their last runs.
func (s *Service) List(ctx context.Context) (Directories, error) {
	out := Directories{Items: []Listed{}}
	for _, d := range s.conf.Directories {
		l := Listed{Name: d.Name, Kind: d.Kind, Schedule: d.Schedule, MaxDisabled: *d.MaxDisabled}
		last, err := s.store.LastDirectoryRun(ctx, d.Name, false)
		if err == nil {
			var run Run
			if run, err = runOf(last); err != nil {
				return out, err
			}
			l.LastRun = &run
		}
		if err != nil && !errors.Is(err, store.ErrNoRun) {
			return out, err
		}
		out.Items = append(out.Items, l)
	}
	return out, nil
}

// Wanted is the body that asks for a run.
type Wanted struct {
	DryRun bool `json:"dryRun"` // it shows what would change, and changes nothing
	Force  bool `json:"force"`  // however many it would disable
}

// Ask writes a run that waits for the function tick. It returns what Replayable routes answer. Errors: ErrNoDirectory,
// store.ErrRepeated.
func (s *Service) Ask(ctx context.Context, p access.Principal, name string, w Wanted, i *store.Idempotency) (Run, error) {
	if _, found := s.directory(name); !found {
		return Run{}, ErrNoDirectory
	}
	row := store.DirectoryRun{ID: access.NewID(), Directory: name, DryRun: w.DryRun, Forced: w.Force, AskedBy: p.Username, State: store.RunWaiting, CreatedAt: s.instant()}
	made, err := runOf(row)
	if err != nil {
		return made, err
	}
	answer, err := access.Accepted(made)
	if err != nil {
		return made, err
	}
	return made, s.store.AddDirectoryRun(ctx, row, i, answer)
}

// Run returns a run: store.ErrNoRun when there is none.
func (s *Service) Run(ctx context.Context, id engine.ID) (Run, error) {
	r, err := s.store.DirectoryRun(ctx, id)
	if err != nil {
		return Run{}, err
	}
	return runOf(r)
}

func (s *Service) directory(name string) (identity.Directory, bool) {
	i := slices.IndexFunc(s.conf.Directories, func(d identity.Directory) bool { return d.Name == name })
	if i < 0 {
		return identity.Directory{}, false
	}
	return s.conf.Directories[i], true
}
