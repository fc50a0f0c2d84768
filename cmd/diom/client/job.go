package client

import (
	"context"
	"net/http"
	"net/url"
	"os"

	"github.com/spf13/cobra"
)

// onJob describes what a worker says of a job that it holds.
func onJob(name, short, example string, fields ...field) command {
	return command{
		use: name + " <job>", short: short, example: "diom job " + name + " " + exampleID + " " + example,
		method: http.MethodPost, path: "/api/v1/jobs/{job}/" + name, fields: append([]field{worker()}, fields...), view: stepView(),
		run: asWorker, flags: required("worker"),
	}
}

func worker() field {
	return field{name: "worker", key: "workerId", usage: "`name` of the worker that holds the job (DIOM_WORKER)"}
}

// required lets help say which flags must be there; DIOM_WORKER stands in for --worker.
func required(names ...string) func(*cobra.Command) {
	return func(cmd *cobra.Command) {
		for _, name := range names {
			if f := cmd.Flags().Lookup(name); f != nil {
				f.Usage += "; required"
			}
		}
	}
}

// asWorker takes the worker's name from the environment where the flag is absent.
func asWorker(ctx context.Context, in *invocation) error {
	if err := in.needWorker(); err != nil {
		return err
	}
	if err := in.logIn(); err != nil {
		return err
	}
	a, err := in.call(ctx)
	if err != nil {
		return err
	}
	return in.show(a)
}

func (in *invocation) needWorker() error {
	if name := os.Getenv("DIOM_WORKER"); name != "" && in.text("worker") == "" {
		if err := in.cmd.Flags().Set("worker", name); err != nil {
			return err
		}
	}
	if in.text("worker") == "" {
		return usagef("give --worker, or DIOM_WORKER in the environment")
	}
	return nil
}

func jobs() noun {
	seconds := field{name: "lock", key: "lockSeconds", kind: number, usage: "`seconds` for which nobody else gets the job"}
	extend := onJob("extend", "Hold a job longer", "--worker me --lock 300", seconds)
	extend.single = true
	return noun{"job", "Do the work of service tasks, or look at it", []command{
		{
			use: "list", short: "List open jobs", example: "diom job list --topic payment",
			method: http.MethodGet, path: "/api/v1/jobs", pages: true,
			view: view("items", "id topic processKey:process instanceId:instance nodeId:node kind retries workerId:worker lockExpiresAt:locked-until dueAt:due"),
			fields: []field{
				ofProcess(), ofInstance(), {name: "topic", key: "topic", query: true, usage: "of this `topic`"},
				{name: "kind", key: "kind", query: true, usage: "of this `kind`: external, or a continuation: before, after", values: []string{"external", "before", "after"}},
			},
		},
		fetchCommand(),
		onJob("complete", "Complete a job", "--worker me --var receipt=R-1", variable()),
		onJob("fail", "Give a job back as failed; without retries left an incident waits for an operator", "--worker me --message 'bank does not answer' --retry-after 60",
			field{name: "message", key: "message", usage: "`text`: what went wrong"}, field{name: "details", key: "details", usage: "`text` for those who look closer"},
			field{name: "retries", key: "retries", kind: number, usage: "`attempts` that are left"}, field{name: "retry-after", key: "retryAfterSeconds", kind: number, usage: "`seconds` before the next attempt"}),
		onJob("error", "End a job with a BPMN error", "--worker me --code OUT_OF_STOCK",
			field{name: "code", key: "code", usage: "`code` that a boundary event may catch; required"}, field{name: "message", key: "message", usage: "`text`"}, variable()),
		onJob("escalate", "Throw an escalation from a job, which the worker goes on to hold unless it is interrupted", "--worker me --code LATE", thrownCode(), variable()),
		extend,
		{
			use: "retries <job>", short: "Say how often a job may still be tried", example: "diom job retries " + exampleID + " --retries 3",
			method: http.MethodPost, path: "/api/v1/jobs/{job}/retries", view: stepView(),
			fields: []field{{name: "retries", key: "retries", kind: number, usage: "`attempts` that are left; 0 raises an incident"}},
		},
	}}
}

func fetchCommand() command {
	return command{
		use: "fetch <topic>...", short: "Lock jobs of some topics for a worker, and wait for the first",
		example: "diom job fetch payment shipping --worker me --lock 300 --max 10 --wait 20",
		method:  http.MethodPost, path: "/api/v1/jobs:fetch", single: true,
		view: view("items", "id topic processKey:process businessKey:business-key nodeId:node retries variables lockExpiresAt:locked-until"),
		fields: []field{
			worker(), {name: "max", key: "maxJobs", kind: number, usage: "at most this `number` of jobs, up to 100"},
			{name: "wait", key: "waitSeconds", kind: number, usage: "wait up to this many `seconds` for the first one, up to 25"},
		},
		run: fetchJobs,
		flags: func(cmd *cobra.Command) {
			required("worker")(cmd)
			cmd.Flags().Int("lock", 60, "`seconds` for which nobody else gets the jobs")
			cmd.Flags().StringSlice("variable", nil, "fetch only the variables with these `names`")
		},
	}
}

// fetchJobs makes the topics of the body from the arguments.
func fetchJobs(ctx context.Context, in *invocation) error {
	if err := in.needWorker(); err != nil {
		return err
	}
	if err := in.logIn(); err != nil {
		return err
	}
	body := map[string]any{}
	if err := fill(in, in.fields, url.Values{}, body); err != nil {
		return err
	}
	lock, err := in.cmd.Flags().GetInt("lock")
	if err != nil {
		return err
	}
	names, err := in.cmd.Flags().GetStringSlice("variable")
	if err != nil {
		return err
	}
	topics := make([]map[string]any, 0, len(in.arguments))
	for _, topic := range in.arguments {
		one := map[string]any{"name": topic, "lockSeconds": lock}
		if len(names) > 0 {
			one["variables"] = names
		}
		topics = append(topics, one)
	}
	body["topics"] = topics
	a, err := in.ask(ctx, nil, body)
	if err != nil {
		return err
	}
	return in.show(a)
}
