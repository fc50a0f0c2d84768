package client

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"
)

const userColumns = "id username displayName:name email title department roles groups enabled version"

func users() noun {
	const one = "/api/v1/users/{user}"
	return noun{"user", "Manage users", append([]command{
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
			fields: append(userFields(), field{name: "enabled", key: "enabled", kind: yes, usage: "whether the user can log in: --enabled=false ends what is open"}, mustChange()),
		},
		{
			use: "delayed", short: "List the accounts whose log-ins wait after wrong passwords", example: "diom user delayed",
			method: http.MethodGet, path: "/api/v1/delayed-accounts", view: view("items", "username address lastFailureAt:last-failure retryAfterSeconds:waits"),
		},
		{
			use: "unlock <user>", short: "Lift the delays of an account after wrong passwords", example: "diom user unlock " + exampleID,
			method: http.MethodPost, path: one + "/unlock",
		},
		{
			use: "delete <user>", short: "Delete a user", example: "diom user delete " + exampleID,
			method: http.MethodDelete, path: one, single: true,
		},
		{
			use: "directories", short: "List the address books that people come from", example: "diom user directories",
			method: http.MethodGet, path: "/api/v1/directories", view: view("items", "name kind schedule maxDisabled:may-disable lastRun.state:last lastRun.endedAt:ended"),
		},
		syncUsers(),
	}, erasures()...)}
}

func userFields() []field {
	return []field{
		{name: "name", key: "displayName", usage: "the `name` that others see"}, {name: "email", key: "email", usage: "e-mail `address`"},
		{name: "title", key: "title", usage: "what the user is, as a `text`"}, {name: "department", key: "departmentId", usage: "`id` of the department"},
		{name: "role", key: "roles", kind: texts, usage: "role `code`; may be repeated"}, {name: "group", key: "groups", kind: texts, usage: "`key` of a group; may be repeated"},
	}
}

func mustChange() field {
	return field{name: "must-change", key: "mustChangePassword", kind: yes, usage: "whether the password must be changed before anything else"}
}

func createUser() command {
	return command{
		use: "create <username>", short: "Create a user",
		long: "Creates a user through the API, as the administrator who has logged in. The new password comes from --password-stdin, --password-file or\n" +
			newPasswordVariable + "; otherwise one is made and told once, on standard error.",
		example: "diom user create lina --role EMPLOYEE --name 李娜\nprintf '%s\\n' \"$PASSWORD\" | diom user create lina --role EMPLOYEE --password-stdin",
		method:  http.MethodPost, path: "/api/v1/users", view: view("", userColumns), run: addUser,
		fields: append([]field{{name: "username", key: "username"}, mustChange()}, userFields()...),
		flags:  func(cmd *cobra.Command) { passwordFlags(cmd, newPasswordVariable) },
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
	password, given, err := NewPassword(in.cmd)
	if err != nil {
		return err
	}
	if !given {
		password = rand.Text()
	}
	body["password"] = password
	a, err := in.ask(ctx, nil, body)
	if err != nil {
		return err
	}
	if !given {
		in.note("the password of %s is %s", in.argument["username"], password)
	}
	return in.show(a)
}

// directory describes the commands for a kind of things that people belong to. word is what names a new one.
type directory struct {
	name, path, columns string
	word                field // the argument of create
	change              []field
	examples            [2]string // the flags of create and of update
}

func (d directory) noun() noun {
	many, one := "/api/v1/"+d.path, "/api/v1/"+d.path+"/{"+d.name+"}"
	return noun{d.name, "Manage " + d.path, []command{
		{
			use: "list", short: "List " + d.path, example: "diom " + d.name + " list",
			method: http.MethodGet, path: many, pages: true, view: view("items", d.columns),
		},
		{
			use: "show <" + d.name + ">", short: "Show a " + d.name, example: "diom " + d.name + " show " + exampleID,
			method: http.MethodGet, path: one, view: view("", d.columns+" createdAt:created"),
		},
		{
			use: "create <" + d.word.name + ">", short: "Create a " + d.name, example: "diom " + d.name + " create " + d.examples[0],
			method: http.MethodPost, path: many, view: view("", d.columns), fields: append([]field{d.word}, d.change...),
		},
		{
			use: "update <" + d.name + ">", short: "Change a " + d.name + "; what is not given stays", example: "diom " + d.name + " update " + exampleID + " " + d.examples[1],
			method: http.MethodPut, path: one, single: true, view: view("", d.columns), fields: d.change,
		},
		{
			use: "delete <" + d.name + ">", short: "Delete a " + d.name, example: "diom " + d.name + " delete " + exampleID,
			method: http.MethodDelete, path: one, single: true,
		},
	}}
}

func named() field { return field{name: "name", key: "name", usage: "the `name` that people see"} }

func roles() noun {
	return directory{
		name: "role", path: "roles", columns: "id code name permissions builtIn:built-in version", word: field{name: "code", key: "code"},
		change: []field{
			named(), {name: "description", key: "description", usage: "`text`: what the role is for"},
			{name: "permission", key: "permissions", kind: texts, usage: "`code` of a permission; may be repeated"},
		},
		examples: [2]string{"REVIEWER --name 复核 --permission WORKFLOW_TASK,WORKFLOW_INSTANCE", "--permission WORKFLOW_TASK"},
	}.noun()
}

func groups() noun {
	return directory{
		name: "group", path: "groups", columns: "id key name version", word: field{name: "key", key: "key"}, change: []field{named()},
		examples: [2]string{"reviewers --name 复核组", "--name 复核"},
	}.noun()
}

func departments() noun {
	return directory{
		name: "department", path: "departments", columns: "id code name parentId:parent head version", word: field{name: "code", key: "code"},
		change: []field{
			named(), {name: "parent", key: "parentId", usage: "`id` of the department above"},
			{name: "head", key: "head", usage: "`username` of who may read what the people of the department start"},
		},
		examples: [2]string{"legal --name 法务部 --head lina", "--head lina"},
	}.noun()
}
