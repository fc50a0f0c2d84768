package client

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// command describes one command.
type command struct {
	use     string // name and arguments, each in angle brackets: {name} in path, or the field of that name
	short   string
	long    string
	example string
	group   string

	method, path string
	fields       []field
	set          map[string]any // what the body always has
	pages        bool           // the answer is a page of a list
	single       bool           // not to be repeated where it is unknown whether the first request had its effect
	view         []section
	none         string // what to say where a list without flags is empty

	// run stands in place of the one request where that is not all.
	run func(context.Context, *invocation) error
	// flags adds what fields cannot say.
	flags func(*cobra.Command)
}

// build makes the cobra command.
func (c command) build() *cobra.Command {
	cmd := &cobra.Command{
		Use: c.use, Short: c.short, Long: c.long, Example: "  " + strings.ReplaceAll(c.example, "\n", "\n  "), GroupID: c.group,
		Args: c.arity(),
		RunE: func(cmd *cobra.Command, arguments []string) error { return c.invoke(cmd, arguments) },
	}
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	if strings.Contains(c.use, "<file>") {
		cmd.ValidArgsFunction = nil
	}
	for _, f := range c.fields {
		f.add(cmd)
	}
	if c.pages {
		cmd.Flags().Int("limit", 0, "show at most this `number`; without it one page")
		cmd.Flags().Bool("all", false, "show all pages")
		cmd.MarkFlagsMutuallyExclusive("limit", "all")
	}
	if c.method == http.MethodPost {
		cmd.Flags().String("key", "", "Idempotency-Key: the same `text` again repeats nothing (made by itself where absent)")
	}
	if c.method == http.MethodPut && c.run == nil {
		cmd.Flags().Int("if-version", 0, "change it only while it still has this `version`")
	}
	if c.flags != nil {
		c.flags(cmd)
	}
	return cmd
}

// names returns the arguments that use names.
func (c command) names() []string {
	var list []string
	for word := range strings.FieldsSeq(c.use) {
		word = strings.Trim(word, "[].")
		if strings.HasPrefix(word, "<") {
			list = append(list, strings.Trim(word, "<>"))
		}
	}
	return list
}

// arity checks the number of arguments: three dots take one or more, brackets none or one.
func (c command) arity() cobra.PositionalArgs {
	n := len(c.names())
	low, high := n, n
	if strings.Contains(c.use, "[<") {
		low--
	}
	many := strings.HasSuffix(c.use, "...")
	return func(cmd *cobra.Command, arguments []string) error {
		if len(arguments) >= low && (many || len(arguments) <= high) {
			return nil
		}
		return usagef("%s takes %s", cmd.CommandPath(), strings.TrimSpace("arguments: "+strings.Join(strings.Fields(c.use)[1:], " ")))
	}
}

func (c command) takes(field string) bool { return slices.Contains(c.names(), field) }
