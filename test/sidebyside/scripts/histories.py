"""Queries of the history: filters, counts and sorting."""

BODY = """<startEvent id="s"/><userTask id="a" name="First" camunda:assignee="kim"/><serviceTask id="job" camunda:asyncBefore="true" camunda:expression="${gone}"/><userTask id="b" name="Second"/><endEvent id="e"/><- s > a > job > b > e ->
<boundaryEvent id="out" attachedToRef="b"><messageEventDefinition messageRef="m"/></boundaryEvent><endEvent id="cancelled"/><- out > cancelled ->"""
MESSAGE = '<message id="m" name="historyM"/>'


def _play(s, key):
    """Four instances: running, failed, ended, cancelled."""
    s.deploy(key, BODY, MESSAGE)
    s.start(key, "running", {"v": 1, "who": "r"}, businessKey=key + "-1")
    s.start(key, "failed", {"v": 2, "who": "f"}, businessKey=key + "-2")
    s.task(instance="failed")
    s.complete()
    s.job(instance="failed")
    for _ in range(3):
        s.post("/job/{job}/execute", {})
    s.start(key, "ended", {"v": 3, "gone": 1}, businessKey=key + "-3")
    s.task(instance="ended")
    s.complete({"late": True})
    s.job(instance="ended")
    s.post("/job/{job}/execute", {})
    s.task(instance="ended")
    s.complete()
    s.start(key, "cancelled", {"v": 4, "gone": 1})
    s.task(instance="cancelled")
    s.complete()
    s.job(instance="cancelled")
    s.post("/job/{job}/execute", {})
    s.post("/message", {"messageName": "historyM", "processInstanceId": "{cancelled}"})
    s.start(key, "deleted", {"v": 5})
    s.delete("/process-instance/{deleted}")


def _ask(s, path, common, queries, fields, sorts):
    for query in queries:
        joined = "&".join(part for part in (common, query) if part)
        s.get(f"{path}/count?{joined}")
        s.get(f"{path}?{joined}", fields=fields)
    for sort in sorts:
        for order in ("asc", "desc"):
            s.get(f"{path}?{common}&sortBy={sort}&sortOrder={order}", ordered=True, fields=fields)
    s.get(f"{path}?{common}&sortBy=nonsense&sortOrder=asc")
    s.get(f"{path}?{common}&sortBy={sorts[0]}")
    s.get(f"{path}?{common}&sortOrder=asc")
    s.get(f"{path}?{common}&sortBy={sorts[0]}&sortOrder=asc&firstResult=1&maxResults=2", ordered=True, fields=fields)
    s.get(f"{path}?{common}&sortBy={sorts[0]}&sortOrder=up")


def processes(s):
    _play(s, "histProcess")
    queries = ["", "finished=true", "unfinished=true", "active=true", "suspended=true", "completed=true", "externallyTerminated=true", "internallyTerminated=true", "processInstanceBusinessKey=histProcess-2", "processInstanceBusinessKeyLike=histProcess-%25",
               "processInstanceBusinessKeyIn=histProcess-1,histProcess-3", "withIncidents=true", "incidentStatus=open", "incidentStatus=resolved", "incidentType=failedJob", "withRootIncidents=true", "variables=v_eq_1", "variables=v_gt_2", "variables=who_like_%25", "variables=v_neq_1",
               "startedAfter=2020-01-01T00:00:00.000%2B0000", "startedBefore=2020-01-01T00:00:00.000%2B0000", "finishedBefore=2099-01-01T00:00:00.000%2B0000", "finishedAfter=2099-01-01T00:00:00.000%2B0000", "executedActivityIdIn=b", "activeActivityIdIn=a", "activeActivityIdIn=job", "executedJobAfter=2020-01-01T00:00:00.000%2B0000",
               "startedBy=nobody", "processInstanceId={ended}", "processInstanceIds={ended},{running}", "processDefinitionNameLike=%25", "rootProcessInstances=true", "processInstanceIdNotIn={ended}", "processDefinitionKeyIn=histProcess", "processDefinitionKeyNotIn=histProcess", "withoutTenantId=true", "tenantIdIn=t", "superProcessInstanceId={ended}",
               "startedBefore=soon", "incidentMessageLike=%25gone%25"]
    _ask(s, "/history/process-instance", "processDefinitionKey=histProcess", queries, {"businessKey", "state", "deleteReason", "endTime", "startActivityId", "processDefinitionVersion", "superProcessInstanceId"}, ["businessKey", "startTime", "endTime"])
    s.post("/history/process-instance/count", {"processDefinitionKey": "histProcess", "variables": [{"name": "v", "operator": "gteq", "value": 2}]})
    s.post("/history/process-instance/count", {"processDefinitionKey": "histProcess", "orQueries": [{"finished": True, "processInstanceBusinessKey": "histProcess-1"}]})
    s.post("/history/process-instance", {"processDefinitionKey": "histProcess", "sorting": [{"sortBy": "startTime", "sortOrder": "desc"}]}, ordered=True, fields={"businessKey", "state"})
    s.get("/history/process-instance/nothing")
    s.delete("/history/process-instance/{running}")
    s.delete("/history/process-instance/{ended}")
    s.get("/history/process-instance/{ended}")
    s.get("/history/activity-instance/count?processInstanceId={ended}")
    s.delete("/history/process-instance/{ended}")
    s.delete("/history/process-instance/nothing?failIfNotExists=false")


def activities(s):
    _play(s, "histActivity")
    queries = ["", "finished=true", "unfinished=true", "canceled=true", "completeScope=true", "activityId=a", "activityName=First", "activityNameLike=F%25", "activityType=userTask", "activityType=startEvent", "taskAssignee=kim", "activityIdIn=a,b", "processInstanceId={ended}", "activityId=none",
               "startedAfter=2020-01-01T00:00:00.000%2B0000", "finishedBefore=2020-01-01T00:00:00.000%2B0000", "withoutTenantId=true", "activityType=none"]
    _ask(s, "/history/activity-instance", "processDefinitionId={histActivity}", queries, {"activityId", "activityName", "activityType", "assignee", "canceled", "completeScope", "endTime"}, ["activityId", "activityName", "activityType"])
    s.get("/history/activity-instance/nothing")


def tasks(s):
    _play(s, "histTask")
    queries = ["", "finished=true", "unfinished=true", "processFinished=true", "processUnfinished=true", "taskName=First", "taskNameLike=F%25", "taskAssignee=kim", "taskAssigned=true", "taskUnassigned=true", "taskDefinitionKey=b", "taskDefinitionKeyIn=a,b", "taskDeleteReason=completed", "taskDeleteReasonLike=dele%25", "taskOwner=none",
               "taskPriority=50", "processVariables=v_eq_3", "processInstanceBusinessKey=histTask-3", "activityInstanceIdIn=none", "taskHadCandidateUser=kim", "taskInvolvedUser=kim", "withoutTaskDueDate=true", "taskDueDateBefore=2020-01-01T00:00:00.000%2B0000", "taskDescription=none", "processInstanceId={ended}", "startedAfter=2020-01-01T00:00:00.000%2B0000", "finishedAfter=2020-01-01T00:00:00.000%2B0000",
               "taskDeleteReason=deleted"]
    _ask(s, "/history/task", "processDefinitionKey=histTask", queries, {"taskDefinitionKey", "name", "assignee", "deleteReason", "endTime", "priority", "owner", "description", "due", "followUp"}, ["taskName", "startTime"])


def variables(s):
    _play(s, "histVariable")
    queries = ["", "variableName=v", "variableNameLike=%25o%25", "variableName=v&variableValue=3", "variableTypeIn=Integer", "variableTypeIn=string,boolean", "includeDeleted=true", "processInstanceId={ended}", "processInstanceIdIn={ended},{running}", "variableNameIn=v,who", "activityInstanceIdIn={ended}", "executionIdIn={ended}", "taskIdIn=none", "variableValue=3"]
    _ask(s, "/history/variable-instance", "processDefinitionKey=histVariable&deserializeValues=false", queries, {"name", "type", "value", "state", "errorMessage"}, ["variableName"])
    s.get("/history/variable-instance/nothing")
    s.post("/history/variable-instance/count", {"processDefinitionKey": "histVariable", "variableName": "v", "variableValue": 3})
    s.get("/history/detail/count?processInstanceId={ended}")
    s.get("/history/detail?processInstanceId={ended}&variableUpdates=true", fields={"variableName", "type", "value", "revision", "initial"})


def incidents(s):
    _play(s, "histIncident")
    queries = ["", "open=true", "resolved=true", "deleted=true", "incidentType=failedJob", "incidentType=none", "activityId=job", "failedActivityId=job", "processInstanceId={failed}", "incidentMessageLike=%25", "createTimeAfter=2020-01-01T00:00:00.000%2B0000"]
    fields = {"incidentType", "activityId", "failedActivityId", "open", "deleted", "resolved", "processDefinitionKey"}
    _ask(s, "/history/incident", "processDefinitionId={histIncident}", queries, fields, ["incidentType", "createTime"])
    s.get("/incident?processInstanceId={failed}", keep={"i": "0/id"}, fields={"incidentType", "activityId", "failedActivityId", "incidentMessage", "annotation"})
    s.get("/incident/{i}", fields={"incidentType", "activityId", "failedActivityId"})
    s.get("/incident/nothing")
    s.get("/incident/count?processDefinitionId={histIncident}")
    s.get("/incident/count?incidentType=failedJob&processInstanceId={failed}")
    s.delete("/incident/{i}")
    s.delete("/incident/nothing")
    s.delete("/process-instance/{failed}")
    s.get("/history/incident?processInstanceId={failed}", fields=fields)


def job_logs(s):
    _play(s, "histJob")
    queries = ["", "creationLog=true", "failureLog=true", "successLog=true", "deletionLog=true", "activityIdIn=job", "activityIdIn=none", "failedActivityIdIn=job", "processInstanceId={failed}", "jobPriorityLowerThanOrEquals=0", "jobExceptionMessage=none", "processInstanceId={ended}", "processInstanceId={cancelled}"]
    fields = {"activityId", "failedActivityId", "jobRetries", "jobPriority", "creationLog", "failureLog", "successLog", "deletionLog", "jobDefinitionType", "jobDefinitionConfiguration", "processDefinitionKey"}
    _ask(s, "/history/job-log", "processDefinitionId={histJob}", queries, fields, ["jobRetries"])
    s.get("/history/job-log?processInstanceId={failed}&failureLog=true", keep={"l": "0/id"}, fields=fields)
    s.get("/history/job-log/{l}", fields=fields)
    s.get("/history/job-log/{l}/stacktrace", silent=True)
    s.get("/history/job-log/nothing")
