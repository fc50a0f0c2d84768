package notification

import "diom.io/workflow/shared/store"

// The kinds of notifications.
const (
	TaskAssigned      = "task.assigned"      // the person has a task
	TaskOffered       = "task.offered"       // the person may claim a task
	TaskCopied        = store.TaskCopied     // the person was sent a copy of a task
	TaskUrged         = "task.urged"         // the person has a task for which somebody waits
	TaskEscalated     = "task.escalated"     // somebody of the person's people was urged again and again
	Mentioned         = "comment.mentioned"  // a comment mentions the person
	Answered          = "comment.answered"   // a comment answers one of the person's
	InstanceEnded     = "instance.ended"     // what the person started has come to its end
	InstanceCancelled = "instance.cancelled" // what the person started was cancelled
	IncidentRaised    = "incident.raised"    // something failed, to those who operate
	ProcessMessage    = "process.message"    // a process tells the person something in its own words
)

// Digest is what several notifications in one message are. It has words of its own, and is no kind that a
// notification has.
const Digest = "digest"

// Kinds are the kinds of notifications.
var Kinds = []string{
	TaskAssigned, TaskOffered, TaskCopied, TaskUrged, TaskEscalated, Mentioned, Answered, InstanceEnded, InstanceCancelled, IncidentRaised, ProcessMessage,
}

// The languages, the first one where a person has not said which.
const (
	Chinese = "zh"
	English = "en"
)

// Languages are all of them.
var Languages = []string{Chinese, English}

// words are a title and a text with named fields in braces.
type words struct{ title, text string }

// usual are the product's own words, by kind and language.
var usual = map[string]map[string]words{
	TaskAssigned: {
		Chinese: {"您有新的待办任务：{subject}", "{recipient}，您好：\n您有一项新的待办任务“{subject}”，流程：{process}。"},
		English: {"You have a new task: {subject}", "Hello {recipient},\nthe task “{subject}” waits for you (process {process})."},
	},
	TaskOffered: {
		Chinese: {"有任务等待认领：{subject}", "{recipient}，您好：\n任务“{subject}”等待认领，流程：{process}。"},
		English: {"A task can be claimed: {subject}", "Hello {recipient},\nthe task “{subject}” can be claimed (process {process})."},
	},
	TaskCopied: {
		Chinese: {"有任务抄送给您：{subject}", "{recipient}，您好：\n{actor}将任务“{subject}”抄送给您，流程：{process}。\n{text}"},
		English: {"You were sent a copy: {subject}", "Hello {recipient},\n{actor} has sent you a copy of the task “{subject}” (process {process}).\n{text}"},
	},
	TaskUrged: {
		Chinese: {"您的待办任务被催办：{subject}", "{recipient}，您好：\n{actor}催办任务“{subject}”，流程：{process}。\n{text}"},
		English: {"Somebody waits for you: {subject}", "Hello {recipient},\n{actor} waits for the task “{subject}” (process {process}).\n{text}"},
	},
	TaskEscalated: {
		Chinese: {"您下属的任务多次被催办：{subject}", "{recipient}，您好：\n您下属的任务“{subject}”多次被{actor}催办，流程：{process}。\n{text}"},
		English: {"Urged again and again: {subject}", "Hello {recipient},\n{actor} has urged one of your people several times about the task “{subject}” (process {process}).\n{text}"},
	},
	Mentioned: {
		Chinese: {"有人在沟通中提到您：{subject}", "{recipient}，您好：\n{actor}在“{subject}”的沟通中提到您：\n{text}"},
		English: {"You were mentioned: {subject}", "Hello {recipient},\n{actor} mentions you in a comment on “{subject}”:\n{text}"},
	},
	Answered: {
		Chinese: {"有人回复了您的沟通：{subject}", "{recipient}，您好：\n{actor}回复了您在“{subject}”的沟通：\n{text}"},
		English: {"You were answered: {subject}", "Hello {recipient},\n{actor} answers your comment on “{subject}”:\n{text}"},
	},
	InstanceEnded: {
		Chinese: {"您发起的流程已结束：{subject}", "{recipient}，您好：\n您发起的流程“{subject}”已结束。"},
		English: {"What you started has ended: {subject}", "Hello {recipient},\n“{subject}”, which you started, has ended."},
	},
	InstanceCancelled: {
		Chinese: {"您发起的流程已取消：{subject}", "{recipient}，您好：\n您发起的流程“{subject}”已被{actor}取消。原因：{reason}"},
		English: {"What you started was cancelled: {subject}", "Hello {recipient},\n“{subject}”, which you started, was cancelled by {actor}. Reason: {reason}"},
	},
	IncidentRaised: {
		Chinese: {"流程发生异常，请处理：{subject}", "流程“{subject}”发生异常（{code}），请处理。"},
		English: {"Something failed: {subject}", "“{subject}” has an incident ({code}) that somebody has to look at."},
	},
	ProcessMessage: {
		Chinese: {"{title}", "{text}"},
		English: {"{title}", "{text}"},
	},
	Digest: {
		Chinese: {"您有 {count} 条通知", "{recipient}，您好：\n{list}"},
		English: {"You have {count} notifications", "Hello {recipient},\n{list}"},
	},
}
