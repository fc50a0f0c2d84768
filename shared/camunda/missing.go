package camunda

import (
	"net/http"
	"strings"
)

// Missing is a part of Camunda's REST API that is answered with 501.
type Missing struct {
	// Path is the part's beginning, with {} for an id; Methods are empty for all of them.
	Path    string
	Methods string
	What    string
}

// Absent lists what is not implemented; docs/camunda7.md has the same list.
var Absent = []Missing{
	{"/authorization", "", "Authorizations: rights come from the roles of the product"},
	{"/case-definition", "", "CMMN"}, {"/case-execution", "", "CMMN"}, {"/case-instance", "", "CMMN"},
	{"/decision-definition/{}/history-time-to-live", "", "Changes of historyTimeToLive"}, {"/decision-definition/{}/diagram", "", "Diagrams as pictures"},
	{"/decision-requirements-definition", "", "Decisions"},
	{"/filter", "", "Saved filters"},
	{"/group", "", "Groups: see /api/v1/groups"}, {"/user", "", "Users: see /api/v1/users"}, {"/tenant", "", "Tenants"}, {"/identity", "", "Identity"},
	{"/job/suspended", "", "Suspension of jobs: see that of their instances"}, {"/job/{}/suspended", "", "Suspension of jobs: see that of their instances"},
	{"/job/{}", http.MethodDelete, "Deletion of jobs"},
	{"/job-definition/suspended", "", "Suspension of job definitions"}, {"/job-definition/{}/suspended", "", "Suspension of job definitions"},
	{"/job-definition/{}/retries", "", "Retries of job definitions"}, {"/job-definition/{}/jobPriority", "", "Priorities of job definitions"},
	{"/metrics", "", "Metrics: see /metrics of each function"}, {"/telemetry", "", "Telemetry"}, {"/schema", "", "The database schema"},
	{"/process-definition/{}/diagram", "", "Diagrams as pictures"}, {"/process-definition/key/{}/diagram", "", "Diagrams as pictures"},
	{"/process-definition/{}/rendered-form", "", "Rendered forms"}, {"/process-definition/key/{}/rendered-form", "", "Rendered forms"},
	{"/process-definition/{}/history-time-to-live", "", "Changes of historyTimeToLive"}, {"/process-definition/key/{}/history-time-to-live", "", "Changes of historyTimeToLive"},
	{"/process-definition/{}/static-called-process-definitions", "", "Called definitions"},
	{"/execution/{}/create-incident", "", "Incidents of a caller's own"}, {"/incident/{}/annotation", "", "Annotations"},
	{"/task/{}/rendered-form", "", "Rendered forms"}, {"/task/create", "", "Tasks without a process"},
	{"/task/report", "", "Reports"},
	{"/history/cleanup", "", "History clean-up by hand"}, {"/history/decision-requirements-definition", "", "Decisions"},
	{"/history/identity-link-log", "", "The log of identity links"}, {"/history/process-definition", "", "Statistics of the history"},
	{"/history/user-operation", "", "The log of operations: see /api/v1/audit"}, {"/history/case-instance", "", "CMMN"}, {"/history/case-activity-instance", "", "CMMN"}, {"/history/case-definition", "", "CMMN"},
	{"/history/process-instance/report", "", "Reports"}, {"/history/task/report", "", "Reports"},
}

// Nothing is the failure at a path that no route serves: 501 where Camunda has it, else 404.
func Nothing(method, path string) error {
	path = strings.TrimPrefix(path, Root)
	for _, m := range Absent {
		if (m.Methods == "" || m.Methods == method) && covers(m.Path, path) {
			return NotImplemented(m.What + " (" + method + " " + Root + path + ")")
		}
	}
	return &Error{Status: http.StatusNotFound, Type: "NotFoundException", Message: "HTTP 404 Not Found"}
}

// covers reports whether a path begins with the parts of another.
func covers(pattern, path string) bool {
	wanted, given := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(given) < len(wanted) {
		return false
	}
	for i, part := range wanted {
		if part != "{}" && part != given[i] {
			return false
		}
	}
	return true
}
