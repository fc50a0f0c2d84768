package client

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// kind is what a field takes.
type kind int

const (
	text kind = iota
	number
	yes       // a flag without a value
	texts     // may be repeated, or list values with commas
	variables // name=value, may be repeated, and with the suffix s a file of JSON
)

// field is one thing that a caller may give: a flag, or the argument of its name in the command's use.
type field struct {
	name   string // of the flag or the argument
	key    string // in the query or the body
	usage  string
	kind   kind
	query  bool
	values []string // what completion offers
}

// add adds the flag of the field, unless it is an argument.
func (f field) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	if strings.Contains(cmd.Use, "<"+f.name+">") {
		return
	}
	switch f.kind {
	case text:
		flags.String(f.name, "", f.usage)
	case number:
		flags.Int(f.name, 0, f.usage)
	case yes:
		flags.Bool(f.name, false, f.usage)
	case texts:
		flags.StringSlice(f.name, nil, f.usage)
	case variables:
		flags.StringArray(f.name, nil, f.usage+", as `name=value`; JSON keeps its type, anything else is text; may be repeated")
		flags.String(f.name+"s", "", "`file` with a JSON object of the same; - is standard input")
	}
	if f.values != nil {
		_ = cmd.RegisterFlagCompletionFunc(f.name, cobra.FixedCompletions(f.values, cobra.ShellCompDirectiveNoFileComp)) // fails for an unknown flag alone
	}
}

// read returns what was given; ok is false when nothing was.
func (f field) read(in *invocation) (value any, ok bool, err error) {
	if argument, given := in.argument[f.name]; given {
		if f.kind == texts {
			return strings.Split(argument, ","), true, nil
		}
		if f.kind == number {
			n, err := strconv.Atoi(argument)
			if err != nil {
				return nil, false, usagef("<%s> is a number, not %s", f.name, argument)
			}
			return n, true, nil
		}
		return argument, true, nil
	}
	flags := in.cmd.Flags()
	if f.kind == variables {
		return readVariables(in, f.name)
	}
	if !flags.Changed(f.name) {
		return nil, false, nil
	}
	switch f.kind {
	case number:
		value, err = flags.GetInt(f.name)
	case yes:
		value, err = flags.GetBool(f.name)
	case texts:
		value, err = flags.GetStringSlice(f.name)
	default:
		value, err = flags.GetString(f.name)
	}
	return value, true, err
}

// readVariables merges the file with the pairs, which win.
func readVariables(in *invocation, name string) (any, bool, error) {
	all := map[string]json.RawMessage{}
	if in.cmd.Flags().Changed(name + "s") {
		raw, err := in.readFile(in.text(name + "s"))
		if err != nil {
			return nil, false, err
		}
		if err := json.Unmarshal(raw, &all); err != nil || all == nil {
			return nil, false, usagef("--%ss: %s is not a JSON object", name, in.text(name+"s"))
		}
	}
	pairs, err := in.cmd.Flags().GetStringArray(name)
	if err != nil {
		return nil, false, err
	}
	given, err := parsePairs("--"+name, pairs)
	maps.Copy(all, given)
	return all, len(all) > 0, err
}

// parsePairs reads name=value: a value that is JSON is that, any other is text.
func parsePairs(flag string, pairs []string) (map[string]json.RawMessage, error) {
	all := map[string]json.RawMessage{}
	for _, pair := range pairs {
		name, value, found := strings.Cut(pair, "=")
		if !found || name == "" {
			return nil, usagef("%s %s: give name=value", flag, pair)
		}
		if json.Valid([]byte(value)) {
			all[name] = json.RawMessage(value)
			continue
		}
		raw, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		all[name] = raw
	}
	return all, nil
}

// fill puts the fields that were given into a query and a body.
func fill(in *invocation, fields []field, query url.Values, body map[string]any) error {
	for _, f := range fields {
		value, ok, err := f.read(in)
		switch {
		case err != nil:
			return err
		case !ok || f.key == "":
		case f.query:
			query.Set(f.key, queryText(value))
		default:
			body[f.key] = value
		}
	}
	return nil
}

func queryText(value any) string {
	switch v := value.(type) {
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	case string:
		return v
	}
	return ""
}

// readFile reads a file that the caller names; - is standard input.
func (in *invocation) readFile(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(in.cmd.InOrStdin())
	}
	raw, err := os.ReadFile(name) //nolint:gosec // the caller's own file
	if err != nil {
		return nil, &usageError{err.Error()}
	}
	return raw, nil
}

// secret reads a secret from a file, or from an environment variable; never from an argument. A line feed
// at its end is not part of it.
func (in *invocation) secret(flag, variable string) (string, error) {
	if name := in.text(flag); name != "" {
		raw, err := in.readFile(name)
		return string(bytes.TrimRight(raw, "\r\n")), err
	}
	if value := os.Getenv(variable); value != "" {
		return value, nil
	}
	return "", usagef("give --%s, or %s in the environment", flag, variable)
}
