package camunda

import (
	"strconv"
	"strings"
	"time"

	"diom.io/workflow/shared/engine"
)

const idLength = 36

// DefinitionID returns the id of a definition: key:version:uuid.
func DefinitionID(key string, version int, id engine.ID) string {
	return key + ":" + strconv.Itoa(version) + ":" + id.String()
}

// ParseDefinitionID reads key:version:uuid, or the uuid alone.
func ParseDefinitionID(text string) (engine.ID, error) {
	if n := len(text) - idLength; n > 0 && text[n-1] == ':' {
		text = text[n:]
	}
	return engine.ParseID(text)
}

// ExecutionID returns the id of the execution of a token; 0 is the process instance itself.
func ExecutionID(instance engine.ID, token int) string {
	if token == 0 {
		return instance.String()
	}
	return instance.String() + ":" + strconv.Itoa(token)
}

// ParseExecutionID reads the id of an execution; token is 0 for the process instance's own.
func ParseExecutionID(text string) (instance engine.ID, token int, err error) {
	id, number, of := strings.Cut(text, ":")
	if instance, err = engine.ParseID(id); err != nil || !of {
		return instance, 0, err
	}
	if token, err = strconv.Atoi(number); err != nil || token < 1 {
		return instance, 0, engine.ErrID
	}
	return instance, token, nil
}

// ActivityInstanceID returns the id of what a token does at a node.
func ActivityInstanceID(node string, instance engine.ID, token int) string {
	return node + ":" + ExecutionID(instance, token)
}

// ParseActivityInstanceID reads the id of an activity instance; the node is empty and the token 0 for the
// process instance.
func ParseActivityInstanceID(text string) (node string, instance engine.ID, token int, err error) {
	parts := strings.Split(text, ":")
	if len(parts) < 3 {
		instance, token, err = ParseExecutionID(text)
		return "", instance, token, err
	}
	n := len(parts) - 2
	instance, token, err = ParseExecutionID(parts[n] + ":" + parts[n+1])
	return strings.Join(parts[:n], ":"), instance, token, err
}

// dateLayout is the form of dates; they are read in these layouts, in UTC where none says another zone.
const dateLayout = "2006-01-02T15:04:05.000-0700"

var dateLayouts = []string{dateLayout, "2006-01-02T15:04:05-0700", time.RFC3339Nano, "2006-01-02T15:04:05.999", "2006-01-02T15:04", time.DateOnly}

// Date is a point in time as Camunda writes it, 2026-01-31T10:00:00.000+0000; the zero value is null.
type Date struct{ time.Time }

// MarshalText writes the date.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// MarshalJSON writes the date or null.
func (d Date) MarshalJSON() ([]byte, error) {
	if d.IsZero() {
		return []byte("null"), nil
	}
	return []byte(`"` + d.String() + `"`), nil
}

// UnmarshalJSON reads a date or null.
func (d *Date) UnmarshalJSON(raw []byte) error {
	text := string(raw)
	if text == "null" || text == `""` {
		d.Time = time.Time{}
		return nil
	}
	at, err := ParseDate(strings.Trim(text, `"`))
	d.Time = at
	return err
}

// String returns the text of the date.
func (d Date) String() string { return d.UTC().Format(dateLayout) }

// ParseDate reads a date.
func ParseDate(text string) (time.Time, error) {
	for _, layout := range dateLayouts {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, BadRequest("Cannot convert value %q to a date: the format is yyyy-MM-dd'T'HH:mm:ss.SSSZ", text)
}

func date(at *time.Time) Date {
	if at == nil {
		return Date{}
	}
	return Date{*at}
}

// pointer returns nil for an empty text: Camunda's null.
func pointer(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func textOf(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}
