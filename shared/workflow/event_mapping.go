package workflow

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/cloudevents/sdk-go/v2/types"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// Failures of event sources.
var (
	ErrEventSource = fault.New(fault.Invalid, "bad_event_source", "The event source has problems.")
	ErrMapping     = fault.New(fault.Invalid, "event_mapping_failed", "The mapping of the event source does not work for this CloudEvent.")
)

// The bounds of an event source.
const (
	maxTypes   = 100
	maxMapped  = 100 // correlation keys, or variables, of one mapping
	minKey     = 16  // bytes
	maxKey     = 1024
	ownSources = "/diom/" // sources of ours begin so
)

var keyID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// eventSource is an event source ready for use.
type eventSource struct {
	store.EventSource
	key      []byte
	mappings map[string]*mapping // by the type of the event
}

// mapping is a compiled mapping; a nil expression is absent.
type mapping struct {
	message                    string
	businessKey                *expr.Expression
	correlationKeys, variables map[string]*expr.Expression
}

// compiler gathers the problems of a registration.
type compiler struct{ details []fault.Detail }

func (c *compiler) check(ok bool, pointer, code, detail string) {
	if !ok {
		c.details = append(c.details, fault.Detail{Pointer: pointer, Code: code, Detail: detail})
	}
}

// compileSource checks an event source and compiles its expressions: ErrEventSource with a detail for
// each problem. key is the new key in plain text; nil where there is none.
func compileSource(e store.EventSource, key *string) (*eventSource, error) {
	c := &compiler{}
	c.source(e.Source)
	c.check(keyID.MatchString(e.KeyID), "/keyId", "bad_key_id", "The id of a key is 1 to 64 letters, digits, dots, hyphens and underscores.")
	if key != nil {
		c.check(len(*key) >= minKey && len(*key) <= maxKey, "/key", "bad_key", "A key is a text of 16 to 1,024 bytes.")
	}
	c.check(len(e.Types) > 0 && len(e.Types) <= maxTypes, "/types", "required", "An event source has 1 to 100 types of events.")
	for i, name := range e.Types {
		c.name(fmt.Sprintf("/types/%d", i), name)
		c.check(!slices.Contains(e.Types[:i], name), fmt.Sprintf("/types/%d", i), "repeated", "The type is there twice.")
	}
	c.check(len(e.Mappings) <= maxTypes, "/mappings", "too_many", "An event source has 100 mappings at most.")
	s := &eventSource{EventSource: e, mappings: map[string]*mapping{}}
	for i, m := range e.Mappings {
		pointer := fmt.Sprintf("/mappings/%d", i)
		c.check(slices.Contains(e.Types, m.Type), pointer+"/type", "unknown_type", "The type is not among the types of the source.")
		c.check(s.mappings[m.Type] == nil, pointer+"/type", "repeated", "The type has another mapping: an event has one effect.")
		s.mappings[m.Type] = c.mapping(pointer, m)
	}
	if len(c.details) > 0 {
		return nil, ErrEventSource.With(c.details...)
	}
	return s, nil
}

// source checks the source, which events repeat letter by letter.
func (c *compiler) source(source string) {
	c.name("/source", source)
	reference := types.ParseURIRef(source)
	c.check(source == "" || reference != nil && reference.String() == source, "/source", "bad_source", "The source is not written as a URI reference.")
	c.check(!strings.HasPrefix(source+"/", ownSources), "/source", "reserved", "Sources of this name are the product's own.")
}

func (c *compiler) name(pointer, text string) {
	ok := text != "" && utf8.RuneCountInString(text) <= maxName && strings.TrimSpace(text) == text && !strings.ContainsFunc(text, unicode.IsControl)
	c.check(ok, pointer, "bad_text", "The text has 1 to 255 characters, no control characters, and no blanks at its ends.")
}

func (c *compiler) mapping(pointer string, m store.EventMapping) *mapping {
	c.name(pointer+"/message", m.Message)
	compiled := &mapping{message: m.Message}
	if m.BusinessKey != "" {
		compiled.businessKey = c.expression(pointer+"/businessKey", m.BusinessKey)
	}
	compiled.correlationKeys = c.expressions(pointer+"/correlationKeys", m.CorrelationKeys)
	compiled.variables = c.expressions(pointer+"/variables", m.Variables)
	return compiled
}

func (c *compiler) expressions(pointer string, sources map[string]string) map[string]*expr.Expression {
	c.check(len(sources) <= maxMapped, pointer, "too_many", "There are 100 names at most.")
	compiled := make(map[string]*expr.Expression, len(sources))
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		at := pointer + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
		c.check(name != "" && utf8.RuneCountInString(name) <= maxName, at, ErrVariableName.Code, ErrVariableName.Message)
		compiled[name] = c.expression(at, sources[name])
	}
	return compiled
}

// expression compiles one; it sees event and data, and what else it names would never be there.
func (c *compiler) expression(pointer, source string) *expr.Expression {
	compiled, err := expr.CompileJUEL(source)
	var syntax *expr.SyntaxError
	if errors.As(err, &syntax) {
		at := utf8.RuneCountInString(source[:min(max(syntax.Offset, 0), len(source))]) + 1
		c.check(false, pointer, "bad_expression", fmt.Sprintf("The expression is wrong at character %d: %s.", at, strings.TrimRight(syntax.Message, ".")))
		return nil
	}
	if err != nil {
		c.check(false, pointer, "bad_expression", err.Error())
		return nil
	}
	for _, name := range compiled.Identifiers() {
		c.check(name == "event" || name == "data", pointer, "unknown_variable", fmt.Sprintf("The expression reads %s; it can read event and data.", name))
	}
	return compiled
}

// message makes the message that an event stands for; nil where its type has no mapping. Errors:
// ErrMapping, cloudevent.ErrMalformed for data that is not the JSON it is said to be.
func (s *eventSource) message(r *cloudevent.Received, now time.Time, location *time.Location) (*Message, error) {
	m := s.mappings[r.Type()]
	if m == nil {
		return nil, nil
	}
	variables, err := visible(r)
	if err != nil {
		return nil, err
	}
	env := &expr.Environment{
		Variable: func(name string) (expr.Value, bool) { v, ok := variables[name]; return v, ok }, Now: now, Location: location,
	}
	result := &Message{Name: m.message}
	if m.businessKey != nil {
		value, err := evaluate(m.businessKey, "businessKey", env)
		if err != nil {
			return nil, err
		}
		if result.BusinessKey, err = keyText(value); err != nil {
			return nil, err
		}
		result.exact = true
	}
	if result.CorrelationKeys, err = evaluateAll(m.correlationKeys, "correlationKeys", env); err != nil {
		return nil, err
	}
	result.Variables, err = evaluateAll(m.variables, "variables", env)
	return result, err
}

// keyText is a business key: a text, a number as its digits, null as none.
func keyText(value expr.Value) (string, error) {
	switch v := value.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case bool, []expr.Value, map[string]expr.Value:
		return "", ErrMapping.Withf("businessKey is neither a text nor a number.")
	}
	raw, err := expr.Marshal(value)
	return strings.Trim(string(raw), `"`), err
}

func evaluateAll(expressions map[string]*expr.Expression, where string, env *expr.Environment) (engine.Variables, error) {
	values := make(engine.Variables, len(expressions))
	for _, name := range slices.Sorted(maps.Keys(expressions)) {
		value, err := evaluate(expressions[name], where+"/"+name, env)
		if err != nil {
			return nil, err
		}
		values[name] = value
	}
	return values, nil
}

func evaluate(e *expr.Expression, where string, env *expr.Environment) (expr.Value, error) {
	value, err := e.Evaluate(env)
	if err != nil {
		return nil, ErrMapping.Withf("%s cannot be evaluated: %s.", where, strings.TrimRight(err.Error(), "."))
	}
	return value, nil
}

// visible are the variables of a mapping: what the signature covers, and nothing else.
func visible(r *cloudevent.Received) (engine.Variables, error) {
	data, err := dataOf(r)
	if err != nil {
		return nil, err
	}
	event := map[string]expr.Value{
		"id": r.ID(), "source": r.Source(), "type": r.Type(), "subject": orNull(r.Subject()), "datacontenttype": orNull(r.DataContentType()),
		"businesskey": orNull(r.BusinessKey()), "time": nil, "data": data,
	}
	if at := r.Time(); !at.IsZero() {
		event["time"] = at.UTC()
	}
	return engine.Variables{"event": event, "data": data}, nil
}

func orNull(text string) expr.Value {
	if text == "" {
		return nil
	}
	return text
}

// dataOf is the data as a value: JSON, else its text, else null.
func dataOf(r *cloudevent.Received) (expr.Value, error) {
	raw := r.Data()
	switch {
	case len(raw) == 0:
		return nil, nil
	case cloudevent.IsJSON(r.DataMediaType()):
		value, err := expr.Unmarshal(raw)
		if err != nil {
			return nil, cloudevent.ErrMalformed.Withf("The data of the CloudEvent cannot be read: %s.", err.Error())
		}
		return value, nil
	case utf8.Valid(raw):
		return string(raw), nil
	}
	return nil, nil
}
