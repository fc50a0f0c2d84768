package client

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"os"

	"github.com/spf13/cobra"
)

const userColumns = "id username displayName:name email title department roles groups enabled version"

func users() noun {
	const one = "/api/v1/users/{user}"
	return noun{"user", "Manage users", []command{
		{
			use: "list", short: "List users", example: "diom user list\ndiom user list --role OPERATOR --sort -createdAt",
			method: http.MethodGet, path: "/api/v1/users", pages: true, view: view("items", userColumns),
			fields: []field{
				{name: "prefix", key: "q", query: true, usage: "whose name begins with this `text`"}, {name: "role", key: "role", query: true, usage: "with this role `code`"},
				{name: "group", key: "group", query: true, usage: "in the group with this `key`"}, {name: "department", key: "department", query: true, usage: "in the department with this `id`"},
				{name: "enabled", key: "enabled", kind: yes, query: true, usage: "enabled ones alone; --enabled=false: disabled ones"},
				{name: "sort", key: "sort", query: true, usage: "`column`: username or createdAt, with - before it the other way round", values: []string{"username", "createdAt", "-createdAt"}},
			},
		},
		{
			use: "show <user>", short: "Show a user", example: "diom user show " + exampleID,
			method: http.MethodGet, path: one, view: view("", userColumns+" createdAt:created updatedAt:changed"),
		},
		createUser(),
		{
			use: "update <user>", short: "Change a user; what is not given stays", example: "diom user update " + exampleID + " --role EMPLOYEE --enabled=false",
			method: http.MethodPut, path: one, single: true, view: view("", userColumns),
			fields: append(userFields(), field{name: "enabled", key: "enabled", kind: yes, usage: "whether the user can log in: --enabled=false ends what is open"}),
		},
		{
			use: "delete <user>", short: "Delete a user", example: "diom user delete " + exampleID,
			method: http.MethodDelete, path: one, single: true,
		},
	}}
}

func userFields() []field {
	return []field{
		{name: "name", key: "displayName", usage: "the `name` that others see"}, {name: "email", key: "email", usage: "e-mail `address`"},
		{name: "title", key: "title", usage: "what the user is, as a `text`"}, {name: "department", key: "departmentId", usage: "`id` of the department"},
		{name: "role", key: "roles", kind: texts, usage: "role `code`; may be repeated"}, {name: "group", key: "groups", kind: texts, usage: "`key` of a group; may be repeated"},
	}
}

func createUser() command {
	return command{
		use: "create <username>", short: "Create a user",
		long: "Creates a user through the API, as the administrator who has logged in. The new password comes from --password-stdin, --password-file or\n" +
			passwordVariable + "; otherwise one is made and told once, on standard error.",
		example: "diom user create lina --role EMPLOYEE --name 李娜\nprintf '%s\\n' \"$PASSWORD\" | diom user create lina --role EMPLOYEE --password-stdin",
		method:  http.MethodPost, path: "/api/v1/users", view: view("", userColumns), run: addUser,
		fields: append([]field{{name: "username", key: "username"}}, userFields()...),
		flags: func(cmd *cobra.Command) {
			cmd.Flags().Bool("password-stdin", false, "read the password from the first line of standard input")
			cmd.Flags().String("password-file", "", "read the password from a `file`")
		},
	}
}

func addUser(ctx context.Context, in *invocation) error {
	if err := in.logIn(); err != nil {
		return err
	}
	body := map[string]any{}
	if err := fill(in, in.fields, url.Values{}, body); err != nil {
		return err
	}
	made := rand.Text()
	password := made
	if in.is("password-stdin") || in.text("password-file") != "" || os.Getenv(passwordVariable) != "" {
		var err error
		if password, err = in.password(""); err != nil {
			return err
		}
	}
	body["password"] = password
	r, err := in.request(nil, body)
	if err != nil {
		return err
	}
	a, err := in.session.do(ctx, r)
	if err != nil {
		return err
	}
	if password == made {
		in.note("the password of %s is %s", in.argument["username"], made)
	}
	return in.show(a)
}

// directory describes the listing of a kind of things that people belong to.
func directory(name, path, many, columns string) noun {
	return noun{name, "Look at " + many, []command{
		{
			use: "list", short: "List " + many, example: "diom " + name + " list",
			method: http.MethodGet, path: "/api/v1/" + path, pages: true, view: view("items", columns),
		},
		{
			use: "show <" + name + ">", short: "Show a " + name, example: "diom " + name + " show " + exampleID,
			method: http.MethodGet, path: "/api/v1/" + path + "/{" + name + "}", view: view("", columns+" createdAt:created"),
		},
	}}
}

func roles() noun {
	return directory("role", "roles", "roles", "id code name permissions builtIn:built-in version")
}

func groups() noun { return directory("group", "groups", "groups", "id key name version") }

func departments() noun {
	return directory("department", "departments", "departments", "id code name parentId:parent head version")
}
