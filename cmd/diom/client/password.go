package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"
)

func changePassword() command {
	return command{
		use: "password", short: "Change your password; your other log-ins end",
		long:    "Asks at the terminal for the present password and twice for the new one, or reads both from files. This log-in goes on.",
		example: "diom password\ndiom password --present-file old --new-file new",
		method:  http.MethodPut, path: "/auth/password", single: true, run: setPassword,
		flags: func(cmd *cobra.Command) {
			cmd.Flags().String("present-file", "", "read the present password from a `file`")
			cmd.Flags().String("new-file", "", "read the new password from a `file`")
			cmd.MarkFlagsRequiredTogether("present-file", "new-file")
		},
	}
}

// setPassword is diom password. The answer holds new tokens in place of those that end.
func setPassword(ctx context.Context, in *invocation) error {
	if err := in.logIn(); err != nil {
		return err
	}
	present, wanted, err := in.passwords()
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]string{"currentPassword": present, "newPassword": wanted})
	if err != nil {
		return err
	}
	s := in.session
	a, err := s.do(ctx, request{method: in.method, path: in.path, body: body, single: true, header: http.Header{"Content-Type": {"application/json"}}})
	if err != nil {
		return err
	}
	unlock, err := s.keep.lock(ctx, s.profile.name)
	if err != nil {
		return err
	}
	defer unlock()
	if err := s.profile.take(a); err != nil {
		return err
	}
	if err := s.keep.write(s.profile); err != nil || in.is("json") {
		return err // the answer is tokens: not for printing
	}
	_, err = fmt.Fprintf(in.cmd.OutOrStdout(), "the password of %s is changed\n", s.profile.Username)
	return err
}

func (in *invocation) passwords() (present, wanted string, err error) {
	if name := in.text("present-file"); name != "" {
		one, err := in.readFile(name)
		if err != nil {
			return "", "", err
		}
		two, err := in.readFile(in.text("new-file"))
		return string(bytes.TrimRight(one, "\r\n")), string(bytes.TrimRight(two, "\r\n")), err
	}
	if !isTerminal(in.cmd.InOrStdin()) {
		return "", "", usagef("standard input is no terminal: give --present-file and --new-file")
	}
	answers, err := in.askSecrets("present password: ", "new password: ", "new password again: ")
	if err != nil {
		return "", "", err
	}
	if answers[1] != answers[2] {
		return "", "", usagef("the two new passwords differ")
	}
	return answers[0], answers[1], nil
}
