package directory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/identity"
	"diom.io/workflow/shared/store"
)

const (
	lookEvery = time.Second
	// lease is how long a run is one process's; a run is broken off before.
	lease = 90 * time.Second
	// longestRun bounds one run. What is left is done by the next one.
	longestRun = 50 * time.Second
	// leastRun is what a run wants to begin: a short one would end as a failed one.
	leastRun = 10 * time.Second
	// grace is how long the end of a run may be written after its time.
	grace = 3 * time.Second
)

// Watch makes the runs that are scheduled or asked for, until end or until ctx is done. Each failure is reported.
func (s *Service) Watch(ctx context.Context, end time.Time, report func(error)) {
	if len(s.conf.Directories) == 0 {
		return
	}
	for first := true; ctx.Err() == nil && (first || time.Now().Before(end)); first = false {
		if err := s.Pass(ctx, end); err != nil && ctx.Err() == nil {
			report(err)
		}
		_ = wait(ctx, max(min(lookEvery, time.Until(end)), 0))
	}
}

// Pass writes the runs that are due, and makes those that wait.
func (s *Service) Pass(ctx context.Context, end time.Time) error {
	errs := []error{s.schedule(ctx)}
	open, err := s.store.OpenDirectoryRuns(ctx, s.instant())
	errs = append(errs, err)
	for _, r := range open {
		if ctx.Err() != nil || time.Until(end) < leastRun {
			break
		}
		errs = append(errs, s.make(ctx, r, end))
	}
	return errors.Join(errs...)
}

// schedule writes a run for each directory whose time has come since its last scheduled one. The first one is at the
// first time after a process has seen the directory: nobody is surprised by what he has just written into a file.
func (s *Service) schedule(ctx context.Context) error {
	var errs []error
	now := s.instant()
	for _, d := range s.conf.Directories {
		if d.Schedule == "" {
			continue
		}
		due, err := s.due(ctx, d, now)
		if err == nil && !due.IsZero() {
			err = s.store.ScheduleDirectoryRun(ctx, store.DirectoryRun{ID: access.NewID(), Directory: d.Name, CreatedAt: now}, due)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// due is the time of the schedule that has come and for which there is no run; zero: none.
func (s *Service) due(ctx context.Context, d identity.Directory, now time.Time) (time.Time, error) {
	schedule, err := identity.Schedules.Parse(d.Schedule)
	if err != nil {
		return time.Time{}, err
	}
	last, err := s.store.LastDirectoryRun(ctx, d.Name, true)
	since := last.CreatedAt
	if errors.Is(err, store.ErrNoRun) {
		since, err = now.Add(-2*time.Minute), nil
	}
	if err != nil {
		return time.Time{}, err
	}
	next := schedule.Next(since.In(s.location))
	if next.IsZero() || next.After(now) {
		return time.Time{}, nil
	}
	return next.UTC(), nil
}

// make makes one run, if no other process does.
func (s *Service) make(ctx context.Context, r store.DirectoryRun, end time.Time) error {
	now := s.instant()
	claimed, err := s.store.ClaimDirectoryRun(ctx, r, now, now.Add(lease))
	if err != nil || !claimed {
		return err
	}
	limit := time.Now().Add(longestRun)
	if end.Before(limit) {
		limit = end
	}
	within, cancel := context.WithDeadline(ctx, limit)
	state, report, failure := s.run(within, r)
	cancel()
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	ended := s.instant()
	r.State, r.EndedAt = state, &ended
	if r.Report, err = json.Marshal(report); err != nil {
		return err
	}
	return errors.Join(failure, s.store.EndDirectoryRun(after, r))
}

// run reads, compares and writes. What goes wrong is told in the report.
func (s *Service) run(ctx context.Context, r store.DirectoryRun) (string, Report, error) {
	report := Report{Counts: map[string]int{}, Changes: []Change{}}
	d, found := s.directory(r.Directory)
	if !found {
		report.Problem = ErrNoDirectory.Message
		return store.RunFailed, report, nil
	}
	actor := store.Actor{Name: r.AskedBy}
	if store.ActorOf(context.Background()).Name == r.AskedBy {
		actor.Name = "directory:" + d.Name
	}
	state, err := s.synchronize(store.WithActor(ctx, actor), d, r, &report)
	if err != nil {
		report.Problem = problem(err)
		return store.RunFailed, report, fmt.Errorf("directory %s: %w", d.Name, err)
	}
	return state, report, nil
}

// problem says in a report what went wrong: what a caller may know, and no statement or address.
func problem(err error) string {
	f := fault.From(err)
	switch {
	case errors.Is(err, ErrUnavailable):
		return err.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return "There was not enough time. What is done is done; the next run goes on."
	case f != nil && fault.KindOf(err) != fault.Internal:
		return f.Message
	}
	return "It went wrong inside; the log says how."
}

func (s *Service) synchronize(ctx context.Context, d identity.Directory, r store.DirectoryRun, report *Report) (string, error) {
	book, err := s.open(s.conf, d)
	if err != nil {
		return "", err
	}
	snapshot, err := book.Read(ctx)
	if err != nil {
		return "", err
	}
	snapshot = clean(snapshot)
	h, err := s.look(ctx, d.Source())
	if err != nil {
		return "", err
	}
	p := compare(snapshot, h)
	report.People, report.Departments, report.Known = len(snapshot.People), len(snapshot.Departments), p.known
	a := &applying{Service: s, conf: d, here: h, now: s.instant(), refused: map[string]string{}}
	if err := a.foresee(ctx, &p); err != nil {
		return "", err
	}
	defer func() { report.tell(p.changes, a.refused) }()
	if p.tooMany(*d.MaxDisabled) && !r.Forced {
		report.Problem = fmt.Sprintf("It would disable %d of %d accounts, which is more than %d %%. Nothing was changed. Look at the address book; who means it forces the run.", len(p.leavers), p.known, *d.MaxDisabled)
		return store.RunStopped, nil
	}
	if r.DryRun {
		return store.RunDone, nil
	}
	return store.RunDone, a.apply(ctx, p)
}

// look reads what is here of a source.
func (s *Service) look(ctx context.Context, source string) (here, error) {
	h := here{source: source, identities: map[string]store.Identity{}, subjects: map[engine.ID]store.Identity{}, users: map[engine.ID]store.User{}, departments: map[engine.ID]store.Department{}, posts: map[engine.ID][]engine.ID{}}
	identities, err := s.store.Identities(ctx, source)
	users, errUsers := s.store.UsersOf(ctx, source)
	departments, errDepartments := s.store.DepartmentsOf(ctx, source)
	posts, errPosts := s.store.PostsOfSource(ctx, source)
	for _, x := range identities {
		h.add(x)
	}
	for _, u := range users {
		h.users[u.ID] = u
	}
	for _, d := range departments {
		h.departments[d.ID] = d
	}
	for _, p := range posts {
		h.posts[p.UserID] = append(h.posts[p.UserID], p.Department)
	}
	return h, errors.Join(err, errUsers, errDepartments, errPosts)
}

// tell writes the changes into the report; those that could not be made are conflicts.
func (r *Report) tell(changes []Change, refused map[string]string) {
	r.Counts, r.Changes, r.Truncated = map[string]int{}, []Change{}, false
	for _, c := range changes {
		if why, is := refused[key(c.Kind, c.ID)]; is {
			c.Action, c.Detail = Conflict, why
		}
		r.Counts[c.Action]++
		if len(r.Changes) == mostChanges {
			r.Truncated = true
			continue
		}
		r.Changes = append(r.Changes, c)
	}
}
