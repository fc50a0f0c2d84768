// Package tasklink lets a person complete a task from a mail or a message of a robot. The link in it is signed, expires,
// is for one task and one person, and works once and only while the task is his. What scans mails reads links: reading
// this one shows what would happen, and nothing happens before the person sends the form.
package tasklink

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// Path is where links lead; the token follows.
const Path = "/api/v1/task-links/"

const (
	purpose = "task-link"
	life    = 72 * time.Hour
	route   = "POST " + Path + "{token}"
)

// Why a link does nothing.
var (
	ErrExpired = fault.New(fault.Conflict, "task_link_expired", "The link has expired: open the task in the product.")
	ErrUsed    = fault.New(fault.Conflict, "task_link_used", "The link has been used.")
	ErrOver    = fault.New(fault.Conflict, "task_link_over", "The task has ended, or is not yours any more.")
	ErrOutcome = fault.New(fault.Invalid, "task_link_outcome", "The link does not allow this outcome.")
)

// Service makes links and follows them. It is safe for concurrent use.
type Service struct {
	store     *store.Store
	access    *access.Service
	workflow  *workflow.Service
	publicURL string
	now       func() time.Time
}

// New returns a Service whose links begin with publicURL; where that is empty there are none.
func New(st *store.Store, a *access.Service, w *workflow.Service, publicURL string) *Service {
	return &Service{store: st, access: a, workflow: w, publicURL: strings.TrimSuffix(publicURL, "/"), now: time.Now}
}

// Offer makes a link by which a person completes a task, or returns "" where he cannot by a word.
func (s *Service) Offer(ctx context.Context, username string, task engine.ID) (string, error) {
	if s.publicURL == "" {
		return "", nil
	}
	p, err := s.access.PrincipalOf(ctx, username)
	if err == nil {
		_, err = s.workflow.Brief(ctx, p, task)
	}
	if fault.From(err) != nil {
		return "", nil //nolint:nilerr // there is nothing to offer
	}
	if err != nil {
		return "", err
	}
	now := s.now().UTC().Truncate(time.Millisecond)
	l := store.TaskLink{ID: engine.ID(uuid.Must(uuid.NewV7())), TaskID: task, Username: username, CreatedAt: now, ExpiresAt: now.Add(life)}
	text := binary.BigEndian.AppendUint64(l.ID[:], uint64(l.ExpiresAt.Unix()))
	token, err := s.access.SignText(purpose, text)
	if err != nil {
		return "", err
	}
	return s.publicURL + Path + url.PathEscape(token), s.store.AddTaskLink(ctx, l)
}

// View is what a link would do: which task it completes, as whom, with one of which outcomes, and until when.
type View struct {
	TaskID      engine.ID `json:"taskId"`
	TaskName    string    `json:"taskName"`
	ProcessName string    `json:"processName"`
	Username    string    `json:"username"`
	Outcomes    []string  `json:"outcomes"`
	ExpiresAt   time.Time `json:"expiresAt"`
}

// Decision is the body by which a link is used.
type Decision struct {
	Outcome string `json:"outcome" api:"required"`
	Comment string `json:"comment"`
}

// Done is the answer of a link that was used.
type Done struct {
	TaskID  engine.ID `json:"taskId"`
	Outcome string    `json:"outcome"`
	By      string    `json:"-"` // the person of the link
}

// Show says what a link would do, and does nothing. Errors: store.ErrNoTaskLink, ErrExpired, ErrUsed,
// ErrOver.
func (s *Service) Show(ctx context.Context, token string) (View, error) {
	l, err := s.find(ctx, token)
	if err != nil {
		return View{}, err
	}
	_, b, err := s.stand(ctx, l)
	if err != nil {
		return View{}, err
	}
	return View{TaskID: l.TaskID, TaskName: b.Task.Name, ProcessName: b.Process, Username: l.Username, Outcomes: b.Outcomes, ExpiresAt: l.ExpiresAt}, nil
}

// Use completes the task of a link as its person. The record of its use is written with the effect, so that it has
// none a second time. Errors: those of Show, ErrOutcome, and those of workflow.CompleteTask.
func (s *Service) Use(ctx context.Context, token string, d Decision) (Done, error) {
	l, err := s.find(ctx, token)
	if err == nil && d.Outcome == "" {
		err = ErrOutcome.With(fault.Detail{Pointer: "/outcome", Code: "missing", Detail: "Say what is decided."})
	}
	if err != nil {
		return Done{}, err
	}
	p, b, err := s.stand(ctx, l)
	if err != nil {
		return Done{}, err
	}
	if !slices.Contains(b.Outcomes, d.Outcome) {
		return Done{}, ErrOutcome.With(fault.Detail{Pointer: "/outcome", Code: ErrOutcome.Code, Detail: "It is " + strings.Join(b.Outcomes, " or ") + "."})
	}
	outcome := d.Outcome
	if outcome == workflow.Complete {
		outcome = ""
	}
	call := workflow.Call{Principal: p, Idempotency: &store.Idempotency{
		Principal: l.Username, Key: purpose + "/" + l.ID.String(), Route: route, Hash: sha256.Sum256([]byte(d.Outcome + "\n" + d.Comment)),
	}}
	_, err = s.workflow.CompleteTask(ctx, call, l.TaskID, workflow.Completion{Outcome: outcome, Comment: d.Comment, Via: workflow.ViaLink})
	if err != nil {
		return Done{}, meaning(err)
	}
	_ = s.store.UseTaskLink(ctx, l.ID, s.now().UTC().Truncate(time.Millisecond)) // the task has ended, and the key is taken
	return Done{TaskID: l.TaskID, Outcome: d.Outcome, By: l.Username}, nil
}

// find reads what a token says, and whose link it is.
func (s *Service) find(ctx context.Context, token string) (l store.TaskLink, err error) {
	text, err := s.access.VerifyText(purpose, token)
	if err != nil || len(text) != len(l.ID)+8 {
		return l, store.ErrNoTaskLink
	}
	if s.now().Unix() >= int64(binary.BigEndian.Uint64(text[len(l.ID):])) {
		return l, ErrExpired
	}
	return s.store.TaskLink(ctx, engine.ID(text[:len(l.ID)]))
}

// stand returns the person of a link and his task, if it is still his.
func (s *Service) stand(ctx context.Context, l store.TaskLink) (p access.Principal, b workflow.Brief, err error) {
	if l.UsedAt != nil {
		return p, b, ErrUsed
	}
	if p, err = s.access.PrincipalOf(ctx, l.Username); err == nil {
		b, err = s.workflow.Brief(ctx, p, l.TaskID)
	}
	return p, b, meaning(err)
}

// meaning says of a link what an error says of its task.
func meaning(err error) error {
	for _, gone := range []*fault.Error{access.ErrTokenRevoked, workflow.ErrNotYours, engine.ErrTaskEnded, store.ErrNoTask, workflow.ErrNeedsPage} {
		if errors.Is(err, gone) {
			return ErrOver
		}
	}
	if errors.Is(err, store.ErrRepeated) {
		return ErrUsed
	}
	return err
}
