package client

import "net/http"

const (
	holdColumns    = "id instanceId:instance businessKey:business-key processKey:process username reason placedBy:by placedAt:placed liftedBy:lifted-by liftedAt:lifted"
	erasureColumns = "userId:id username pseudonym askedBy:by askedAt:asked changed waiting endedAt:ended"
)

func holds() noun {
	const all = "/api/v1/holds"
	held := func(query bool) []field {
		return []field{
			{name: "instance", key: "instanceId", query: query, usage: "the instance with this `id`, and all that it calls and that calls it"},
			{name: "business-key", key: "businessKey", query: query, usage: "all that have this `key`"},
			{name: "process", key: "processKey", query: query, usage: "all of the process with this `key`"},
			{name: "username", key: "username", query: query, usage: "all that the person with this `username` has started"},
		}
	}
	return noun{"hold", "Keep instances from being deleted: legal holds", []command{
		{
			use: "list", short: "List holds, lifted ones too", example: "diom hold list --state open",
			method: http.MethodGet, path: all, pages: true, view: view("items", holdColumns),
			fields: append(held(true), field{name: "state", key: "state", query: true, usage: "in this `state`: open or lifted", values: []string{"open", "lifted"}}),
		},
		{
			use: "place", short: "Hold what one of the flags names until the hold is lifted",
			long:    "Keeps instances, those that come later too, from being deleted by anybody and by anything until the hold is lifted. Those that run go on.",
			example: "diom hold place --instance " + exampleID + " --reason 'case 2026-114'\ndiom hold place --username lina --reason 'case 2026-114'",
			method:  http.MethodPost, path: all, view: view("", holdColumns), fields: append(held(false), reason("why it is held, as a `text`")),
		},
		{
			use: "lift <hold>", short: "Lift a hold; it stays in the list", example: "diom hold lift " + exampleID,
			method: http.MethodPost, path: all + "/{hold}/lift", single: true, view: view("", holdColumns),
		},
	}}
}

// erasures are the commands that take a person's data out of the database.
func erasures() []command {
	return []command{
		{
			use: "erase <user>", short: "Erase the data of a person whose account is disabled; it cannot be undone",
			long: "Takes name, mail and all that is the person's alone out of the account at once, and name and mail out of what has ended from then on; a pseudonym stands there.\n" +
				"The username stays where it says who did what. --confirm is that username: there is no way back.",
			example: "diom user erase " + exampleID + " --confirm lina --reason 'asked on 2026-11-30'",
			method:  http.MethodPost, path: "/api/v1/users/{user}/erase", single: true, view: view("", erasureColumns),
			fields: []field{{name: "confirm", key: "confirm", usage: "the `username` of the account once more"}, reason("why it is erased, as a `text`")},
		},
		{
			use: "erasures", short: "List whose data were erased, and how far that is", example: "diom user erasures",
			method: http.MethodGet, path: "/api/v1/erasures", pages: true, view: view("items", erasureColumns+" reason"),
		},
	}
}

func reason(usage string) field { return field{name: "reason", key: "reason", usage: usage} }
