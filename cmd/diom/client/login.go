package client

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// A new user's password has a variable of its own: the caller's must not become another person's by mistake.
const (
	passwordVariable    = "DIOM_PASSWORD"
	newPasswordVariable = "DIOM_NEW_PASSWORD"
)

func sessionCommands() []command {
	return []command{
		{
			use: "login [<username>]", short: "Log in to an installation",
			long: "Logs in and keeps the tokens, never the password, in a file for you alone under your configuration directory (DIOM_CONFIG_DIR).\n" +
				"The password comes from the terminal, from standard input, from --password-file or from " + passwordVariable + "; it is no argument.\n" +
				"Several log-ins are kept side by side, each with its address; without --url a command uses the last one.",
			example: "diom login zhangwei\ndiom login --url https://flow.example.com --profile work zhangwei\nprintf '%s\\n' \"$PASSWORD\" | diom login --password-stdin zhangwei",
			run:     logInto,
			flags: func(cmd *cobra.Command) {
				passwordFlags(cmd, passwordVariable)
				cmd.Flags().Bool("plain-http", false, "send the password without encryption to another machine")
			},
		},
		{
			use: "logout", short: "End the log-in, here and at the installation",
			long: "Ends the log-in at the installation and removes the tokens. Where the installation does not answer, they are removed all the same and the exit code is 3.", example: "diom logout\ndiom logout --profile work", run: logOut,
		},
		{
			use: "whoami", short: "Show who is logged in and what he may do", example: "diom whoami", method: http.MethodGet, path: "/auth/userinfo",
			view: view("", "username displayName:name department roles groups permissions"),
		},
		changePassword(),
		{
			use: "home", short: "Show what waits for you", example: "diom home", method: http.MethodGet, path: "/api/v1/home",
			view: []section{
				part("", "counts", "todo claimable started"), part("your tasks", "todo", nextColumns), part("offered to you", "claimable", nextColumns),
				part("started by you", "started", instanceColumns),
			},
		},
	}
}

// logInto is diom login.
func logInto(ctx context.Context, in *invocation) error {
	k, err := openKeep()
	if err != nil {
		return err
	}
	name, address, err := in.chosen()
	if err != nil {
		return err
	}
	old, known := k.read(cmp.Or(name, nameOf(address), k.current()))
	if known == nil {
		address = cmp.Or(address, old.URL)
	}
	if address, err = cleanURL(cmp.Or(address, localURL), in.is("plain-http")); err != nil {
		return err
	}
	username := in.argument["username"]
	if username == "" {
		if username, err = ask(in, "username: "); err != nil {
			return err
		}
	}
	password, err := in.password(fmt.Sprintf("password of %s at %s: ", username, address))
	if err != nil {
		return err
	}
	if old.URL != address {
		old.name = ""
	}
	p := profile{URL: address, name: cmp.Or(name, old.name, nameOf(address))}
	body, err := json.Marshal(map[string]string{"username": username, "password": password})
	if err != nil {
		return err
	}
	return in.openSession(ctx, newSession(k, p, in.say), body)
}

// openSession exchanges the credentials for tokens and keeps them.
func (in *invocation) openSession(ctx context.Context, s *session, credentials []byte) error {
	a, err := s.exchange(ctx, request{
		method: http.MethodPost, path: "/auth/login", body: credentials, anonymous: true, header: http.Header{"Content-Type": {"application/json"}},
	})
	if err != nil {
		return err
	}
	if err := s.profile.take(a); err != nil {
		return err
	}
	unlock, err := s.keep.lock(ctx, s.profile.name)
	if err != nil {
		return err
	}
	defer unlock()
	if err := errors.Join(s.keep.write(s.profile), s.keep.replace(currentFile, []byte(s.profile.name+"\n"))); err != nil {
		return err
	}
	if in.is("json") { // who, without the tokens
		a, err := s.do(ctx, request{method: http.MethodGet, path: "/auth/userinfo"})
		if err != nil {
			return err
		}
		return printRaw(in.cmd.OutOrStdout(), a.body)
	}
	_, err = fmt.Fprintf(in.cmd.OutOrStdout(), "logged in at %s as %s\n", s.profile.URL, s.profile.Username)
	return err
}

// password reads the password from where the caller says, or from the terminal.
func (in *invocation) password(prompt string) (string, error) {
	password, given, err := givenPassword(in.cmd, passwordVariable)
	if given || err != nil {
		return password, err
	}
	if !isTerminal(in.cmd.InOrStdin()) {
		return "", usagef("standard input is no terminal: give --password-stdin, --password-file or %s", passwordVariable)
	}
	answers, err := in.askSecrets(prompt)
	if err != nil {
		return "", err
	}
	return answers[0], nil
}

// askSecrets asks at the terminal for secrets, a line each. What is typed is not shown, from before the first
// question on; Ctrl-C and Ctrl-D end the command.
func (in *invocation) askSecrets(prompts ...string) ([]string, error) {
	stdin := in.cmd.InOrStdin().(*os.File) //nolint:forcetypeassert // a terminal is a file
	before, err := term.MakeRaw(int(stdin.Fd()))
	if err != nil {
		return nil, err
	}
	defer func() { _ = term.Restore(int(stdin.Fd()), before) }() // a terminal that is gone needs nothing
	asker := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{stdin, in.cmd.ErrOrStderr()}, "")
	answers := make([]string, len(prompts))
	for i, prompt := range prompts {
		answers[i], err = asker.ReadPassword(prompt)
		switch {
		case errors.Is(err, io.EOF):
			return nil, errInterrupted
		case err != nil:
			return nil, err
		case answers[i] == "":
			return nil, emptyPassword()
		}
	}
	return answers, nil
}

func emptyPassword() error { return usagef("the password is empty") }

// passwordFlags are what givenPassword reads.
func passwordFlags(cmd *cobra.Command, variable string) {
	cmd.Flags().Bool("password-stdin", false, "read the password from the first line of standard input")
	cmd.Flags().String("password-file", "", "read the password from a `file` (or "+variable+" in the environment)")
}

// NewPassword returns the password that --password-stdin, --password-file or DIOM_NEW_PASSWORD give a new user;
// given is false where none of them does.
func NewPassword(cmd *cobra.Command) (password string, given bool, err error) {
	return givenPassword(cmd, newPasswordVariable)
}

func givenPassword(cmd *cobra.Command, variable string) (password string, given bool, err error) {
	in := &invocation{cmd: cmd}
	switch {
	case in.is("password-stdin"):
		password, err = ask(in, "")
	case in.text("password-file") != "" || os.Getenv(variable) != "":
		password, err = in.secret("password-file", variable)
	default:
		return "", false, nil
	}
	if err == nil && password == "" {
		err = emptyPassword()
	}
	return password, true, err
}

func (in *invocation) prompt(text string) { fmt.Fprint(in.cmd.ErrOrStderr(), text) }

// ask reads a line of standard input.
func ask(in *invocation, prompt string) (string, error) {
	if prompt != "" && !isTerminal(in.cmd.InOrStdin()) {
		return "", usagef("give the %s", strings.TrimSuffix(prompt, ": "))
	}
	in.prompt(prompt)
	line, err := bufio.NewReader(in.cmd.InOrStdin()).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimRight(line, "\r\n"), nil
}

// logOut is diom logout.
func logOut(ctx context.Context, in *invocation) error {
	if err := in.logIn(); err != nil {
		return err
	}
	s := in.session
	unlock, err := s.keep.lock(ctx, s.profile.name)
	if err != nil {
		return err
	}
	defer unlock()
	if p, err := s.keep.read(s.profile.name); err == nil {
		s.profile = p // another command may have exchanged the token
	}
	header := http.Header{"X-Requested-With": {"diom"}, "Cookie": {s.profile.Cookie + "=" + s.profile.Refresh}}
	_, there := s.persist(ctx, request{method: http.MethodPost, path: "/auth/logout", header: header, anonymous: true})
	if isUnauthorized(there) {
		there = nil // it was over already
	}
	if err := os.Remove(s.keep.path(s.profile.name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if there != nil {
		return fmt.Errorf("the tokens are removed here, but the log-in stays open there: %w", there)
	}
	if !in.is("json") {
		_, err = fmt.Fprintf(in.cmd.OutOrStdout(), "logged out of %s\n", s.profile.URL)
	}
	return err
}
