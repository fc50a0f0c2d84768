"""Queries whose conditions are joined by or."""

BODY = """<startEvent id="s"/><parallelGateway id="f"/><userTask id="one" name="First" camunda:assignee="kim" camunda:candidateGroups="g1"/>
<userTask id="two" name="Second" camunda:candidateUsers="lee" camunda:priority="70"/><userTask id="three" name="Third" camunda:assignee="lee"/><- s > f > one, f > two, f > three ->"""


def _tasks(s, *ors, **conditions):
    body = {"processInstanceId": "{pi}", "orQueries": list(ors), "sorting": [{"sortBy": "name", "sortOrder": "asc"}], **conditions}
    s.post("/task", body, fields={"name"})
    s.post("/task/count", body)


def tasks(s):
    s.deploy("ors", BODY)
    s.start("ors", "pi", {"n": 1, "t": "x"}, "ors-key")
    _tasks(s, {"assignee": "kim", "name": "Second"})
    _tasks(s, {"assignee": "kim", "name": "Second"}, {"priority": 70, "taskDefinitionKey": "three"})
    _tasks(s, {"assignee": "kim", "name": "Second"}, assigned=True)
    _tasks(s, {"candidateUser": "lee", "assignee": "lee"})
    _tasks(s, {"candidateGroup": "g1", "includeAssignedTasks": True, "name": "Third"})
    _tasks(s, {"candidateGroup": "g1", "name": "Third"})
    _tasks(s, {"processVariables": [{"name": "n", "operator": "eq", "value": 2}, {"name": "t", "operator": "eq", "value": "x"}]})
    _tasks(s, {"processVariables": [{"name": "n", "operator": "eq", "value": 2}], "name": "First"})
    _tasks(s, {"assigned": False, "name": "none"})
    _tasks(s, {"unassigned": True, "name": "First"})
    _tasks(s, {})
    _tasks(s, {"name": "First", "sorting": [{"sortBy": "name", "sortOrder": "desc"}], "orQueries": [{"name": "Second"}]})
    _tasks(s, {"processInstanceBusinessKey": "ors-key", "name": "none"})
    s.post("/task", {"orQueries": {}})
    s.post("/task", {"orQueries": ["x"]})
    s.post("/task", {"assigneeExpression": "${currentUser()}"})
    s.post("/task/count", {"candidateGroupsExpression": "${currentUserGroups()}"})
    s.post("/task/count", {"orQueries": [{"dueBeforeExpression": "${now()}"}]})


def instances(s):
    s.deploy("ors", BODY)
    s.start("ors", "one", {"n": 1}, "ors-1")
    s.start("ors", "two", {"n": 2}, "ors-2")
    for path, key in (("/process-instance", "businessKey"), ("/history/process-instance", "processInstanceBusinessKey")):
        for condition in ({key: "ors-1", "variables": [{"name": "n", "operator": "eq", "value": 2}]}, {key: "ors-1", "suspended": True}, {"variables": [{"name": "n", "operator": "gt", "value": 5}, {"name": "n", "operator": "eq", "value": 1}]}):
            s.post(path + "/count", {"processInstanceIds": ["{one}", "{two}"], "orQueries": [condition]})


def past(s):
    s.deploy("ors", BODY)
    s.start("ors", "pi", {"n": 1}, "ors-key")
    s.get("/task?processInstanceId={pi}&name=Third", keep={"task": "0/id"}, fields={"name"})
    s.post("/task/{task}/complete", {})
    for condition in ({"taskAssignee": "kim", "finished": True}, {"taskName": "Second", "taskPriority": 50}, {"processVariables": [{"name": "n", "operator": "eq", "value": 1}], "taskName": "none"}, {"taskCandidateUser": "lee", "taskAssigneeLike": "k%"}):
        s.post("/history/task", {"processInstanceId": "{pi}", "orQueries": [condition], "sorting": [{"sortBy": "taskName", "sortOrder": "asc"}]}, fields={"name"})
