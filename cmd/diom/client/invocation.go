package client

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// invocation is one run of a command.
type invocation struct {
	*command
	cmd       *cobra.Command
	argument  map[string]string
	arguments []string
	session   *session
}

// invoke runs a command: log-in, request, answer.
func (c command) invoke(cmd *cobra.Command, arguments []string) error {
	in := &invocation{command: &c, cmd: cmd, arguments: arguments, argument: map[string]string{}}
	for i, name := range c.names() {
		if i < len(arguments) {
			in.argument[name] = arguments[i]
		}
	}
	limit, err := cmd.Flags().GetDuration("timeout")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), limit)
	defer cancel()
	if c.run != nil {
		return c.run(ctx, in)
	}
	if err := in.logIn(); err != nil {
		return err
	}
	if c.pages {
		return in.showPages(ctx)
	}
	a, err := in.call(ctx)
	if err != nil {
		return err
	}
	return in.show(a)
}

// logIn finds the log-in that is meant.
func (in *invocation) logIn() error {
	k, err := openKeep()
	if err != nil {
		return err
	}
	name, address, err := in.chosen()
	if err != nil {
		return err
	}
	p, err := k.find(name, address)
	in.session = newSession(k, p, in.say)
	return err
}

// call makes the request that the command describes.
func (in *invocation) call(ctx context.Context) (answer, error) {
	query, body := url.Values{}, map[string]any{}
	maps.Copy(body, in.set)
	if err := fill(in, in.fields, query, body); err != nil {
		return answer{}, err
	}
	return in.ask(ctx, query, body)
}

// ask sends the request of the command with a query and a JSON body.
func (in *invocation) ask(ctx context.Context, query url.Values, body any) (answer, error) {
	r, err := in.request(query, body)
	if err != nil {
		return answer{}, err
	}
	return in.session.do(ctx, r)
}

// request makes the request of the command with a query and a JSON body.
func (in *invocation) request(query url.Values, body any) (request, error) {
	path := in.path
	for name, value := range in.argument {
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(value))
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	r := request{method: in.method, path: path, header: http.Header{}, single: in.single}
	switch in.method {
	case http.MethodPost, http.MethodPut:
		raw, err := json.Marshal(body)
		if err != nil {
			return r, err
		}
		r.body = raw
		r.header.Set("Content-Type", "application/json")
	}
	if version := in.text("if-version"); version != "" && version != "0" {
		r.header.Set("If-Match", strconv.Quote(version))
	}
	if in.method == http.MethodPost {
		r.header.Set("Idempotency-Key", in.key())
	}
	return r, nil
}

// key is the Idempotency-Key of the caller, or a new one.
func (in *invocation) key() string {
	if key := in.text("key"); key != "" {
		return key
	}
	return newKey()
}

// text returns the value of a flag, "" where it is absent.
func (in *invocation) text(flag string) string {
	if f := in.cmd.Flags().Lookup(flag); f != nil {
		return f.Value.String()
	}
	return ""
}

func (in *invocation) is(flag string) bool { return in.text(flag) == "true" }

// say tells on standard error what is done, if that is wanted. Secrets are not for it.
func (in *invocation) say(format string, arguments ...any) {
	if in.is("verbose") {
		fmt.Fprintf(in.cmd.ErrOrStderr(), format+"\n", arguments...)
	}
}

// note tells people something that is not the answer.
func (in *invocation) note(format string, arguments ...any) {
	fmt.Fprintf(in.cmd.ErrOrStderr(), format+"\n", arguments...)
}

// show prints an answer.
func (in *invocation) show(a answer) error {
	out := in.cmd.OutOrStdout()
	if in.is("json") {
		return printRaw(out, a.body)
	}
	if len(a.body) == 0 {
		_, err := fmt.Fprintln(out, "done")
		return err
	}
	document, err := decode(a.body)
	if err != nil {
		return err
	}
	return newPrinter(out).sections(document, in.view)
}

// printRaw prints JSON as it came, with a line feed at its end.
func printRaw(w io.Writer, body []byte) error {
	if len(body) == 0 {
		return nil
	}
	if body[len(body)-1] != '\n' {
		body = append(body[:len(body):len(body)], '\n')
	}
	_, err := w.Write(body)
	return err
}
