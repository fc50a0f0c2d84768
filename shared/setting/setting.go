// Package setting holds what an administrator may set while the product runs: which settings there are,
// of which type and range, and their present values in this process.
//
// A value that is set is in the database and holds everywhere within two seconds; one that is not set
// is what the process's environment says.
package setting

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/limit"
)

// Kind is the type of a setting.
type Kind string

// The kinds, and how JSON has their values: a number; text such as 30m or 1h30m; one of some words; text such
// as 20/m:60, or off (limit.Rate); true or false; media types with commas between; any text of at most 200
// characters; networks and addresses with commas between.
const (
	Integer  Kind = "integer"
	Duration Kind = "duration"
	Choice   Kind = "choice"
	Rate     Kind = "rate"
	Flag     Kind = "boolean"
	Types    Kind = "types"
	Words    Kind = "text"
	Places   Kind = "networks"
)

// The settings. Where a limit is not set, it is what the environment of the gateway says.
const (
	LogLevel        = "log.level"
	LogLevelFor     = "log.level_for"
	Maintenance     = "maintenance.on"
	MaintenanceText = "maintenance.message"
	AccessTokenLife = "auth.access_token_life"
	BcryptCost      = "auth.bcrypt_cost"
	LimitUser       = "limit.user"
	LimitAddress    = "limit.address"
	LimitLogin      = "limit.login"
	MinLength       = "password.min_length"
	Classes         = "password.classes"
	RefuseCommon    = "password.refuse_common"
	History         = "password.history"
	MaxAge          = "password.max_age"
	MustChange      = "password.must_change"
	UrgeCooldown    = "approval.urge_cooldown"
	UrgeLadder      = "approval.urge_ladder"
	MaxAttachment   = "attachment.max_bytes"
	AttachmentTypes = "attachment.types"
	FileKeep        = "file.keep"
	DraftKeep       = "draft.keep"
	ExportRows      = "export.max_rows"
	Announcement    = "home.announcement"
	LimitRoute      = "limit.route"
	LimitSearch     = "limit.search"
	AllowedNetworks = "gateway.allow"

	NotificationKeep = "notification.keep"
	DeliveryKeep     = "delivery.keep"
	EvaluationKeep   = "evaluation.keep"
	DeadLetterKeep   = "dead_letter.keep"
	BatchKeep        = "batch.keep"
	InstanceKeep     = "instance.keep"
)

// UsualTypes are the types of files that may be uploaded where nothing is set.
const UsualTypes = "image/*,application/pdf,text/plain,text/csv,application/json,application/zip,application/msword,application/vnd.*"

// mediaTypes are media types with commas between, in which * may stand for a part.
var mediaTypes = regexp.MustCompile(`^[a-z*]+/[a-z0-9.+*-]+( *, *[a-z*]+/[a-z0-9.+*-]+){0,49}$`)

// maxWords is how many characters a text has at most.
const maxWords = 200

// maxText is how many bytes a value has at most, as text.
const maxText = 2000

// MaxHistory is how many earlier passwords are kept of a user.
const MaxHistory = 24

// ErrValue: a value is not of the setting's type or out of its range.
var ErrValue = fault.New(fault.Invalid, "bad_setting_value", "The value is not one that the setting may have.")

// Definition describes a setting.
type Definition struct {
	Key     string
	Summary string
	Kind    Kind
	// Min and Max bound an integer, or a duration in nanoseconds.
	Min, Max int64
	Values   []string // of a choice
	// fallback is the text that holds where nothing is set.
	fallback func(config.Config) string
}

// Definitions returns every setting by key.
func Definitions() []Definition {
	const minute, day = int64(time.Minute), 24 * int64(time.Hour)
	list := []Definition{
		{Key: LogLevel, Kind: Choice, Values: []string{"DEBUG", "INFO", "WARN", "ERROR"}, fallback: func(c config.Config) string { return strings.ToUpper(c.LogLevel) }, Summary: "The least level that is logged."},
		{Key: LogLevelFor, Kind: Duration, Min: 0, Max: 7 * day, fallback: fixed("1h"), Summary: "For how long log.level holds once it was set; then it is again what the environment says. 0s is until somebody takes it away."},
		{Key: Maintenance, Kind: Flag, fallback: fixed("false"), Summary: "Whether the product only reads: what changes something is answered with 503, and timers, jobs and batches wait."},
		{Key: MaintenanceText, Kind: Words, fallback: fixed(""), Summary: "What people read while the product only reads, and before it, such as when it begins and how long it takes."},
		{Key: AccessTokenLife, Kind: Duration, Min: minute, Max: day, fallback: func(c config.Config) string { return Brief(c.AccessTokenLife) }, Summary: "How long a new access token is valid."},
		{Key: BcryptCost, Kind: Integer, Min: 10, Max: 14, fallback: func(c config.Config) string { return strconv.Itoa(c.BcryptCost) }, Summary: "The cost of new password hashes: each step doubles the work. Older hashes are made anew at the next log-in."},
		{Key: LimitUser, Kind: Rate, fallback: fixed("5000/s:10000"), Summary: "How many requests one user may send."},
		{Key: LimitAddress, Kind: Rate, fallback: fixed("10000/s:20000"), Summary: "How many requests may come from one address."},
		{Key: LimitLogin, Kind: Rate, fallback: fixed("20/m:600"), Summary: "How many log-ins may come from one address."},
		{Key: MinLength, Kind: Integer, Min: 8, Max: 64, fallback: fixed("8"), Summary: "How many characters a new password has at least."},
		{Key: Classes, Kind: Integer, Min: 1, Max: 4, fallback: fixed("1"), Summary: "Of how many of these a new password has at least one: small letters, capital letters, digits, other characters."},
		{Key: RefuseCommon, Kind: Flag, fallback: fixed("true"), Summary: "Whether passwords are refused that very many people use."},
		{Key: History, Kind: Integer, Min: 0, Max: MaxHistory, fallback: fixed("0"), Summary: "How many of one's earlier passwords one may not choose again."},
		{Key: MaxAge, Kind: Duration, Min: 0, Max: 3650 * day, fallback: fixed("0s"), Summary: "After how long a password must be changed; 0s is never."},
		{Key: MustChange, Kind: Flag, fallback: fixed("false"), Summary: "Whether one must change a password that an administrator has given, where he says nothing else."},
		{Key: UrgeCooldown, Kind: Duration, Min: 0, Max: 7 * day, fallback: func(c config.Config) string { return Brief(cmp.Or(c.UrgePause, 30*time.Minute)) }, Summary: "How long nobody can urge about a task again."},
		{Key: UrgeLadder, Kind: Integer, Min: 1, Max: 100, fallback: func(c config.Config) string { return strconv.Itoa(cmp.Or(c.UrgeLadder, 3)) }, Summary: "With which urge about a task the head of the department is told, too."},
		{Key: MaxAttachment, Kind: Integer, Min: 1, Max: config.LargestAttachment, fallback: func(c config.Config) string { return strconv.Itoa(c.MaxAttachment) }, Summary: "The largest content of an attachment in bytes."},
		{Key: AttachmentTypes, Kind: Types, fallback: fixed(UsualTypes), Summary: "The types of files that may be uploaded for a form, by what their content is; * stands for any word."},
		{Key: FileKeep, Kind: Duration, Min: minute, Max: 365 * day, fallback: fixed("24h"), Summary: "How long a file is kept that no form was submitted with."},
		{Key: DraftKeep, Kind: Duration, Min: 60 * minute, Max: 3650 * day, fallback: fixed("2160h"), Summary: "How long a draft is kept that nobody changes."},
		{Key: ExportRows, Kind: Integer, Min: 1, Max: 1_000_000, fallback: fixed("50000"), Summary: "How many rows an exported file has at most."},
		{Key: Announcement, Kind: Words, fallback: fixed(""), Summary: "What everybody reads on his start page; empty is nothing."},
		{Key: LimitRoute, Kind: Rate, fallback: fixed("off"), Summary: "How many requests one user, or one address without a user, may send to one route."},
		{Key: LimitSearch, Kind: Rate, fallback: fixed("20/s:100"), Summary: "How many searches and exports one user may ask for."},
	}
	for key, kept := range map[string][2]string{
		NotificationKeep: {"8760h", "a notification is kept, read or not"},
		DeliveryKeep:     {"2160h", "it is kept what became of a delivery by a channel or a webhook, after its end"},
		EvaluationKeep:   {"4320h", "an evaluation of a decision is kept that was not made by an instance"},
		DeadLetterKeep:   {"8760h", "a dead letter is kept"},
		BatchKeep:        {"8760h", "a batch is kept with its items, after its end"},
	} {
		list = append(list, Definition{Key: key, Kind: Duration, Min: day, Max: 3650 * day, fallback: fixed(kept[0]), Summary: "How long " + kept[1] + "."})
	}
	list = append(list, Definition{Key: InstanceKeep, Kind: Duration, Min: 0, Max: 36500 * day, fallback: fixed("0s"), Summary: "How long an instance is kept with its history, after its end; 0s is for ever. What is under a legal hold stays."})
	list = append(list, Definition{Key: AllowedNetworks, Kind: Places, fallback: fixed(""), Summary: "The networks from which requests are taken, such as 10.0.0.0/8,203.0.113.7; empty is everywhere. Where it is not set, DIOM_IP_ALLOW holds."})
	slices.SortFunc(list, func(a, b Definition) int { return strings.Compare(a.Key, b.Key) })
	return list
}

// Brief writes a duration without parts that are zero: 30m, 1h30m, 0s.
func Brief(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

func fixed(text string) func(config.Config) string {
	return func(config.Config) string { return text }
}

// Find returns the definition of a key, false where there is none.
func Find(key string) (Definition, bool) {
	for _, d := range Definitions() {
		if d.Key == key {
			return d, true
		}
	}
	return Definition{}, false
}

// Fallback is the text that holds where nothing is set.
func (d Definition) Fallback(c config.Config) string { return d.fallback(c) }

// Read returns the text of a JSON value. The error is ErrValue with what may be there.
func (d Definition) Read(raw json.RawMessage) (string, error) {
	var text string
	switch d.Kind {
	case Integer:
		var n int64
		if json.Unmarshal(raw, &n) != nil {
			return "", d.refuse()
		}
		text = strconv.FormatInt(n, 10)
	case Flag:
		var yes bool
		if json.Unmarshal(raw, &yes) != nil {
			return "", d.refuse()
		}
		text = strconv.FormatBool(yes)
	default:
		if json.Unmarshal(raw, &text) != nil {
			return "", d.refuse()
		}
	}
	value, err := d.parse(text)
	if err != nil || !d.within(value) || len(text) > maxText {
		return "", d.refuse()
	}
	return text, nil
}

// JSON is a text as JSON has it.
func (d Definition) JSON(text string) any {
	value, err := d.parse(text)
	if err != nil {
		return text
	}
	switch d.Kind {
	case Integer, Flag:
		return value
	}
	return text
}

// parse reads a text into int64, time.Duration, string, limit.Rate or bool.
func (d Definition) parse(text string) (any, error) {
	switch d.Kind {
	case Integer:
		return strconv.ParseInt(text, 10, 64)
	case Duration:
		return time.ParseDuration(text)
	case Flag:
		return strconv.ParseBool(text)
	case Places:
		var n Networks
		err := n.UnmarshalText([]byte(text))
		return n, err
	case Rate:
		var r limit.Rate
		err := r.UnmarshalText([]byte(text))
		return r, err
	}
	return text, nil
}

// within reports whether a parsed value is in the range.
func (d Definition) within(value any) bool {
	switch value := value.(type) {
	case int64:
		return value >= d.Min && value <= d.Max
	case time.Duration:
		return int64(value) >= d.Min && int64(value) <= d.Max
	case Networks:
		return len(value) <= maxNetworks
	case string:
		if d.Kind == Types {
			return len(value) <= 1000 && mediaTypes.MatchString(value)
		}
		if d.Kind == Words {
			return utf8.RuneCountInString(value) <= maxWords && !strings.ContainsFunc(value, func(r rune) bool { return unicode.IsControl(r) && r != '\n' })
		}
		return slices.Contains(d.Values, value)
	}
	return true
}

// refuse says what a value may be.
func (d Definition) refuse() error {
	what := ""
	switch d.Kind {
	case Integer:
		what = fmt.Sprintf("a number from %d to %d", d.Min, d.Max)
	case Duration:
		what = fmt.Sprintf("a duration such as 30m, from %s to %s", Brief(time.Duration(d.Min)), Brief(time.Duration(d.Max)))
	case Choice:
		what = "one of " + strings.Join(d.Values, ", ")
	case Flag:
		what = "true or false"
	case Types:
		what = "media types with commas between, such as image/*,application/pdf"
	case Words:
		what = "a text of at most 200 characters"
	case Places:
		what = fmt.Sprintf("a list of at most %d networks and addresses with commas between, such as 10.0.0.0/8,203.0.113.7", maxNetworks)
	case Rate:
		what = "a rate such as 20/m:60 (20 a minute, 60 at once; s, m or h), or off"
	}
	return ErrValue.With(fault.Detail{Pointer: "/value", Code: ErrValue.Code, Detail: "The value is " + what + "."})
}
