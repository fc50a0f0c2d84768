package main

import (
	advancetoken "diom.io/workflow/functions/advance-token"
	backup "diom.io/workflow/functions/backup"
	completetask "diom.io/workflow/functions/complete-task"
	definitions "diom.io/workflow/functions/definitions"
	designs "diom.io/workflow/functions/designs"
	gateway "diom.io/workflow/functions/gateway"
	instances "diom.io/workflow/functions/instances"
	jobs "diom.io/workflow/functions/jobs"
	login "diom.io/workflow/functions/login"
	notify "diom.io/workflow/functions/notify"
	receiveevent "diom.io/workflow/functions/receive-event"
	startprocess "diom.io/workflow/functions/start-process"
	tasks "diom.io/workflow/functions/tasks"
	tick "diom.io/workflow/functions/tick"
	users "diom.io/workflow/functions/users"
	"diom.io/workflow/shared/faas"
)

// functions is the only list of the functions.
var functions = []faas.Function{
	gateway.Function,
	login.Function,
	users.Function,
	definitions.Function,
	designs.Function,
	startprocess.Function,
	tasks.Function,
	completetask.Function,
	instances.Function,
	jobs.Function,
	advancetoken.Function,
	receiveevent.Function,
	notify.Function,
	tick.Function,
	backup.Function,
}
