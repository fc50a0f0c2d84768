package client

import "net/http"

// approvals are the commands of those who decide, and of those who wait for a decision.
func approvals() []command {
	people := field{name: "usernames", key: "userIds", kind: texts}
	vote := func(name, outcome, short, example string) command {
		c := onTask(name, "", short, exampleID+example, variable(), comment())
		c.path, c.set = "/api/v1/tasks/{task}/complete", map[string]any{"outcome": outcome}
		return c
	}
	mode := field{name: "mode", key: "mode", usage: "`when` they sign: before, after or parallel to you; required", values: []string{"before", "after", "parallel"}}
	return []command{
		vote("approve", "approve", "Approve: the task is completed with the outcome approve", " --comment 同意"),
		vote("reject", "reject", "Reject: the task is completed with the outcome reject", " --comment 缺少附件"),
		vote("abstain", "abstain", "Abstain: the task is completed with the outcome abstain", ""),
		onTask("return", " <to>", "Send a task back to starter, previous, or a node that was passed", exampleID+" starter --comment 请补充",
			field{name: "to", key: "to"}, field{name: "straight-back", key: "straightBack", kind: yes, usage: "it comes straight back here once it is done there"},
			field{name: "across", key: "across", usage: "`cancel` ends what is on other branches; else such a return is refused", values: []string{"cancel"}},
			field{name: "compensate", key: "compensate", kind: yes, usage: "what was completed since then is undone first, by the handlers of the activities"},
			field{name: "keep", key: "keep", kind: yes, usage: "the same signers are asked again afterwards"}, comment()),
		onTask("withdraw", "", "Take back what you have just decided, while nobody has acted on it", exampleID, comment()),
		onTask("add-signers", " <usernames>", "Let others sign, too (names with commas)", exampleID+" lina,zhaolei --mode after", people, mode, comment()),
		onTask("remove-signers", " <usernames>", "Take signers away who have not voted (names with commas)", exampleID+" lina", people, comment()),
		onTask("copy", " <usernames>", "Send people a copy of a task (names with commas)", exampleID+" lina,sunqi --comment 请知悉", people, comment()),
		onTask("urge", "", "Tell those who have a task that it is waited for", exampleID+" --comment 很急", comment()),
		{
			use: "comments <task>", short: "Read what is said about a task", example: "diom task comments " + exampleID,
			method: http.MethodGet, path: "/api/v1/tasks/{task}/comments", view: view("items", "createdAt:at author text mentions parentId:answers id"),
		},
		{
			use: "say <task> <text>", short: "Say something about a task", example: "diom task say " + exampleID + " 附件已补 --mention lina",
			method: http.MethodPost, path: "/api/v1/tasks/{task}/comments", view: view("", "id author text mentions createdAt:at"),
			fields: []field{
				{name: "text", key: "text"}, {name: "answer", key: "parentId", usage: "to the comment with this `id`"},
				{name: "mention", key: "mentions", kind: texts, usage: "`username` of who is to be told; may be repeated"},
			},
		},
	}
}
