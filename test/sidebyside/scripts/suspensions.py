"""Suspended definitions, instances and jobs."""
from play import typed

BODY = """<startEvent id="s"/><parallelGateway id="f"/><userTask id="t"/><serviceTask id="x" camunda:type="external" camunda:topic="suspend"/><userTask id="later" camunda:asyncBefore="true"/>
<intermediateCatchEvent id="timer"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent><intermediateCatchEvent id="signal"><signalEventDefinition signalRef="sig"/></intermediateCatchEvent>
<endEvent id="e"/><- s > f > t > e, f > x > e, f > later > e, f > timer > e, f > signal > e ->"""
SIGNAL = '<signal id="sig" name="suspendSignal"/>'


def _all(s):
    """Everything that may be refused, and the state."""
    s.post("/task/{task}/claim", {"userId": "kim"})
    s.post("/task/{task}/assignee", {"userId": "lee"})
    s.put("/task/{task}/variables/v", {"value": 1})
    s.put("/process-instance/{pi}/variables/v", {"value": 1})
    s.post("/external-task/fetchAndLock", {"workerId": "w", "maxTasks": 9, "topics": [{"topicName": "suspend", "lockDuration": 60000}]}, fields={"activityId", "suspended"})
    s.post("/external-task/{x}/complete", {"workerId": "w"})
    s.post("/external-task/{x}/failure", {"workerId": "w", "retries": 1, "retryTimeout": 0})
    s.put("/external-task/{x}/retries", {"retries": 4})
    s.post("/external-task/{x}/unlock", {})
    s.post("/job/{job}/execute", {})
    s.put("/job/{job}/retries", {"retries": 2})
    s.post("/signal", {"name": "suspendSignal"})
    s.post("/process-instance/{pi}/modification", {"instructions": [{"type": "startBeforeActivity", "activityId": "t"}]})
    s.post("/task/{task}/complete", {})
    s.state()
    s.get("/external-task?processInstanceId={pi}", fields={"suspended", "retries", "workerId"})


def _start(s):
    s.start("suspended", "pi", {"v": 0})
    s.task()
    s.get("/external-task?processInstanceId={pi}", keep={"x": "0/id"}, fields={"suspended"})
    s.get("/job?processInstanceId={pi}&messages=true", keep={"job": "0/id"}, fields={"suspended"})
    s.get("/job?processInstanceId={pi}&timers=true", keep={"timer": "0/id"}, fields={"suspended"})


def instances(s):
    s.deploy("suspended", BODY, SIGNAL)
    _start(s)
    s.put("/process-instance/{pi}/suspended", {"suspended": True})
    s.put("/process-instance/{pi}/suspended", {"suspended": True})
    s.get("/process-instance/{pi}", fields={"suspended"})
    s.get("/history/process-instance/{pi}", fields={"state"})
    s.get("/task/count?processInstanceId={pi}&suspended=true")
    s.get("/task/count?processInstanceId={pi}&active=true")
    s.get("/job/count?processInstanceId={pi}&suspended=true")
    s.get("/process-instance/count?processDefinitionKey=suspended&active=true")
    s.get("/external-task/count?processInstanceId={pi}&active=true")
    _all(s)
    s.put("/process-instance/{pi}/suspended", {"suspended": False})
    s.get("/history/process-instance/{pi}", fields={"state"})
    _all(s)
    s.put("/process-instance/nothing/suspended", {"suspended": True})
    s.put("/process-instance/{pi}/suspended", {})
    s.put("/process-instance/suspended", {"suspended": True, "processDefinitionKey": "suspended"})
    s.get("/process-instance/count?processDefinitionKey=suspended&suspended=true")
    s.put("/process-instance/suspended", {"suspended": False, "processDefinitionId": "{suspended}"})
    s.put("/process-instance/suspended", {"suspended": True})
    s.put("/process-instance/suspended", {"suspended": True, "processInstanceIds": ["{pi}"]})
    s.get("/process-instance/{pi}", fields={"suspended"})
    s.delete("/process-instance/{pi}?skipCustomListeners=true")


def definitions(s):
    s.deploy("suspended", BODY, SIGNAL)
    _start(s)
    s.put("/process-definition/{suspended}/suspended", {"suspended": True})
    s.get("/process-definition/{suspended}", fields={"suspended", "key"})
    s.get("/process-instance/{pi}", fields={"suspended"})
    s.post("/process-definition/key/suspended/start", {})
    s.post("/process-definition/{suspended}/start", {})
    _all(s)
    s.put("/process-definition/key/suspended/suspended", {"suspended": False, "includeProcessInstances": True})
    _start(s)
    s.put("/process-definition/key/suspended/suspended", {"suspended": True, "includeProcessInstances": True})
    s.get("/process-instance/{pi}", fields={"suspended"})
    s.get("/process-definition/count?key=suspended&suspended=true")
    s.get("/process-definition/count?key=suspended&active=true")
    _all(s)
    s.put("/process-definition/suspended", {"suspended": False, "processDefinitionKey": "suspended", "includeProcessInstances": True})
    s.get("/process-instance/{pi}", fields={"suspended"})
    s.put("/process-definition/suspended", {"suspended": False})
    s.put("/process-definition/nothing/suspended", {"suspended": True})
    s.put("/process-definition/key/nothing/suspended", {"suspended": True})


def jobs(s):
    s.deploy("suspended", BODY, SIGNAL)
    _start(s)
    s.put("/job/{job}/suspended", {"suspended": True})
    s.get("/job/{job}", fields={"suspended", "retries"})
    s.post("/job/{job}/execute", {})
    s.put("/job/{job}/suspended", {"suspended": False})
    s.put("/job/suspended", {"suspended": True, "processInstanceId": "{pi}"})
    s.get("/job/count?processInstanceId={pi}&suspended=true")
    s.put("/job/suspended", {"suspended": False, "processInstanceId": "{pi}"})
    s.put("/job/{timer}/duedate", {"duedate": "2035-01-01T00:00:00.000+0000"})
    s.get("/job/{timer}", fields={"suspended", "retries", "dueDate"})
    s.put("/job/{timer}/retries", {"retries": 5})
    s.get("/job/{timer}", fields={"suspended", "retries"})
    s.put("/job/{timer}/priority", {"priority": 8})
    s.get("/job/{timer}", fields={"priority"})
    s.put("/job/{timer}/retries", {"retries": 0})
    s.state()
    s.put("/job/{timer}/retries", {"retries": 1})
    s.state()
    s.post("/job/{timer}/execute", {})
    s.state()
    s.delete("/job/{job}")
    s.state()
    s.get("/job/nothing")
    s.put("/job/nothing/suspended", {"suspended": True})
    s.put("/job/nothing/duedate", {"duedate": None})
    s.put("/job/{job}/retries", {"retries": -1})


def sub_processes(s):
    """A called instance is not suspended with its caller."""
    s.deploy("suspendedCalled", '<startEvent id="s"/><userTask id="t"/><endEvent id="e"/><- s > t > e ->')
    s.deploy("suspendedCaller", '<startEvent id="s"/><callActivity id="c" calledElement="suspendedCalled"/><userTask id="after"/><endEvent id="e"/><- s > c > after > e ->')
    s.start("suspendedCaller")
    s.get("/process-instance?superProcessInstance={pi}", keep={"inner": "0/id"}, fields={"suspended"})
    s.put("/process-instance/{pi}/suspended", {"suspended": True})
    s.get("/process-instance/{inner}", fields={"suspended"})
    s.task(instance="inner")
    s.complete(typed({}))
    s.state()
    s.state("inner")
    s.put("/process-instance/{pi}/suspended", {"suspended": False})
    s.complete()
    s.state()
