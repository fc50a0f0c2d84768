package notification

import "diom.io/workflow/shared/store"

// The types of notifications.
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

// titles are what people read, in the language of the demo's people. What a notification is about stands
// behind it: the name of the task, or of the process with its business key.
var titles = map[string]string{
	TaskAssigned:      "您有新的待办任务",
	TaskOffered:       "有任务等待认领",
	TaskCopied:        "有任务抄送给您",
	TaskUrged:         "您的待办任务被催办",
	TaskEscalated:     "您下属的任务多次被催办",
	Mentioned:         "有人在沟通中提到您",
	Answered:          "有人回复了您的沟通",
	InstanceEnded:     "您发起的流程已结束",
	InstanceCancelled: "您发起的流程已取消",
	IncidentRaised:    "流程发生异常，请处理",
}

func title(kind, subject string) string { return titles[kind] + "：" + subject }

func processTitle(kind, process, businessKey string) string {
	if businessKey != "" {
		process += "（" + businessKey + "）"
	}
	return title(kind, process)
}
