package workflow

import (
	"context"
	"errors"
	"slices"
	"strings"

	"diom.io/workflow/shared/bpmn"
	"diom.io/workflow/shared/store"
)

// The built-ins: work that the product does itself when a job has the built-in's name as its topic, or a
// topic that is bound to it.
const (
	BuiltinHTTP   = "http-connector"
	BuiltinMail   = "mail"
	BuiltinNotify = "notify"
)

// Builtins are the names of all built-ins.
var Builtins = []string{BuiltinHTTP, BuiltinMail, BuiltinNotify}

// Served reports whether the jobs of a topic are done without a worker that fetches them: by a binding, a
// function or a built-in. A binding that is switched off says that a worker does them.
func (s *Service) Served(ctx context.Context, topic string) (bool, error) {
	b, err := s.store.TopicBindingOf(ctx, topic)
	if err == nil {
		return b.Enabled, nil
	}
	if !errors.Is(err, store.ErrNoTopicBinding) {
		return false, err
	}
	return s.ServedByItself(topic), nil
}

// attended reports whether somebody is known who does the jobs of a topic: as Served does, a binding that
// leaves them to workers, or a worker that waits for them here at the moment. It decides about a warning
// alone, so what cannot be looked up is not attended.
func (s *Service) attended(ctx context.Context, topic string) bool {
	if s.lookout.awaited(topic) {
		return true
	}
	_, err := s.store.TopicBindingOf(ctx, topic)
	return err == nil || s.ServedByItself(topic)
}

// ServeMail says that there is a mail server, DIOM_SMTP_URL: without one, jobs with the topic mail are
// left to workers. It is called before the Service is used.
func (s *Service) ServeMail() { s.mail = true }

// ServedByItself is Served for a topic without a binding.
func (s *Service) ServedByItself(topic string) bool {
	if topic == BuiltinMail {
		return s.mail
	}
	if name, is := strings.CutPrefix(topic, bpmn.FunctionTopic); is {
		return bpmn.IsFunctionName(name)
	}
	return slices.Contains(Builtins, topic)
}
