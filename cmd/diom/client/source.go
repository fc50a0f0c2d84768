package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"
)

const sourceColumns = "id source keyId:key types enabled updatedAt:changed"

func sources() noun {
	const one = "/api/v1/event-sources/{source}"
	return noun{"source", "Manage who may send CloudEvents", []command{
		{
			use: "list", short: "List the registered event sources", example: "diom source list",
			method: http.MethodGet, path: "/api/v1/event-sources", pages: true, view: view("items", sourceColumns),
		},
		{
			use: "show <source>", short: "Show an event source with its mappings; its key is not shown", example: "diom source show " + exampleID,
			method: http.MethodGet, path: one, view: []section{
				part("", "", sourceColumns),
				part("mappings", "mappings", "type message businessKey:business-key correlationKeys:correlation variables"),
			},
		},
		{
			use: "add <file>", short: "Register an event source",
			long: "Registers an event source as a file of JSON describes it: source, keyId, types, mappings. Its key comes from --key-file or " + keyVariable + ",\n" +
				"or from the file itself.",
			example: "diom source add examples/order/event-source.json\ndiom source add shop.json --key-file shop.key",
			method:  http.MethodPost, path: "/api/v1/event-sources", view: view("", sourceColumns),
			run: func(ctx context.Context, in *invocation) error { return addWithKey(ctx, in, true) },
			flags: func(cmd *cobra.Command) {
				cmd.Flags().String("key-file", "", "read the key from a `file` (or "+keyVariable+" in the environment)")
			},
		},
		{
			use: "delete <source>", short: "Delete an event source", example: "diom source delete " + exampleID,
			method: http.MethodDelete, path: one, single: true,
		},
	}}
}

// addWithKey sends the file with the key, which may be absent where it is not needed and the file names
// none.
func addWithKey(ctx context.Context, in *invocation, needed bool) error {
	body, err := in.readObject()
	if err != nil {
		return err
	}
	key, err := in.secret("key-file", keyVariable)
	if needed = needed || body["keyId"] != nil; err != nil && needed && body["key"] == nil {
		return err
	}
	if err == nil && needed {
		body["key"] = key
	}
	return in.send(ctx, body)
}

// sendWithSecret sends the file, where the command takes one, and the flags with the secret, which may be in the file, or
// not needed.
func (in *invocation) sendWithSecret(ctx context.Context) error {
	body := map[string]any{}
	var err error
	if in.takes("file") {
		if body, err = in.readObject(); err != nil {
			return err
		}
	}
	if err := fill(in, in.fields, url.Values{}, body); err != nil {
		return err
	}
	secret, err := in.secret("secret-file", secretVariable)
	switch {
	case err == nil:
		body["secret"] = secret
	case in.text("secret-file") != "" || !in.takes("file"):
		return err
	}
	return in.send(ctx, body)
}

// readObject reads the file that the command takes: a JSON object.
func (in *invocation) readObject() (map[string]any, error) {
	raw, err := in.readFile(in.argument["file"])
	if err != nil {
		return nil, err
	}
	var content map[string]json.RawMessage
	if err := json.Unmarshal(raw, &content); err != nil || content == nil {
		return nil, usagef("%s is not a JSON object", in.argument["file"])
	}
	body := make(map[string]any, len(content))
	for name, value := range content {
		body[name] = value
	}
	return body, nil
}

// send sends a body as who has logged in, and shows the answer.
func (in *invocation) send(ctx context.Context, body any) error {
	if err := in.logIn(); err != nil {
		return err
	}
	a, err := in.ask(ctx, nil, body)
	if err != nil {
		return err
	}
	return in.show(a)
}

func deadLetters() noun {
	const letterColumns = "id direction type source eventId:event reason attempts createdAt:created resubmittedAt:resubmitted"
	return noun{"dead-letter", "Look at CloudEvents that nobody could make use of", []command{
		{
			use: "list", short: "List dead letters", example: "diom dead-letter list --direction in",
			method: http.MethodGet, path: "/api/v1/dead-letters", pages: true, view: view("items", letterColumns),
			fields: []field{
				{name: "direction", key: "direction", query: true, usage: "`which`: in or out", values: []string{"in", "out"}},
				{name: "source", key: "source", query: true, usage: "from this `source`"}, {name: "type", key: "type", query: true, usage: "of this `type`"},
				{name: "resubmitted", key: "resubmitted", kind: yes, query: true, usage: "resubmitted ones too"},
			},
		},
		{
			use: "show <letter>", short: "Show a dead letter with its content", example: "diom dead-letter show " + exampleID,
			method: http.MethodGet, path: "/api/v1/dead-letters/{letter}", view: view("", letterColumns+" content"),
		},
		{
			use: "resubmit <letter>", short: "Take or send a dead letter again", example: "diom dead-letter resubmit " + exampleID,
			method: http.MethodPost, path: "/api/v1/dead-letters/{letter}/resubmit", view: view("", letterColumns),
		},
	}}
}

func notifications() noun {
	const columns = "id type title content createdAt:created readAt:read"
	return noun{"notification", "Read your notifications", []command{
		{
			use: "list", short: "List your notifications", example: "diom notification list --unread",
			method: http.MethodGet, path: "/api/v1/notifications", pages: true, view: view("items", columns),
			fields: []field{{name: "unread", key: "unread", kind: yes, query: true, usage: "unread ones alone"}},
		},
		{
			use: "read <notification>", short: "Mark a notification as read", example: "diom notification read " + exampleID,
			method: http.MethodPost, path: "/api/v1/notifications/{notification}/read", view: view("", columns),
		},
		{
			use: "read-all", short: "Mark all notifications as read", example: "diom notification read-all",
			method: http.MethodPost, path: "/api/v1/notifications:read-all", view: view("", "unread"),
		},
	}}
}
