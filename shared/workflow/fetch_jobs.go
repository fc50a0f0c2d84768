package workflow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

const (
	defaultFetch = 10
	maxFetch     = 100
	maxTopics    = 100
	maxWait      = 25 // seconds
	// fetchChunk jobs and their instances are in memory at once; a fetch stops early when its variables
	// have reached fetchBytes of JSON, so that no answer grows without bound.
	fetchChunk = 10
	fetchBytes = 4 << 20
	// waitMargin is what a wait leaves of the time of its call, for the last look and the answer.
	waitMargin = time.Second
)

// JobFetch is what a worker asks for. MaxJobs is 1 to 100, 10 when it is absent; WaitSeconds, up to 25,
// is how long to wait for a first job.
type JobFetch struct {
	WorkerID    string     `json:"workerId" api:"required"`
	Topics      []JobTopic `json:"topics" api:"required"`
	MaxJobs     *int       `json:"maxJobs"`
	WaitSeconds int        `json:"waitSeconds"`
	// Wait is the same to the millisecond; it wins, and is cut to 25 s.
	Wait time.Duration `json:"-"`
}

// JobTopic is one kind of work: for how long, 1 s to a day, its jobs are the worker's, and which
// variables it needs; absent ones are all that the job sees.
type JobTopic struct {
	Name        string   `json:"name" api:"required"`
	LockSeconds int      `json:"lockSeconds" api:"required"`
	Variables   []string `json:"variables"`
	// Lock is LockSeconds to the millisecond; it wins. LocalOnly leaves out the variables around the job.
	Lock      time.Duration `json:"-"`
	LocalOnly bool          `json:"-"`
	// Filter narrows the jobs by columns of their rows, Fits by what their instances are.
	Filter store.ClaimFilter           `json:"-"`
	Fits   func(*engine.Instance) bool `json:"-"`
}

// FetchedJob is a job that the worker holds until LockExpiresAt.
type FetchedJob struct {
	ID            engine.ID        `json:"id"`
	Topic         string           `json:"topic"`
	InstanceID    engine.ID        `json:"instanceId"`
	ProcessKey    string           `json:"processKey"`
	BusinessKey   *string          `json:"businessKey"`
	NodeID        string           `json:"nodeId"`
	Variables     engine.Variables `json:"variables"`
	Retries       int              `json:"retries"`
	Priority      int64            `json:"priority"`
	CreatedAt     time.Time        `json:"createdAt"`
	LockExpiresAt time.Time        `json:"lockExpiresAt"`
	// Properties are the extension properties of the node (camunda:properties).
	Properties map[string]string `json:"extensionProperties,omitempty"`

	// Instance is the state of the instance as the job was fetched.
	Instance *engine.Instance `json:"-"`
}

// FetchJobs locks jobs of the wanted topics for the worker and returns them, those of the highest
// priority first within a topic. When there are none it waits for the first; it returns none when the
// time is over or the caller goes away. It returns ErrJobRequest.
func (s *Service) FetchJobs(ctx context.Context, f JobFetch) ([]FetchedJob, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	waiter := s.lookout.join(f.names())
	defer s.lookout.leave(waiter)
	end := f.end(ctx)
	for topics := f.inTurn(waiter.turn); ; {
		jobs, err := s.takeJobs(ctx, f, topics)
		if errors.Is(ctx.Err(), context.Canceled) { // the caller has gone: nobody reads the answer
			return jobs, nil
		}
		if err != nil || len(jobs) > 0 {
			return jobs, err
		}
		due := s.lookout.wait(ctx, waiter, end)
		if len(due) == 0 {
			return jobs, nil
		}
		topics = slices.DeleteFunc(f.inTurn(waiter.turn), func(t JobTopic) bool { return !slices.Contains(due, t.Name) })
	}
}

func (f JobFetch) check() error {
	topics := len(f.Topics)
	problems := []*fault.Detail{
		worker(f.WorkerID), within("/topics", &topics, 1, maxTopics),
		within("/maxJobs", f.MaxJobs, 1, maxFetch), within("/waitSeconds", &f.WaitSeconds, 0, maxWait),
	}
	if topics > maxTopics {
		return checkJob(problems...)
	}
	seen := map[string]bool{}
	for i, t := range f.Topics {
		at := fmt.Sprintf("/topics/%d", i)
		problems = append(problems, length(at+"/name", t.Name), lockTime(at+"/lockSeconds", t.LockSeconds, t.Lock))
		if seen[t.Name] {
			problems = append(problems, &fault.Detail{Pointer: at + "/name", Detail: "The topic is given twice."})
		}
		seen[t.Name] = true
	}
	return checkJob(problems...)
}

func (f JobFetch) names() []string {
	names := make([]string, len(f.Topics))
	for i, t := range f.Topics {
		names[i] = t.Name
	}
	return names
}

// inTurn returns the topics, beginning with another one each time: a busy topic must not starve those
// after it.
func (f JobFetch) inTurn(turn uint64) []JobTopic {
	first := int(turn % uint64(len(f.Topics)))
	return append(slices.Clone(f.Topics[first:]), f.Topics[:first]...)
}

func (f JobFetch) most() int {
	if f.MaxJobs == nil {
		return defaultFetch
	}
	return *f.MaxJobs
}

// end returns when to stop waiting.
func (f JobFetch) end(ctx context.Context) time.Time {
	end := time.Now().Add(min(cmp.Or(f.Wait, seconds(f.WaitSeconds)), maxWait*time.Second))
	if deadline, limited := ctx.Deadline(); limited && deadline.Add(-waitMargin).Before(end) {
		end = deadline.Add(-waitMargin)
	}
	return end
}

// haul is what a fetch has taken so far, and how much more it may take: jobs, and bytes of variables.
type haul struct {
	jobs       []FetchedJob
	most, room int
}

// next is how many jobs to take next; 0 ends the fetch.
func (h *haul) next() int {
	if h.room <= 0 {
		return 0
	}
	return min(h.most-len(h.jobs), fetchChunk)
}

func (h *haul) add(jobs []FetchedJob) {
	h.jobs = append(h.jobs, jobs...)
	for _, j := range jobs {
		h.room -= size(j.Variables)
	}
}

// takeJobs locks what is there now. A failure after the first jobs is not reported: the worker holds
// them already.
func (s *Service) takeJobs(ctx context.Context, f JobFetch, topics []JobTopic) ([]FetchedJob, error) {
	h := &haul{jobs: []FetchedJob{}, most: f.most(), room: fetchBytes}
	for _, topic := range topics {
		if err := s.takeTopic(ctx, f.WorkerID, topic, h); err != nil && len(h.jobs) == 0 {
			return nil, err
		}
	}
	return h.jobs, nil
}

// takeTopic locks jobs of one topic.
func (s *Service) takeTopic(ctx context.Context, workerID string, topic JobTopic, h *haul) error {
	for h.next() > 0 {
		taken, more, err := s.takeChunk(ctx, workerID, topic, h.next())
		if err != nil {
			return err
		}
		h.add(taken)
		if !more {
			return nil
		}
		s.lookout.ring(topic.Name) // there may be work for another one
	}
	return nil
}

// takeChunk locks up to limit jobs of one topic; more says that there may be others.
func (s *Service) takeChunk(ctx context.Context, workerID string, topic JobTopic, limit int) (taken []FetchedJob, more bool, err error) {
	now := s.instant()
	claim := store.JobClaim{Worker: workerID, Topic: topic.Name, Limit: limit, Now: now, Until: now.Add(cmp.Or(topic.Lock, seconds(topic.LockSeconds))), Filter: topic.Filter}
	jobs, err := s.store.FetchJobs(ctx, claim)
	if err != nil || len(jobs) == 0 {
		return nil, false, err
	}
	var unfit []store.Job
	instances, err := s.instancesOf(ctx, jobs)
	if err != nil {
		s.giveBack(ctx, workerID, jobs)
		return nil, false, err
	}
	for _, j := range jobs {
		in := instances[j.InstanceID]
		switch {
		case in == nil || in.Job(j.ID) == nil: // it has ended since
		case topic.Fits != nil && !topic.Fits(in):
			unfit = append(unfit, j)
		default:
			job := show(j, in, topic, claim.Until)
			job.Properties = s.properties(ctx, in, j.NodeID)
			taken = append(taken, job)
		}
	}
	s.giveBack(ctx, workerID, unfit)
	return taken, len(jobs) == limit && len(unfit) == 0, nil
}

// instancesOf loads the instances of jobs. One that cannot be read keeps none of the others back: it is
// left out, and its job locked for as long as the worker wished.
func (s *Service) instancesOf(ctx context.Context, jobs []store.Job) (map[engine.ID]*engine.Instance, error) {
	ids := make([]engine.ID, len(jobs))
	for i, j := range jobs {
		ids[i] = j.InstanceID
	}
	found, err := s.store.LoadInstances(ctx, ids)
	if err == nil || fault.KindOf(err) != fault.Internal || ctx.Err() != nil {
		return found, err
	}
	found = map[engine.ID]*engine.Instance{}
	for _, id := range ids {
		if in, err := s.store.LoadInstance(ctx, id); err == nil {
			found[id] = in
		}
	}
	return found, nil
}

// giveBack ends the locks of jobs that the worker will never hear of.
func (s *Service) giveBack(ctx context.Context, workerID string, jobs []store.Job) {
	if len(jobs) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), waitMargin)
	defer cancel()
	now := s.instant()
	for _, j := range jobs {
		_ = s.store.ReleaseJob(ctx, j.ID, workerID, now) // else the lock ends by itself
	}
}

func show(j store.Job, in *engine.Instance, topic JobTopic, until time.Time) FetchedJob {
	token, names := in.Job(j.ID).Token, topic.Variables
	variables := in.Visible(token)
	if topic.LocalOnly {
		variables = engine.Variables{}
		if own := in.Own(token); own != nil {
			variables = own.Variables
		}
	}
	if names != nil {
		wanted := engine.Variables{}
		for _, name := range names {
			if value, ok := variables[name]; ok {
				wanted[name] = value
			}
		}
		variables = wanted
	}
	return FetchedJob{
		ID: j.ID, Topic: j.Topic, InstanceID: j.InstanceID, ProcessKey: j.ProcessKey, BusinessKey: j.BusinessKey, NodeID: j.NodeID,
		Variables: variables, Retries: j.Retries, Priority: j.Priority, CreatedAt: j.CreatedAt, LockExpiresAt: until, Instance: in,
	}
}

// properties returns the extension properties of a node; without its definition a job has none.
func (s *Service) properties(ctx context.Context, in *engine.Instance, node string) map[string]string {
	d, err := s.definition(ctx, in.DefinitionID)
	if err != nil || d.process.Node(node) == nil {
		return nil
	}
	return d.process.Node(node).Properties
}

func size(v engine.Variables) int {
	raw, _ := expr.Marshal(map[string]expr.Value(v)) // what was stored can be written again
	return len(raw)
}
