package client

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

// lookEvery is how often a run is asked after.
const lookEvery = 500 * time.Millisecond

func syncUsers() command {
	return command{
		use: "sync <directory>", short: "Bring the people and departments of an address book over",
		long: "Asks for a run of an address book, and waits for its end. With --dry-run nothing is changed: it shows what would be. A run stops before it\n" +
			"changes anything where it would disable more people than the address book may; --force does it all the same. The exit code is 1 where the run\n" +
			"has stopped or failed.",
		example: "diom user sync head-office --dry-run\ndiom user sync head-office",
		method:  http.MethodPost, path: "/api/v1/directories/{directory}/sync", run: syncAndWait,
		view: []section{
			part("", "", "id directory state dryRun:dry askedBy:asked-by report.people:people report.departments:departments report.known:known report.problem:problem"),
			part("changes", "report.changes", "action kind id name detail"),
		},
		fields: []field{
			{name: "dry-run", key: "dryRun", kind: yes, usage: "show what would change, and change nothing"},
			{name: "force", key: "force", kind: yes, usage: "however many people it would disable"},
		},
	}
}

// syncAndWait asks for a run, and then after it.
func syncAndWait(ctx context.Context, in *invocation) error {
	if err := in.logIn(); err != nil {
		return err
	}
	a, err := in.call(ctx)
	if err != nil {
		return err
	}
	for {
		var run struct {
			ID    string `json:"id"`
			State string `json:"state"`
		}
		if err := json.Unmarshal(a.body, &run); err != nil {
			return err
		}
		switch run.State {
		case "waiting", "running":
		case "done":
			return in.show(a)
		default:
			return errors.Join(in.show(a), errors.New("the run has "+run.State))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookEvery):
		}
		if a, err = in.session.do(ctx, request{method: http.MethodGet, path: "/api/v1/directory-runs/" + run.ID, header: http.Header{}}); err != nil {
			return err
		}
	}
}
