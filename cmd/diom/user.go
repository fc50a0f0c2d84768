package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"diom.io/workflow/cmd/diom/client"
	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/fault"
)

// withDatabase lets diom user create write to the database itself, for the first administrator: nobody
// can log in before there is one.
func withDatabase(users *cobra.Command) {
	cmd, _, err := users.Find([]string{"create"})
	if err != nil || cmd == users {
		return // there is one: a test creates users
	}
	byAPI := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, arguments []string) error {
		admin, err := cmd.Flags().GetBool("admin")
		direct, errDirect := cmd.Flags().GetBool("database")
		if err := errors.Join(err, errDirect); err != nil {
			return err
		}
		if !admin && !direct {
			return byAPI(cmd, arguments)
		}
		user, made, err := newUser(cmd, arguments[0])
		if err != nil {
			return err
		}
		if admin {
			user.Roles = append(user.Roles, access.SuperAdmin)
		}
		return createUser(cmd, user, made)
	}
	cmd.Flags().Bool("admin", false, "on the database: give the user every right (the role "+access.SuperAdmin+")")
	cmd.Flags().Bool("database", false, "on the database: no log-in, and no installation that runs, is needed")
	cmd.Long += "\n\nWith --admin or --database it writes to the database of DIOM_MYSQL_DSN itself instead, or to that of the local run under DIOM_HOME\n" +
		"while that one runs: so the first administrator is made. Flags of the API have no effect then."
	cmd.Example = "  diom user create --admin zhangwei\n" + cmd.Example
}

// newUser reads the flags. Without a password in the input one is made.
func newUser(cmd *cobra.Command, username string) (user access.NewUser, made bool, err error) {
	flags := cmd.Flags()
	user = access.NewUser{Username: username, Password: rand.Text()}
	var errs [4]error
	user.DisplayName, errs[0] = flags.GetString("name")
	user.Email, errs[1] = flags.GetString("email")
	user.Roles, errs[2] = flags.GetStringSlice("role")
	user.Title, errs[3] = flags.GetString("title")
	if err := errors.Join(errs[:]...); err != nil {
		return user, false, err
	}
	password, given, err := client.NewPassword(cmd)
	if given {
		user.Password = password
	}
	return user, !given, err
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
