"""What workers of external tasks do."""
from play import typed

WORK = """<startEvent id="s"/><serviceTask id="work" camunda:type="external" camunda:topic="{0}"{1}>{2}</serviceTask><userTask id="after"/><endEvent id="e"/><- s > work > after > e ->"""
SHOWN = {"activityId", "errorMessage", "priority", "retries", "suspended", "topicName", "workerId", "lockExpirationTime", "variables", "businessKey", "extensionProperties"}


def _fetch(s, topic, **more):
    s.post("/external-task/fetchAndLock", {"workerId": "w", "maxTasks": 5, "usePriority": True, "topics": [{"topicName": topic, "lockDuration": 60000} | more]},
           keep={"x": "0/id"}, fields=SHOWN, ordered=True)


def failures(s):
    s.deploy("extFail", WORK.format("extFail", "", ""))
    s.start("extFail", "pi", {"v": 1})
    _fetch(s, "extFail", variables=["v"])
    s.post("/external-task/{x}/failure", {"workerId": "other", "errorMessage": "m", "retries": 1, "retryTimeout": 0})
    s.post("/external-task/{x}/failure", {"workerId": "w", "errorMessage": "m", "retries": -1, "retryTimeout": 0})
    s.post("/external-task/{x}/failure", {"workerId": "w", "errorMessage": "m", "retries": 1, "retryTimeout": -5})
    s.post("/external-task/{x}/failure", {"workerId": "w", "errorMessage": "m1", "errorDetails": "long text", "retries": 2, "retryTimeout": 0, "variables": typed({"f": 1}), "localVariables": typed({"fl": 2})})
    s.get("/external-task/{x}", fields=SHOWN)
    s.get("/external-task/{x}/errorDetails")
    s.state()
    _fetch(s, "extFail")
    s.post("/external-task/{x}/failure", {"workerId": "w", "errorMessage": "m2", "retries": 0, "retryTimeout": 0})
    s.get("/external-task/{x}", fields=SHOWN)
    _fetch(s, "extFail")
    s.state()
    s.get("/external-task?processInstanceId={pi}&noRetriesLeft=true", keep={"x": "0/id"}, fields={"activityId", "retries"})
    s.put("/external-task/{x}/retries", {"retries": -1})
    s.put("/external-task/{x}/retries", {"retries": 3})
    s.put("/external-task/nothing/retries", {"retries": 3})
    s.state()
    _fetch(s, "extFail")
    s.post("/external-task/{x}/complete", {"workerId": "other"})
    s.post("/external-task/{x}/complete", {})
    s.post("/external-task/nothing/complete", {"workerId": "w"})
    s.post("/external-task/{x}/complete", {"workerId": "w", "variables": typed({"done": True}), "localVariables": typed({"here": 1})})
    s.post("/external-task/{x}/complete", {"workerId": "w"})
    s.state()
    s.get("/history/external-task-log?processInstanceId={pi}", fields={"activityId", "retries", "errorMessage", "creationLog", "failureLog", "successLog", "deletionLog", "workerId", "priority"})


def locks(s):
    s.deploy("extLock", WORK.format("extLock", "", ""))
    s.start("extLock")
    s.get("/external-task?processInstanceId={pi}", keep={"x": "0/id"}, fields=SHOWN)
    s.post("/external-task/{x}/lock", {"workerId": "w", "lockDuration": 60000})
    s.post("/external-task/{x}/lock", {"workerId": "v", "lockDuration": 60000})
    s.post("/external-task/{x}/lock", {"workerId": "w", "lockDuration": 60000})
    s.post("/external-task/{x}/lock", {"lockDuration": 60000})
    s.post("/external-task/{x}/lock", {"workerId": "w", "lockDuration": 0})
    s.post("/external-task/{x}/extendLock", {"workerId": "v", "newDuration": 60000})
    s.post("/external-task/{x}/extendLock", {"workerId": "w", "newDuration": -1})
    s.post("/external-task/{x}/extendLock", {"workerId": "w", "newDuration": 60000})
    s.get("/external-task/count?locked=true&processInstanceId={pi}")
    s.get("/external-task/count?workerId=w&processInstanceId={pi}")
    s.post("/external-task/{x}/unlock", {})
    s.get("/external-task/count?notLocked=true&processInstanceId={pi}")
    s.post("/external-task/{x}/unlock", {})
    s.post("/external-task/{x}/extendLock", {"workerId": "w", "newDuration": 60000})
    s.post("/external-task/{x}/complete", {"workerId": "w"})
    s.post("/external-task/nothing/unlock", {})
    s.put("/external-task/{x}/priority", {"priority": 12})
    s.get("/external-task/{x}", fields=SHOWN)
    s.put("/external-task/nothing/priority", {"priority": 12})
    s.get("/external-task/nothing")
    s.get("/external-task/{x}/errorDetails")
    s.post("/external-task/fetchAndLock", {"workerId": "w", "topics": [{"topicName": "extLock", "lockDuration": 60000}]})
    s.post("/external-task/fetchAndLock", {"maxTasks": 1, "topics": [{"topicName": "extLock", "lockDuration": 60000}]})
    s.post("/external-task/fetchAndLock", {"workerId": "w", "maxTasks": 1, "topics": [{"topicName": "extLock"}]})
    s.post("/external-task/fetchAndLock", {"workerId": "w", "maxTasks": 1, "topics": [{"topicName": "extLock", "lockDuration": -5}]})
    s.post("/external-task/fetchAndLock", {"workerId": "w", "maxTasks": 1})
    s.put("/external-task/retries", {"retries": 5, "externalTaskIds": ["{x}"]})
    s.get("/external-task/{x}", fields=SHOWN)


def priorities(s):
    s.deploy("extPriority", WORK.format("extPriority", ' camunda:taskPriority="${p}"', '<extensionElements><camunda:properties><camunda:property name="k" value="v"/></camunda:properties></extensionElements>'))
    for n, p in enumerate([3, 9, 6]):
        s.start("extPriority", f"pi{n}", {"p": p}, businessKey=f"b{n}")
    s.post("/process-definition/key/extPriority/start", {"variables": typed({"p": "high"})})
    s.post("/process-definition/key/extPriority/start", {})
    _fetch(s, "extPriority", variables=["p"], includeExtensionProperties=True)
    s.get("/external-task?topicName=extPriority&sortBy=taskPriority&sortOrder=asc", ordered=True, fields={"priority"})
    s.get("/external-task/count?topicName=extPriority&priorityHigherThanOrEquals=6")
    s.get("/external-task/count?topicName=extPriority&priorityLowerThanOrEquals=3")


def topics(s):
    """What narrows a topic."""
    s.deploy("extTopic", WORK.format("extTopic", "", ""))
    s.start("extTopic", "one", {"a": 1}, businessKey="b1")
    s.start("extTopic", "two", {"a": 2}, businessKey="b2")
    for more in ({"businessKey": "b2"}, {"processVariables": {"a": 1}}, {"processDefinitionKey": "other"}, {"processDefinitionId": "{extTopic}", "businessKey": "b1"}, {"withoutTenantId": True},
                 {"processDefinitionKeyIn": ["extTopic"]}, {"localVariables": True}, {"deserializeValues": True, "variables": []}, {"tenantIdIn": ["t"]}, {"processDefinitionVersionTag": "none"}):
        _fetch(s, "extTopic", **more)
        for n in ("one", "two"):
            s.get(f"/external-task?processInstanceId={{{n}}}", keep={"y": "0/id"}, fields={"workerId"})
            s.post("/external-task/{y}/unlock", {})


ERRORS = """<startEvent id="s"/><subProcess id="sub"><startEvent id="ss"/><serviceTask id="work" camunda:type="external" camunda:topic="{0}"/><endEvent id="se"/><- ss > work > se -></subProcess>
<boundaryEvent id="one" attachedToRef="sub"><errorEventDefinition errorRef="E1" camunda:errorCodeVariable="code" camunda:errorMessageVariable="words"/></boundaryEvent>
<boundaryEvent id="esc" attachedToRef="sub" cancelActivity="false"><escalationEventDefinition escalationRef="C1" camunda:escalationCodeVariable="code"/></boundaryEvent>
<userTask id="after"/><userTask id="caught"/><userTask id="escalated"/><endEvent id="e"/><- s > sub > after > e, one > caught > e, esc > escalated > e ->"""
ROOTS = '<error id="E1" errorCode="E1"/><escalation id="C1" escalationCode="C1"/>'


def errors(s):
    s.deploy("extError", ERRORS.format("extError"), ROOTS)
    for code in ("E1", "other", "", None):
        s.start("extError")
        _fetch(s, "extError")
        s.post("/external-task/{x}/bpmnError", {"workerId": "v", "errorCode": "E1"})
        s.post("/external-task/{x}/bpmnError", {"workerId": "w", "errorCode": code, "errorMessage": "m", "variables": typed({"v": 1})})
        s.state()
        s.get("/history/activity-instance?processInstanceId={pi}", fields={"activityId", "canceled", "completeScope"})
        s.delete("/process-instance/{pi}?failIfNotExists=false", silent=True)


def task_errors(s):
    """Of user tasks; workers cannot throw escalations in Camunda 7."""
    body = ERRORS.format("x").replace('<serviceTask id="work" camunda:type="external" camunda:topic="x"/>', '<userTask id="work"/>')
    s.deploy("taskError", body, ROOTS)
    for code in ("E1", "other", "", None):
        s.start("taskError")
        s.task()
        s.post("/task/{task}/bpmnError", {"errorCode": code, "errorMessage": "m", "variables": typed({"v": 1})})
        s.state()
        s.delete("/process-instance/{pi}?failIfNotExists=false", silent=True)
    for code in ("C1", "other", "", None):
        s.start("taskError")
        s.task()
        s.post("/task/{task}/bpmnEscalation", {"escalationCode": code, "variables": typed({"v": 1})})
        s.state()
    s.post("/task/nothing/bpmnError", {"errorCode": "E1"})
    s.post("/task/nothing/bpmnEscalation", {"escalationCode": "E1"})
    s.post("/external-task/nothing/bpmnError", {"workerId": "w", "errorCode": "E1"})


def conditions(s):
    """camunda:errorEventDefinition of an external task."""
    inner = '<extensionElements><camunda:errorEventDefinition id="d" errorRef="E1" expression="${externalTask.getErrorDetails() == \'bad\'}"/><camunda:errorEventDefinition id="d2" errorRef="E1" expression="${stop}"/></extensionElements>'
    s.deploy("extCondition", WORK.format("extCondition", "", inner).replace("<userTask", '<boundaryEvent id="b" attachedToRef="work"><errorEventDefinition errorRef="E1"/></boundaryEvent><userTask id="caught"/><userTask').replace("after > e ->", "after > e, b > caught > e ->"), ROOTS)
    for body, kind in (({"errorDetails": "bad", "errorMessage": "m", "retries": 3}, "failure"), ({"errorDetails": "good", "errorMessage": "m", "retries": 3, "variables": typed({"stop": False})}, "failure"),
                       ({"variables": typed({"stop": True})}, "complete"), ({}, "complete"), ({"variables": typed({"stop": False})}, "complete")):
        s.start("extCondition")
        _fetch(s, "extCondition")
        s.post(f"/external-task/{{x}}/{kind}", {"workerId": "w"} | body)
        s.state()
        s.delete("/process-instance/{pi}?failIfNotExists=false", silent=True)
