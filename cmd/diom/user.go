package main

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/fault"
)

func userCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "user", Short: "Manage users from the command line"}
	cmd.AddCommand(userCreateCommand())
	return cmd
}

func userCreateCommand() *cobra.Command {
	var admin, fromInput bool
	var user access.NewUser
	cmd := &cobra.Command{
		Use:   "create <username>",
		Short: "Create a user, the first administrator above all",
		Long: "Creates a user. Without --password-stdin a password is made and printed once.\n" +
			"Without DIOM_MYSQL_DSN the database of the local run under DIOM_HOME is meant, while that one runs.",
		Example: "  diom user create --admin zhangwei\n  printf '%s\\n' \"$PASSWORD\" | diom user create --role EMPLOYEE --password-stdin lina",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			user.Username = arguments[0]
			if admin {
				user.Roles = append(user.Roles, access.SuperAdmin)
			}
			user.Password = rand.Text()
			if fromInput {
				line, err := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
				if user.Password = strings.TrimRight(line, "\r\n"); user.Password == "" {
					return fmt.Errorf("no password on standard input: %w", err)
				}
			}
			return createUser(cmd, user, !fromInput)
		},
	}
	cmd.Flags().BoolVar(&admin, "admin", false, "give the user every right (the role "+access.SuperAdmin+")")
	cmd.Flags().BoolVar(&fromInput, "password-stdin", false, "read the password from the first line of standard input")
	cmd.Flags().StringVar(&user.DisplayName, "name", "", "the name that others see")
	cmd.Flags().StringVar(&user.Email, "email", "", "e-mail address")
	cmd.Flags().StringSliceVar(&user.Roles, "role", nil, "role code; may be repeated")
	return cmd
}

func createUser(cmd *cobra.Command, user access.NewUser, show bool) error {
	useLocalSecrets()
	app, err := open(cmd.Context())
	if err != nil {
		return err
	}
	// Who can read the database's password may do everything anyway.
	operator := access.Principal{Username: "diom", Roles: []string{access.SuperAdmin}}
	made, err := app.Access.CreateUser(cmd.Context(), operator, user, nil)
	if err = errors.Join(err, app.Close()); err != nil {
		return plain(err)
	}
	if show {
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "created %s with the password %s\n", made.Username, user.Password)
	} else {
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "created %s\n", made.Username)
	}
	return err
}

// plain adds to a fault what a problem document would tell beside its message.
func plain(err error) error {
	f := fault.From(err)
	if f == nil {
		return err
	}
	for _, d := range f.Details {
		err = fmt.Errorf("%w\n  %s: %s", err, strings.TrimPrefix(d.Pointer, "/"), d.Detail)
	}
	return err
}

// The directory of everything that the local run writes; .diom where it is empty.
const homeVariable = "DIOM_HOME"

// home is the directory of the local run.
func home() string {
	if dir := os.Getenv(homeVariable); dir != "" {
		return dir
	}
	return ".diom"
}

// useLocalSecrets lets a command that names no database mean that of the local run.
func useLocalSecrets() {
	dir := filepath.Join(home(), "secrets")
	_, err := os.Stat(filepath.Join(dir, "diom-mysql-dsn"))
	if err == nil && os.Getenv("DIOM_MYSQL_DSN") == "" && os.Getenv("DIOM_SECRETS_DIR") == "" {
		_ = os.Setenv("DIOM_SECRETS_DIR", dir) // fails for a malformed name only
	}
}
