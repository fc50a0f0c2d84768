package client

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"
)

const (
	channelColumns  = "id name kind host types enabled version updatedAt:changed"
	webhookColumns  = "id name host types processKeys:processes enabled retiresAt:old-secret-until version updatedAt:changed"
	deliveryColumns = "id channelId:channel username type state attempts status reason dueAt:due createdAt:created endedAt:ended"
	// secretVariable holds the secret of a channel or a webhook.
	secretVariable = "DIOM_HOOK_SECRET"
)

// outward describes the commands for what the product calls: its columns, and what a change takes besides.
func outward(name, many, columns string, change []field) []command {
	all := "/api/v1/" + many
	one := all + "/{" + name + "}"
	return []command{
		{
			use: "list", short: "List the " + many, example: "diom " + name + " list",
			method: http.MethodGet, path: all, pages: true, view: view("items", columns),
		},
		{
			use: "show <" + name + ">", short: "Show a " + name + "; its URL and its secret are not shown", example: "diom " + name + " show " + exampleID,
			method: http.MethodGet, path: one, view: view("", columns),
		},
		{
			use: "add <file>", short: "Make a " + name,
			long: "Makes a " + name + " as a file of JSON describes it (docs/notifications.md). Its secret comes from --secret-file or " + secretVariable + ",\n" +
				"or from the file itself.",
			example: "diom " + name + " add " + name + ".json --secret-file " + name + ".secret",
			method:  http.MethodPost, path: all, view: view("", columns),
			run:   func(ctx context.Context, in *invocation) error { return in.sendWithSecret(ctx) },
			flags: secretFlag,
		},
		{
			use: "update <" + name + ">", short: "Change a " + name + "; what is not given stays", example: "diom " + name + " update " + exampleID + " --enabled=false",
			method: http.MethodPut, path: one, single: true, view: view("", columns),
			fields: append([]field{
				{name: "name", key: "name", usage: "the `name` that administrators see"},
				{name: "type", key: "types", kind: texts, usage: "what it is told of: a `type`; may be repeated"},
				{name: "enabled", key: "enabled", kind: yes, usage: "whether it is told anything: --enabled=false"},
			}, change...),
		},
		{
			use: "delete <" + name + ">", short: "Delete a " + name, example: "diom " + name + " delete " + exampleID,
			method: http.MethodDelete, path: one, single: true,
		},
	}
}

func secretFlag(cmd *cobra.Command) {
	cmd.Flags().String("secret-file", "", "read the secret from a `file` (or "+secretVariable+" in the environment)")
}

func channels() noun {
	return noun{"channel", "Manage how notifications leave the product", append(outward("channel", "channels", channelColumns, nil), command{
		use: "test <channel>", short: "Send a test message by a channel", example: "diom channel test " + exampleID + " --to lina@example.org",
		method: http.MethodPost, path: "/api/v1/channels/{channel}/test", view: view("", "delivered status answer reason"),
		fields: []field{{name: "to", key: "to", usage: "mail `address` of who gets it, for a channel of mails"}},
	})}
}

func webhooks() noun {
	const one = "/api/v1/webhooks/{webhook}"
	processes := []field{{name: "process", key: "processKeys", kind: texts, usage: "of the process with this `key` alone; may be repeated"}}
	return noun{"webhook", "Manage which systems are told of events", append(outward("webhook", "webhooks", webhookColumns, processes), []command{
		{
			use: "test <webhook>", short: "Send an example of an event to a webhook", example: "diom webhook test " + exampleID,
			method: http.MethodPost, path: one + "/test", view: view("", "delivered status answer reason"),
		},
		{
			use: "rotate <webhook>", short: "Give a webhook another secret; the one before signs for a while, too",
			long:    "Gives a webhook the secret of --secret-file or " + secretVariable + ".",
			example: "diom webhook rotate " + exampleID + " --secret-file new.secret --hours 24",
			method:  http.MethodPut, path: one + "/secret", single: true, view: view("", webhookColumns),
			fields: []field{{name: "hours", key: "hours", kind: number, usage: "for so many `hours` the one before signs, too; 0 ends it at once"}},
			run:    func(ctx context.Context, in *invocation) error { return in.sendWithSecret(ctx) },
			flags:  secretFlag,
		},
		{
			use: "replay <webhook>", short: "Deliver again to a webhook what was given up, or sent", example: "diom webhook replay " + exampleID + " --since 2026-11-01T00:00:00Z",
			method: http.MethodPost, path: one + "/replay", view: view("", "count"),
			fields: []field{
				{name: "state", key: "state", usage: "`which`: failed or sent", values: []string{"failed", "sent"}},
				{name: "since", key: "since", usage: "made since this `time` (RFC 3339)"},
			},
		},
	}...)}
}

func deliveries() noun {
	return noun{"delivery", "Look at what channels and webhooks were sent", []command{
		{
			use: "list", short: "List deliveries, the newest first", example: "diom delivery list --state failed",
			method: http.MethodGet, path: "/api/v1/deliveries", pages: true, view: view("items", deliveryColumns),
			fields: []field{
				{name: "state", key: "state", query: true, usage: "in this `state`, such as waiting, sent or failed"}, {name: "channel", key: "channel", query: true, usage: "by the channel or webhook with this `id`"},
				{name: "username", key: "username", query: true, usage: "to this `username`"}, {name: "type", key: "type", query: true, usage: "of this `type`"},
			},
		},
		{
			use: "resend <delivery>", short: "Deliver again", example: "diom delivery resend " + exampleID,
			method: http.MethodPost, path: "/api/v1/deliveries/{delivery}/resend", view: view("", deliveryColumns),
		},
	}}
}
